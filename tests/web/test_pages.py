from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest
from playwright.async_api import expect

from tests.programs.conftest import Program
from tests.web.conftest import DESKTOP, PHONE, log_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.async_api import Page, ViewportSize

    from tests.web.conftest import OpenPage, Site

WEB: Final = Path(__file__).parents[2] / "web"

CAR: Final = "/cars/CAR1"

ADDRESSES: Final = (
    CAR,
    f"{CAR}/map",
    f"{CAR}/journeys",
    f"{CAR}/journeys/sums",
    f"{CAR}/journeys/battery",
    f"{CAR}/journeys/places",
    f"{CAR}/charts",
    f"{CAR}/alerts",
    f"{CAR}/alerts?cars=all",
    f"{CAR}/controls",
    f"{CAR}/controls/shell",
    f"{CAR}/records",
    f"{CAR}/records?view=data-use",
    f"{CAR}/settings",
    "/cars",
    "/cars/add-other",
    "/setup",
    "/account",
    "/admin",
    "/more",
    "/nothing",
)
"""A page each; those that nobody sees who is logged in have tests of their own."""

OF_STRANGERS: Final = ("/login", "/register", "/reset", "/email", "/live/none")
"""Pages for those who are not logged in."""

OTHERS: Final = {"/", "/first-run", "/demo", "/live"}
"""Addresses that lead to another page at once, or that others' tests open."""

AXE: Final = """axe.run({resultTypes: ["violations"]}).then(({violations}) => violations.map(
    ({id, nodes}) => `${id}: ${nodes.map(({target, any, all, none}) =>
        `${target} ${[...any, ...all, ...none].map(({message}) => message)}`)}`))"""


async def test_each_route_is_looked_at() -> None:
    """The addresses of this file are those of the app's own table."""
    source = (WEB / "src" / "routes.tsx").read_text("utf-8")
    table = re.search(r"CAR_PAGES.*?\n};", source, re.S)
    assert table is not None
    of_car = re.findall(r'^  "?([\w-]+)(?:/\*)?"?: <', table[0], re.M)
    assert len(of_car) >= 7
    others = [each.split("/*")[0] for each in re.findall(r'<Route path="(/[^"]*)"', source)]
    known = {each.split("?")[0] for each in ADDRESSES} | OTHERS | {*OF_STRANGERS}
    wanted = {f"{CAR}/{each}" for each in of_car}
    wanted |= {re.sub(r"/:.*", "", each) or "/" for each in others if each != "*"}
    assert wanted <= known


@pytest.fixture(scope="module")
def car(site: Site) -> Iterator[Program]:
    """Run a car for CAR1, so that its pages have something to show."""
    program = Program("car", *site.link("CAR1"), "--seed", "1")
    program.wait_for("connected")
    yield program
    program.kill()


@pytest.mark.parametrize(
    ("size", "scheme", "locale"),
    [(PHONE, "dark", "de-DE"), (DESKTOP, "light", "en-GB")],
    ids=["phone", "desktop"],
)
@pytest.mark.usefixtures("car")
async def test_pages(
    open_page: OpenPage, size: ViewportSize, scheme: Literal["dark", "light"], locale: str
) -> None:
    """Each page has a title and a heading, axe finds nothing in it, and back leads back."""
    options: dict[str, Any] = {"color_scheme": scheme, "reduced_motion": "reduce"}
    page = await open_page(size, **options)
    await page.goto("/more")
    await log_in(page)
    await page.evaluate("language => localStorage.setItem('ovms.language', language)", locale[:2])
    await page.reload()
    await page.evaluate((WEB / "node_modules/axe-core/axe.min.js").read_text("utf-8"))
    assert await faults_of(page, ADDRESSES) == {}
    await page.go_back()
    await expect(page).to_have_url(ADDRESSES[-2])


async def test_pages_of_strangers(open_page: OpenPage) -> None:
    """Axe finds nothing in the pages before the log-in."""
    page = await open_page(refused=(401, 403, 404), color_scheme="dark", reduced_motion="reduce")
    await page.goto("/login")
    await page.evaluate((WEB / "node_modules/axe-core/axe.min.js").read_text("utf-8"))
    assert await faults_of(page, OF_STRANGERS) == {}


async def faults_of(page: Page, addresses: tuple[str, ...]) -> dict[str, list[str]]:
    """Open each page, and return what is wrong with it."""
    faults = {}
    for address in addresses:
        await open_address(page, address)
        found = await page.evaluate(AXE)
        if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("wider than the screen")
        if found:
            faults[address] = found
    return faults


async def open_address(page: Page, address: str) -> None:
    """Open a page as a link of the app would, and wait until it shows what it has."""
    await page.evaluate(
        """address => {
            const isOther = new URL(address, location.origin).pathname !== location.pathname;
            if (isOther) document.title = "";
            history.pushState(null, "", address);
            dispatchEvent(new PopStateEvent("popstate", {state: null}));
        }""",
        address,
    )
    await expect(page).to_have_title(re.compile(r"\S · OVMS$"))
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)


async def test_the_keyboard(open_page: OpenPage) -> None:
    """The first stop of the keyboard leads to the content, and each stop on the way can be seen."""
    page = await open_page(DESKTOP)
    await page.goto("/more")
    await log_in(page)
    await page.reload()
    await page.get_by_role("heading", level=1).wait_for()
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Go to the content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()
    await page.keyboard.press("Tab")
    inside = "document.querySelector('main').contains(document.activeElement)"
    assert await page.evaluate(inside)
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert await page.evaluate(outline) != "none"


async def test_the_language(open_page: OpenPage) -> None:
    """Another language is there at once, stays after a reload, and is told to screen readers."""
    page = await open_page()
    await page.goto("/more")
    await log_in(page)
    await page.get_by_label("Language").select_option("de")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Mehr")
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Mehr")
    await expect(page.locator("html")).to_have_attribute("lang", "de")


async def test_it_can_be_installed(open_page: OpenPage) -> None:
    """Chromium finds nothing that keeps the app from being installed."""
    page = await open_page(service_workers="allow")
    await page.goto("/login")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    devtools = await page.context.new_cdp_session(page)
    manifest = await devtools.send("Page.getAppManifest")
    assert manifest["errors"] == []
    found = await devtools.send("Page.getInstallabilityErrors")
    errors = [each["errorId"] for each in found["installabilityErrors"]]
    assert [each for each in errors if each != "in-incognito"] == []


async def test_a_push(open_page: OpenPage, site: Site) -> None:
    """What the server pushes is shown as a notification that leads to the car's alerts."""
    page = await open_page(service_workers="allow", permissions=["notifications"])
    await page.goto("/login")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    devtools = await page.context.new_cdp_session(page)
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def note(event: dict[str, Any]) -> None:
        for each in event["registrations"]:
            if not found.done() and each["scopeURL"] == f"{site.url}/":
                found.set_result(each["registrationId"])

    devtools.on("ServiceWorker.workerRegistrationUpdated", note)
    await devtools.send("ServiceWorker.enable")
    said = {"id": "ovms-7", "title": "OVMS CAR1", "text": "12 V low", "url": "/cars/CAR1/alerts"}
    push = {"origin": site.url, "registrationId": await found, "data": json.dumps(said)}
    await devtools.send("ServiceWorker.deliverPushMessage", push)
    shown = await page.wait_for_function(
        """() => navigator.serviceWorker.ready.then((worker) => worker.getNotifications()).then(
            ([shown]) => shown && [shown.title, shown.body, shown.tag, shown.data])"""
    )
    assert await shown.json_value() == ["OVMS CAR1", "12 V low", "ovms-7", "/cars/CAR1/alerts"]
