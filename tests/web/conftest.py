"""The web app in Debian's Chromium, against the real server. Tests here share one browser.

They run on one loop for all of them, because the browser lives on it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    ViewportSize,
    async_playwright,
    expect,
)

from ovms.server.http.web_files import FOLDER
from tests.programs.conftest import Program, Server, run_ovms

OWNER: Final = "tester"
PASSWORD: Final = "right"

PHONE: Final[ViewportSize] = {"width": 360, "height": 740}
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 800}

OPTIONS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PAGE_TIMEOUT: Final = 60_000
"""Milliseconds that a page has for what is expected of it; a slow machine is no failure."""

FORESEEN: Final = ("blocked by Playwright", "net::ERR_INTERNET_DISCONNECTED", "GL Driver Message")
"""What consoles say because a test keeps the service worker out, cuts the line, or has no GPU."""

HERE: Final = re.compile("online|asleep")
"""What a page says of a parked car that is connected."""

OpenPage = Callable[..., Coroutine[Any, Any, Page]]
"""Opens a page: of a size, and with further options of a context of Playwright's."""

RunCar = Callable[..., Program]
"""Starts a car by options of `ovms car`, and waits until it is connected."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the tests of this folder run on the browser's loop."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Start the system's Chromium."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not on this machine")
    if not (FOLDER / "index.html").exists():
        pytest.skip("the web app is not built: make web")
    expect.set_options(timeout=PAGE_TIMEOUT)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=program, args=[*OPTIONS])
        yield started
        await started.close()


class Site(Server):
    """An `ovms serve` whose owner `tester` has a password; CAR1 and CAR2 are theirs.

    Tests that share a server have CAR1 call and report; CAR2 never does.
    """

    def __init__(self, start: Callable[..., Program], data: Path) -> None:
        super().__init__(start, data, ("CAR1", "CAR2"))
        self.ovms("owner", "passwd", OWNER, "--password", PASSWORD)

    def ovms(self, *arguments: str) -> None:
        """Have its operator run a command."""
        done = run_ovms(*arguments, "--data", str(self.data))
        assert done.returncode == 0, done.stderr

    def add_owner(self, name: str, *options: str) -> None:
        """Make another owner, who has the same password."""
        self.ovms("owner", "add", name, "--password", PASSWORD, *options)

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.http_port}"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run a server for all tests that leave it as it was."""
    programs: list[Program] = []

    def start(*arguments: str) -> Program:
        programs.append(Program(*arguments))
        return programs[-1]

    yield Site(start, tmp_path_factory.mktemp("site"))
    for program in programs:
        program.kill()


@pytest.fixture
def run_car(site: Site, tmp_path: Path) -> Iterator[RunCar]:
    """Return what starts a simulated CAR1, parked unless told otherwise; it ends with the test."""
    cars: list[Program] = []

    def run(*options: str) -> Program:
        words = ("car", *site.link(), "--seed", "1", *(options or ("--scenario", "parked")))
        cars.append(Program(*words, env={"OVMS_CAR_STATE": str(tmp_path / "state")}))
        cars[-1].wait_for(r"connected .*vehicle=CAR1")
        return cars[-1]

    yield run
    for car in cars:
        car.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, site: Site) -> AsyncIterator[OpenPage]:
    """Return what opens pages, each of a browser of its own; none may have an error at the end.

    ``refused`` are statuses of calls that the test has refused, and ``foreseen`` parts of other
    lines that the console notes. The service worker stays out unless the options say
    ``service_workers="allow"``.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    async def open_one(
        size: ViewportSize = PHONE,
        refused: tuple[int, ...] = (),
        foreseen: tuple[str, ...] = (),
        **options: Any,
    ) -> Page:
        given = {"service_workers": "block", "locale": "en-GB", "base_url": site.url, **options}
        context = await browser.new_context(viewport=size, **given)
        context.set_default_timeout(PAGE_TIMEOUT)
        contexts.append(context)
        page = await context.new_page()

        def note_error(error: Error) -> None:
            if not any(map(str(error).count, foreseen)):
                faults.append(str(error))

        page.on("pageerror", note_error)
        known = [*FORESEEN, *foreseen, *(f"status of {status} " for status in refused)]

        def note(said: ConsoleMessage) -> None:
            if said.type in ("error", "warning") and not any(map(said.text.count, known)):
                faults.append(said.text)

        page.on("console", note)
        return page

    yield open_one
    for context in contexts:
        await context.close()
    assert faults == []


async def log_in(page: Page, owner: str = OWNER, password: str = PASSWORD) -> None:
    """Log in on a page that shows the log-in, and wait for what comes behind it."""
    await page.get_by_label("Name").fill(owner)
    await page.get_by_label("Password", exact=False).first.fill(password)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await page.get_by_role("navigation", name="Pages").wait_for()


async def enter(page: Page, address: str, owner: str = OWNER, password: str = PASSWORD) -> None:
    """Open an address of somebody who is logged in already, without the page that logs in."""
    login = {"name": owner, "password": password}
    answer = await page.request.post("/api/v1/session", data=login)
    assert answer.ok, await answer.text()
    await page.goto(address)
    await page.get_by_role("navigation", name="Pages").wait_for()


def presence(page: Page, words: str | re.Pattern[str]) -> Locator:
    """Return the line that says whether page, server and car are there, if it says these words."""
    return page.get_by_role("main").get_by_role("status").filter(has_text=words)
