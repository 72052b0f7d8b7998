#!/usr/bin/env python3
"""Take pictures of the pages of the web app, by Debian's Chromium, of a server with living cars.

    python scripts/screenshots.py                  the gallery: docs/pictures
    python scripts/screenshots.py --all FOLDER     every page: phone, desktop, light and dark
    python scripts/screenshots.py --states FOLDER  pages of a new owner, of a car that is new, away
                                                   or sealed, that wait, that fail, without a server

``--only WORD,WORD`` takes only pages whose names have one of the words, ``--language de`` the other
language. The pages are in ``screenshots.toml``, and must be built (``make web``). The server is the
demo: its cars come from seeds, its days are the last ones.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize, sync_playwright

from ovms.car.vehicles.sim.scenarios.week import WEEK
from ovms.cli.database import open_database
from ovms.cli.demo.cars import DemoCar
from ovms.cli.demo.past import live
from ovms.cli.demo.vehicles import OWNER, SECRET

ROOT: Final = Path(__file__).resolve().parent.parent
GALLERY: Final = ROOT / "docs" / "pictures"
PAGES: Final[dict[str, Any]] = tomllib.loads((ROOT / "scripts/screenshots.toml").read_text("utf-8"))

Addresses = Mapping[str, str]
"""Pages by their names."""


class View(NamedTuple):
    """How a page is looked at."""

    name: str
    size: ViewportSize
    scheme: Literal["light", "dark"]


PHONE: Final[ViewportSize] = {"width": 360, "height": 740}
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 800}
VIEWS: Final = (
    View("phone-light", PHONE, "light"),
    View("phone-dark", PHONE, "dark"),
    View("desktop-light", DESKTOP, "light"),
    View("desktop-dark", DESKTOP, "dark"),
)
SHOWN: Final = (VIEWS[0], VIEWS[-1])
"""What the gallery has of a page: two of the four say how it looks in the others."""

LOCALES: Final = {"en": "en-IE", "de": "de-DE"}
"""Irish English, which has kilometres."""

QUALITY: Final = 75
"""Of the WebP pictures of the gallery, whose bytes each clone of the repository pays."""

PATIENCE: Final = 60_000
"""Milliseconds that a page has."""

SETTLED: Final = 700
"""Milliseconds in which what moved has come to rest, and a map is drawn."""

TALLEST: Final = 3000
"""Pixels of a page at most."""

OTHER: Final = "other"
EMPTY: Final = "empty"
"""Owners beside the demo's: one of the cars below, and one of none."""

NEW_CAR: Final = "NEWCAR"
SEALED: Final = "SEALED"
SEALING: Final = "only the owner knows"
AWAY: Final = DemoCar("AWAY", "Weekend car", WEEK, 11)
AWAY_FOR: Final = 26 * 3600.0
"""Seconds since it was heard."""

PORTS: Final = tuple(f"--{name}=0" for name in ("port", "tls-port", "http-port"))


@dataclass
class World:
    """A server, what in its addresses only it knows, and the program."""

    url: str
    words: dict[str, str]
    program: subprocess.Popen[str]


@dataclass
class Programs:
    """Programs that end with this one."""

    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *arguments: str, until: str) -> tuple[subprocess.Popen[str], str]:
        """Start an ``ovms``; the program, and the line that was waited for. Raise if it ends."""
        program = subprocess.Popen(  # noqa: S603 (our own arguments)
            [sys.executable, "-m", "ovms", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        self.started.append(program)
        assert program.stdout is not None
        for line in program.stdout:
            if re.search(until, line):
                return program, line
        raise SystemExit(f"screenshots: ovms {arguments[0]} ended")

    def end(self) -> None:
        """End all of them."""
        for program in self.started:
            program.terminate()
        for program in self.started:
            program.wait()


def ovms(*arguments: str, data: str) -> None:
    """Run a command on a data folder."""
    program = [sys.executable, "-m", "ovms", *arguments, "--data", data]
    subprocess.run(program, check=True, capture_output=True)  # noqa: S603 (our own arguments)


@contextmanager
def world() -> Iterator[World]:
    """Run the server and its cars."""
    programs = Programs()
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/demo"
        try:
            make_others(data)
            program, _ = programs.start("demo", "--data", data, *PORTS, until="demo ready")
            ovms("owner", "set", OWNER, "--admin", "--email", "demo@example.org", data=data)
            ports = json.loads(Path(data, "ready.json").read_text("utf-8"))
            seals = ("--paranoid", SEALING, "--seed", "12", "--scenario", "parked")
            link = ("--server", f"127.0.0.1:{ports['mp']}", "--vehicle", SEALED, "--secret", SECRET)
            programs.start("car", *link, *seals, until="connected")
            new = ("serve", "--data", f"{folder}/new", *PORTS, "--https-port=0")
            _, line = programs.start(*new, until="first-run#")
            first_run = re.sub(r"^.*?(https?://\S+).*$", r"\1", line.strip())
            yield World(f"http://127.0.0.1:{ports['http']}", {"first_run": first_run}, program)
        finally:
            programs.end()


def make_others(data: str) -> None:
    """Make the owners and cars that the demo has not; one has a past, and is away since."""
    for owner in (OTHER, EMPTY):
        ovms("owner", "add", owner, "--password", SECRET, data=data)
    for car in (AWAY.id, SEALED, NEW_CAR):
        ovms("vehicle", "add", car, "--owner", OTHER, "--secret", SECRET, data=data)
    with open_database(Path(data), None, None) as db:
        asyncio.run(db.apply(live(AWAY, time.time() - AWAY_FOR)))


@dataclass(frozen=True, slots=True)
class Camera:
    """Opens pages and takes their pictures."""

    browser: Browser
    world: World
    language: str
    is_wanted: Callable[[str], bool]

    def take(
        self,
        folder: Path,
        pages: Addresses,
        owner: str | None,
        views: Sequence[View] = VIEWS,
        *,
        before: Callable[[Page], object] = lambda _: None,
        is_ready: bool = True,
        suffix: Literal[".png", ".webp"] = ".png",
    ) -> None:
        """Take pictures of pages as an owner sees them; ``before`` does what must be first.

        PNGs have whole pages, WebPs what a screen shows.
        """
        folder.mkdir(parents=True, exist_ok=True)
        wanted = {name: address for name, address in pages.items() if self.is_wanted(name)}
        for view in views if wanted else ():
            with self.opened(view, owner) as context:
                page = context.new_page()
                before(page)
                for name, address in wanted.items():
                    page.goto(address.format(**self.world.words))
                    if is_ready:
                        wait(page)
                    page.wait_for_timeout(SETTLED)
                    save(page, folder / f"{name}.{view.name}{suffix}")
                page.unroute_all(behavior="ignoreErrors")

    def take_states(self, folder: Path) -> None:
        """Take pages that have nothing, are old or sealed, wait, fail, or have no server."""
        everything = {**of_car("DEMO3"), **PAGES["areas"]}
        self.take(folder / "empty", PAGES["areas"], EMPTY, SHOWN)
        self.take(folder / "new", of_car(NEW_CAR), OTHER, SHOWN)
        self.take(folder / "sealed", of_car(SEALED), OTHER, SHOWN)
        self.take(folder / "away", of_car(AWAY.id), OTHER, SHOWN)
        self.take(folder / "loading", everything, OWNER, SHOWN, before=hold, is_ready=False)
        self.take(folder / "error", everything, OWNER, SHOWN, before=fail)
        self.take_without_server(folder / "no-server")

    def take_without_server(self, folder: Path) -> None:
        """Take pages that were open when the server went away. It does not come back."""
        folder.mkdir(parents=True, exist_ok=True)
        pages = {name: page for name, page in of_car("DEMO").items() if self.is_wanted(name)}
        with self.opened(SHOWN[0], OWNER) as phone, self.opened(SHOWN[1], OWNER) as desktop:
            taken = []
            for view, context in zip(SHOWN, (phone, desktop), strict=True):
                for name, address in pages.items():
                    page = context.new_page()
                    page.goto(address)
                    wait(page)
                    taken.append((page, folder / f"{name}.{view.name}.png"))
            self.world.program.terminate()
            self.world.program.wait()
            for page, path in taken:
                page.bring_to_front()
                page.wait_for_timeout(SETTLED)
                save(page, path)

    @contextmanager
    def opened(self, view: View, owner: str | None) -> Iterator[BrowserContext]:
        """Open a browser with the size, the colours, the language and the log-in."""
        context = self.browser.new_context(
            base_url=self.world.url, viewport=view.size, color_scheme=view.scheme,
            locale=LOCALES[self.language], timezone_id="Europe/Berlin", reduced_motion="reduce",
            service_workers="block", device_scale_factor=2 if view.size is PHONE else 1,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        if owner is not None:
            log_in(context, owner)
        yield context
        context.close()

    def learn(self) -> None:
        """Ask the server for what stands in braces: some journeys, and a link to a position."""
        with self.opened(VIEWS[0], OWNER) as context:
            for kind in ("trip", "charge", "parked"):
                self.world.words[kind] = longest(context, kind)
            until = (datetime.now(UTC) + timedelta(hours=8)).isoformat()
            headers = {"origin": self.world.url}  # a session's changes come from the app's pages
            made = context.request.post(
                "/api/v1/vehicles/DEMO/links", data={"expires": until}, headers=headers
            )
            assert made.ok, made.text()
            self.world.words["live"] = "/live/" + made.json()["path"].rpartition("/")[2]


def longest(context: BrowserContext, kind: str) -> str:
    """Return the id of the longest of the last journeys of a kind, once the server has made it."""
    address = f"/api/v1/vehicles/DEMO3/journeys?limit=20&kind={kind}"
    for _ in range(PATIENCE // 1000):
        found = context.request.get(address).json()["items"]
        if found:
            return str(max(found, key=lambda each: float(each["duration"]))["id"])
        time.sleep(1)
    raise SystemExit(f"screenshots: the server made no journey: {kind}")


def of_car(car: str) -> Addresses:
    """Return the pages of a car."""
    return {name: address.format(car=car) for name, address in PAGES["car"].items()}


def log_in(context: BrowserContext, owner: str) -> None:
    """Log a browser in. All owners have the demo's password."""
    answer = context.request.post("/api/v1/session", data={"name": owner, "password": SECRET})
    assert answer.ok, answer.text()


def wait(page: Page) -> None:
    """Wait until a page shows what it has."""
    page.get_by_role("heading", level=1).first.wait_for(state="attached")
    page.wait_for_function("() => !document.querySelector('main [aria-busy=true]')")
    page.evaluate("document.fonts.ready.then(() => true)")


def scale_of(page: Page) -> float:
    """Return how many pixels of a picture one of the page has: as many as its screen has."""
    return float(page.evaluate("devicePixelRatio"))


def save(page: Page, path: Path) -> None:
    """Write a whole page as PNG, or what the screen shows as WebP."""
    if path.suffix == ".webp":
        devtools = page.context.new_cdp_session(page)
        view = {"x": 0, "y": 0, **(page.viewport_size or {}), "scale": scale_of(page)}
        wanted = {"format": "webp", "quality": QUALITY, "clip": view}
        path.write_bytes(base64.b64decode(devtools.send("Page.captureScreenshot", wanted)["data"]))
        devtools.detach()
        return
    size = page.viewport_size
    assert size is not None
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": min(height, TALLEST)})
    page.wait_for_timeout(SETTLED)
    page.screenshot(path=path, scale="css")
    page.set_viewport_size(size)


KEPT: Final = re.compile(r"/api/v1/(?:session|web|vehicles)(?:\?.*)?$")
"""Calls that are answered always: without them there is no page around what fails."""


def hold(page: Page) -> None:
    """Leave calls without an answer."""
    divert(page, lambda _: None)


def fail(page: Page) -> None:
    """Answer calls as a server that has a fault."""
    fault = {"error": {"code": "internal_error", "message": "internal error"}}
    divert(page, lambda route: route.fulfill(status=500, json=fault))


def divert(page: Page, act: Callable[[Route], object]) -> None:
    """Have calls of the API go another way, and sockets go nowhere."""

    def handle(route: Route) -> None:
        if KEPT.search(route.request.url):
            route.continue_()
        else:
            act(route)

    page.route("**/api/v1/**", handle)
    page.route_web_socket("**/*", lambda _: None)


def main() -> None:
    """Take what the arguments ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every page in all four views")
    parser.add_argument("--states", type=Path, metavar="FOLDER", help="pages as they rarely are")
    parser.add_argument("--only", default="", metavar="WORDS", help="pages with these in the name")
    parser.add_argument("--language", default="en", choices=LOCALES)
    given = parser.parse_args()
    words = given.only.split(",")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends the programs, too
    with world() as shown, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        camera = Camera(browser, shown, given.language, lambda name: any(map(name.count, words)))
        camera.learn()
        for area, owner in (("owner", OWNER), ("everybody", None)):
            if given.all:
                camera.take(given.all, PAGES[area], owner)
            elif not given.states:
                pages = {
                    name: PAGES[area][name] for name in PAGES["gallery"] if name in PAGES[area]
                }
                camera.take(GALLERY, pages, owner, SHOWN, suffix=".webp")
        if given.states:
            camera.take_states(given.states)
        browser.close()


if __name__ == "__main__":
    main()
