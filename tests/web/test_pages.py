from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.programs.conftest import Program
from tests.web.addresses import CAR_PAGES, DIALOGS, ELSEWHERE, OF_STRANGERS, ROUTES, addresses
from tests.web.conftest import DESKTOP, PHONE, Site, log_in
from tests.web.filled import fill
from tests.web.test_other_server import add

if TYPE_CHECKING:
    from playwright.async_api import Page, ViewportSize

    from tests.web.conftest import OpenPage

Scheme = Literal["dark", "light"]

WEB: Final = Path(__file__).parents[2] / "web"

PARTS: Final = 2

LAPTOP: Final[ViewportSize] = {"width": 1000, "height": 800}
"""Wide, but without the car and its map beside the page, which cost more than the page."""

AXE: Final = """async ([part, rules]) => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame();
    await frame();
    const options = {resultTypes: ["violations"], preload: false, elementRef: false};
    if (rules.length) options.runOnly = rules;
    const {violations} = await axe.run(document.querySelector(part), options);
    return violations.map(({id, nodes}) => `${id}: ${nodes.map(({target, any, all, none}) =>
        `${target} ${[...any, ...all, ...none].map(({message}) => message)}`)}`);
}"""
"""What is wrong for those who see, hear or move otherwise, once a change of size is through."""

OF_SIZE: Final = ["color-contrast", "scrollable-region-focusable"]
"""The rules of which the outcome is another one in another scheme and size."""

TOO_WIDE: Final = """() => {
    const more = document.documentElement.scrollWidth - innerWidth;
    const dialogs = [...document.querySelectorAll("[role=dialog]")];
    return [
        ...(more > 0 ? [`${more} px wider than the screen`] : []),
        ...dialogs.filter((each) => each.scrollWidth > each.clientWidth)
            .map((each) => `a dialog is ${each.scrollWidth - each.clientWidth} px too narrow`),
    ];
}"""

READ_OUT: Final = """() => [...document.querySelectorAll("[role=alert]")]
    .map((each) => `an alert where nothing has failed: ${each.textContent}`)"""

LARGE: Final = "size => { document.documentElement.style.fontSize = size; }"

IS_DIALOG: Final = re.compile(r"dialog=|/(add-other|add|edit|split|merge|remove)$|/places/")


class Filled(NamedTuple):
    """A server with something to show, and the ids of it by the names of the addresses."""

    site: Site
    ids: dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Filled]:
    """Run a server that each page has something of to show, and a car for CAR1."""
    programs: list[Program] = []

    def start(*arguments: str) -> Program:
        programs.append(Program(*arguments))
        return programs[-1]

    site = Site(start, tmp_path_factory.mktemp("filled"))
    ids = await fill(site.data, int(time.time()))
    start("car", *site.link("CAR1"), "--seed", "1").wait_for("connected")
    yield Filled(site, ids)
    for program in programs:
        program.kill()


async def test_each_route_is_looked_at() -> None:
    """The tables of addresses have each route and dialog of the sources."""
    found: dict[str, set[str]] = {}
    for path in sorted((WEB / "src").rglob("*.tsx")):
        source = "" if ".test." in path.name else path.read_text("utf-8")
        routes = re.findall(r'<Route\s[^<]*?\bpath=(?:"([^"]*)"|\{`([^`]*)`\})', source)
        if routes:
            found[str(path.relative_to(WEB / "src"))] = {one or other for one, other in routes}
    table = re.search(r"CAR_PAGES.*?\n};", (WEB / "src/routes.tsx").read_text("utf-8"), re.S)
    assert table is not None
    below = {"journeys/*", "controls/*", "settings/*"}
    assert set(re.findall(r'^  "?([\w-]+(?:/\*)?)"?: <', table[0], re.M)) == {*CAR_PAGES} | below
    found["routes.tsx"] -= {*OF_STRANGERS, *ELSEWHERE}
    assert found == {file: {*routes} for file, routes in ROUTES.items()}

    dialogs = (WEB / "src/components/useDialog.ts").read_text("utf-8")
    union = re.search(r"type DialogName =(.*?);", dialogs, re.S)
    assert union is not None
    assert {each.strip(' \n"`') for each in union[1].split("|")} - {""} == {*DIALOGS}


@pytest.mark.parametrize("part", range(PARTS))
async def test_pages(open_page: OpenPage, filled: Filled, part: int) -> None:
    """Axe finds nothing in any page or dialog; each fits the screen, also with large text.

    Escape closes a dialog, and the focus is in the page then. Back leads back.
    """
    page = await open_page(
        PHONE, base_url=filled.site.url, reduced_motion="reduce", refused=(404, 422)
    )
    await page.goto("/more")
    await log_in(page)
    await page.evaluate("localStorage.setItem('ovms.language', 'de')")  # its words are longer
    await page.reload()
    await page.evaluate((WEB / "node_modules/axe-core/axe.min.js").read_text("utf-8"))
    every = addresses(filled.ids)
    mine = every[len(every) * part // PARTS : len(every) * (part + 1) // PARTS]
    assert await faults_of(page, mine) == {}
    for address in ("/more", "/cars"):
        await open_address(page, address)
    await page.go_back()
    await expect(page).to_have_url("/more")


async def test_dialogs_without_an_address(open_page: OpenPage, filled: Filled) -> None:
    """Axe finds nothing in the dialogs that a table of addresses cannot open."""
    page = await open_page(PHONE, base_url=filled.site.url, reduced_motion="reduce")
    elsewhere = await add(page, filled.site)
    await page.evaluate((WEB / "node_modules/axe-core/axe.min.js").read_text("utf-8"))
    for address, names in (
        (elsewhere, ["Forget this car here"]),
        ("/setup/module/CAR2", ["In its shell", "As a QR code"]),
    ):
        await open_address(page, address)
        for name in names:
            await page.get_by_text(name, exact=True).click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert await page.evaluate(AXE, ["[role=dialog]", []]) == []
        await page.evaluate(LARGE, "200%")
        assert await page.evaluate(TOO_WIDE) == []
        await page.evaluate(LARGE, "")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_pages_of_strangers(open_page: OpenPage) -> None:
    """Axe finds nothing in the pages before the log-in."""
    page = await open_page(refused=(401, 403, 404), reduced_motion="reduce")
    await page.goto("/login")
    await page.evaluate((WEB / "node_modules/axe-core/axe.min.js").read_text("utf-8"))
    assert await faults_of(page, [*OF_STRANGERS.values()]) == {}


async def faults_of(page: Page, addresses: list[str]) -> dict[str, list[str]]:
    """Open each page, and return what is wrong with it, on a phone, a desktop, with large text.

    What takes time is opening and axe. So each page is opened once, on the phone, and the one look
    is dark and the other light, by turns. By turns, too, all rules are looked at on the phone or on
    the desktop; the other look is for what size and scheme change inside the frame of the app. A
    dialog is as wide on both, and only the scheme changes. Each eighth desktop has room for car and
    map beside the page.
    """
    faults: dict[str, list[str]] = {}
    for at, address in enumerate(addresses):
        is_dialog = IS_DIALOG.search(address) is not None
        schemes: tuple[Scheme, Scheme] = ("dark", "light") if at // 2 % 2 else ("light", "dark")
        found: list[str] = []
        desktop = DESKTOP if at % 8 == 1 else LAPTOP
        sizes = (PHONE, PHONE if is_dialog else desktop)
        for turn, (size, scheme) in enumerate(zip(sizes, schemes, strict=True)):
            await page.set_viewport_size(size)
            await page.emulate_media(color_scheme=scheme)
            if turn == 0:
                await open_address(page, address)
                found += await page.evaluate(READ_OUT)
            is_whole = turn == (0 if is_dialog else at % 2)
            part = "[role=dialog]" if is_dialog else "html" if is_whole else "main"
            seen = await page.evaluate(AXE, [part, [] if is_whole else OF_SIZE])
            seen += await page.evaluate(TOO_WIDE)
            found += [f"{size['width']} px, {scheme}: {each}" for each in seen]
            if turn == 0:
                await page.evaluate(LARGE, "200%")
                found += [f"large text: {each}" for each in await page.evaluate(TOO_WIDE)]
                await page.evaluate(LARGE, "")
        if is_dialog:
            await page.keyboard.press("Escape")
            await expect(page.get_by_role("dialog")).to_have_count(0)
            await expect(page.get_by_role("main")).to_be_focused()
        if found:
            faults[address] = found
    return faults


async def open_address(page: Page, address: str) -> None:
    """Open a page as a link of the app would, and wait until it shows what it has."""
    is_dialog = IS_DIALOG.search(address) is not None
    await page.evaluate(
        """([address, isDialog]) => {
            const isOther = new URL(address, location.origin).pathname !== location.pathname;
            if (isOther && !isDialog) document.title = "";
            history.pushState(null, "", address);
            dispatchEvent(new PopStateEvent("popstate", {state: null}));
        }""",
        [address, is_dialog],
    )
    await expect(page).to_have_title(re.compile(r"\S · OVMS$"))
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
    await expect(page.get_by_role("dialog")).to_have_count(int(is_dialog))


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


READ_AGES: Final = """() => new Promise((resolve) => {
    let seen = 0;
    const read = [];
    const isLive = (element) => {
        const region = element?.closest("[aria-live], [role=status], [role=alert], [role=log]");
        return region && region.getAttribute("aria-live") !== "off";
    };
    new MutationObserver((changes) => {
        for (const {target} of changes) {
            if (!/[0-9].s$/.test(target.textContent ?? "")) continue;
            seen += 1;
            if (isLive(target.parentElement)) read.push(target.textContent);
        }
        if (seen >= 6) resolve(read);
    }).observe(document.body, {characterData: true, childList: true, subtree: true});
})"""
"""The ages that a screen reader would read out, until six have counted on."""


async def test_ages_are_not_read_out(open_page: OpenPage, filled: Filled) -> None:
    """A screen reader does not hear each second's age."""
    page = await open_page(DESKTOP, base_url=filled.site.url)
    await page.goto("/cars/CAR1/map")
    await log_in(page)
    assert await page.evaluate(READ_AGES) == []


OPENERS: Final[tuple[tuple[str, Literal["button", "link"], str], ...]] = (
    ("/account/tokens", "button", "Make a token"),
    ("/cars/CAR1/journeys/places", "link", "Add a place"),
    ("/cars", "link", "Car on another server"),
)
"""Pages with what opens a dialog there: by its name, by an address below, by one beside."""


async def test_dialogs_by_keyboard(open_page: OpenPage) -> None:
    """A dialog is opened and closed by keyboard, keeps the focus, and gives it back."""
    page = await open_page()
    await page.goto("/more")
    await log_in(page)
    for address, role, name in OPENERS:
        await open_address(page, address)
        opener = page.get_by_role(role, name=name)
        await opener.press("Enter")
        dialog = page.get_by_role("dialog")
        for key in ("Tab", "Shift+Tab", "Shift+Tab"):
            await expect(dialog.locator(":focus")).to_have_count(1)
            await page.keyboard.press(key)
        await expect(dialog.locator(":focus")).to_have_count(1)
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(opener).to_be_focused()


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
    shown = await page.evaluate(
        """async () => {
            const worker = await navigator.serviceWorker.ready;
            for (;;) {
                const [shown] = await worker.getNotifications();
                if (shown) return [shown.title, shown.body, shown.tag, shown.data];
                await new Promise((then) => setTimeout(then, 20));
            }
        }"""
    )
    assert shown == ["OVMS CAR1", "12 V low", "ovms-7", "/cars/CAR1/alerts"]
