"""How fast the web app is in a browser: its first load cold and warm, and a car that talks much.

Run ``python benchmarks/web.py [seconds]`` with the pages built. Starts a server and Chromium, whose
processor is slowed down four times, and prints first paint, when the log-in can be used, and bytes
on the wire. Then a car reports ten times a second for so many seconds (60) while the pages of the
car are opened in turn and their buttons pressed: it prints how long input waits on each, and the
memory of scripts, at the first round and at the last. ``tests/web/test_long.py`` does the same for
an hour.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, CDPSession, Page, ViewportSize, async_playwright

from ovms.net.client import ClientConnection, connect
from ovms.protocol import Message, Role

SECRET: Final = "benchmark-secret"  # noqa: S105 (protects nothing)
OWNER: Final = "bench"
PHONE: Final[ViewportSize] = {"width": 390, "height": 780}
SLOWER: Final = 4
"""How many times slower than this machine the browser's processor is."""

REPORTS_A_SECOND: Final = 10
PRESSES: Final = 6
"""Presses on a page before the next one is opened."""

PRESS_EVERY: Final = 1.0
"""Seconds between two presses."""

LEAST_WAIT: Final = 16.0
"""Milliseconds of input that browsers call immediate, and do not report."""

WATCH: Final = f"""
window.waits = new Map();
new PerformanceObserver((list) => {{
  for (const {{ interactionId, duration }} of list.getEntries()) {{
    if (interactionId === 0) continue;
    waits.set(interactionId, Math.max(duration, waits.get(interactionId) ?? 0));
  }}
}}).observe({{ type: "event", durationThreshold: {LEAST_WAIT:.0f}, buffered: true }});
"""

TAKE: Final = "(() => { const all = [...waits.values()]; waits.clear(); return all; })()"


def ovms(*arguments: str) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "ovms", *arguments], check=True, capture_output=True)


@contextmanager
def server() -> Iterator[dict[str, Any]]:
    """Run a server with a vehicle CAR1; its ports."""
    with tempfile.TemporaryDirectory() as data:
        ovms("owner", "add", OWNER, "--password", SECRET, "--data", data)
        ovms("vehicle", "add", "CAR1", "--owner", OWNER, "--secret", SECRET, "--data", data)
        ports = [f"--{name}=0" for name in ("port", "tls-port", "http-port", "https-port")]
        program = subprocess.Popen(
            [sys.executable, "-m", "ovms", "serve", "--data", data, "--host", "127.0.0.1", *ports],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert program.stdout is not None
        for line in program.stdout:
            if line.startswith("ovms ready:"):
                break
        try:
            yield json.loads((Path(data) / "ready.json").read_text())
        finally:
            program.terminate()
            program.wait()


@asynccontextmanager
async def slowed(page: Page, slower: float = SLOWER) -> AsyncIterator[CDPSession]:
    """Slow a page down; what else can be asked of its browser."""
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    await session.send("Network.enable")
    try:
        yield session
    finally:
        await session.detach()


async def first_load(page: Page, url: str) -> tuple[float, float, float]:
    """Open the app; milliseconds until it paints and until one can type, kilobytes on the wire."""
    bytes_read = 0.0

    def note(event: dict[str, Any]) -> None:
        nonlocal bytes_read
        bytes_read += event["encodedDataLength"]

    async with slowed(page) as session:
        session.on("Network.loadingFinished", note)
        await page.goto(url)
        await page.get_by_label("Name").wait_for()
        usable = await page.evaluate("performance.now()")
        painted = await page.evaluate(
            "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        )
        await page.wait_for_load_state("networkidle")
    return painted, usable, bytes_read / 1000


async def log_in(page: Page, owner: str = OWNER, password: str = SECRET) -> None:
    """Log in on a page that shows the log-in, and open the car."""
    await page.get_by_label("Name").fill(owner)
    await page.get_by_label("Password").first.fill(password)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await page.get_by_role("navigation", name="Pages").wait_for()
    await page.goto("/cars/CAR1")


@asynccontextmanager
async def busy_car(
    port: int, secret: str, a_second: float = REPORTS_A_SECOND
) -> AsyncIterator[None]:
    """Have CAR1 drive and report so often, always something new, and answer what it is told."""
    car = await connect("127.0.0.1", port, Role.CAR, "CAR1", secret.encode(), timeout=60)
    tasks = [
        asyncio.create_task(report(car, a_second)),
        asyncio.create_task(answer(car)),
    ]
    try:
        yield
        assert not tasks[0].done(), "the car was cut off"
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await car.close()


async def report(car: ClientConnection, a_second: float) -> None:
    """Report all that a page shows, in turn; an alert each minute."""
    car.send(Message("F", b"3.3.004,VIN0123456789,22,1,SIM,,-1,-1,ovms"))
    car.send(Message("V", b"C1-7,C10-12,C15-26"))
    for number in count(1):
        km, share = number % 200, number % 100
        status = b"%d,K,220,16,charging,standard,%d,200,13,%d,180,31,16,5,-1,1,1,67,0"
        for message in (
            Message("S", status % (share, km, number)),
            Message("D", b"96,8,4,%d,10,10,%d,%d,50,%d,10,0,1,1,12.%d,0" % (
                number % 40, km, number, number, number % 10)),
            Message("L", b"48.%06d,11.652620,%d,482,1,1,%d" % (
                number * 20 % 1_000_000, number % 360, km)),
            Message("W", b"34.%d,10,36.7,10,35.0,10,36.8,10,1" % (number % 10)),
        ):  # fmt: skip
            car.send(message)
            await asyncio.sleep(1 / a_second)
        if number % (15 * REPORTS_A_SECOND) == 0:
            car.send(Message("P", b"AAlert %d" % number))


async def answer(car: ClientConnection) -> None:
    """Answer commands, with the page that a shell says."""
    async for message in car:
        if message.code == "C":
            number, _, said = message.data.partition(b",")
            text = b"".join(b",%s line %d\r" % (said, line) for line in range(40))
            car.send(Message("c", number + b",0" + (text if number == b"7" else b"")))


Press = Callable[[Page], Awaitable[None]]


def button(name: str) -> Press:
    """Return what presses a button whose name begins so."""
    return lambda page: page.get_by_role("button", name=name).first.click()


def radio(name: str) -> Press:
    """Return what chooses one of several."""
    return lambda page: page.locator("main label").get_by_text(name, exact=True).click()


async def close_dialog(page: Page) -> None:
    """Close the dialog that a press opens, by the keyboard."""
    await page.get_by_role("dialog").wait_for()
    await page.keyboard.press("Escape")
    await page.get_by_role("dialog").wait_for(state="hidden")


async def shell_line(page: Page) -> None:
    """Type a line for the module, and send it."""
    await page.get_by_role("textbox").first.press_sequentially("stat")
    await page.keyboard.press("Enter")


@dataclass(frozen=True)
class Place:
    """A page of the car: the links that lead to it, and what is pressed there in turn."""

    name: str
    links: tuple[str, ...]
    presses: tuple[Press, ...] = ()


PLACES: Final = (
    Place(
        "car", ("Car",), (button("Driving"), button("Tyres"), button("How it looks"), close_dialog)
    ),
    Place(
        "map", ("Map",), (button("Follow"), button("Zoom in"), button("Turn"), button("Zoom out"))
    ),
    Place("charts", ("More", "Charts"), (radio("6 h"), radio("Day"), button("Zoom in"))),
    Place("controls", ("More", "Controls"), (button("Restart"), close_dialog)),
    Place("shell", ("More", "Controls", "Shell"), (shell_line,)),
    Place("alerts", ("Alerts",)),
    Place("journeys", ("Journeys",)),
)


@dataclass
class Round:
    """What was measured while each page was open once."""

    heap: float
    """Megabytes of scripts after what is unused was collected."""

    nodes: int
    """Nodes of pages that are kept."""

    waits: dict[str, list[float]] = field(default_factory=dict)
    """Milliseconds that input waited, by page."""


async def watch_round(page: Page, session: CDPSession) -> Round:
    """Open each page, and press what it has; return to the car."""
    waits: dict[str, list[float]] = {}
    for place in (*PLACES, PLACES[0]):
        for link in place.links:
            await page.get_by_role("link", name=link).first.click()
            await asyncio.sleep(PRESS_EVERY)
        presses = len(place.links)
        for number in range(PRESSES if place.presses else 0):
            await place.presses[number % len(place.presses)](page)
            presses += 1
            await asyncio.sleep(PRESS_EVERY)
        found = await page.evaluate(TAKE)
        quick = [LEAST_WAIT] * max(0, presses - len(found))
        waits.setdefault(place.name, []).extend([*found, *quick])
    await session.send("HeapProfiler.collectGarbage")
    heap = (await session.send("Runtime.getHeapUsage"))["usedSize"] / 1e6
    counters = await session.send("Memory.getDOMCounters")
    return Round(heap, counters["nodes"], waits)


async def watch(
    page: Page,
    seconds: float,
    slower: float = SLOWER,
    owner: str = OWNER,
    password: str = SECRET,
) -> list[Round]:
    """Log in, and open the pages of the busy car in turn for so long, as often as can be.

    A round before those that are returned loads what is loaded once.
    """
    await page.add_init_script(WATCH)
    await log_in(page, owner, password)
    rounds: list[Round] = []
    loop = asyncio.get_running_loop()
    async with slowed(page, slower) as session:
        await watch_round(page, session)
        end = loop.time() + seconds
        while not rounds or loop.time() < end:
            rounds.append(await watch_round(page, session))
    return rounds


def show(rounds: list[Round]) -> None:
    """Print what was measured."""
    for place in PLACES:
        waits = sorted(wait for each in rounds for wait in each.waits[place.name])
        p98 = waits[int(len(waits) * 0.98)]
        print(f"input on {place.name:9} {p98:5.0f} ms at most for 98 of 100, of {len(waits)}")
    first, last = rounds[0], rounds[-1]
    points = [rounds[(len(rounds) - 1) * tenth // 10] for tenth in range(11)]
    heaps = ", ".join(f"{each.heap:.1f}" for each in points)
    print(f"heap at each tenth of {len(rounds)} rounds: {heaps} MB")
    print(f"nodes {first.nodes}, then {last.nodes}")


async def measure(browser: Browser, seconds: float) -> None:
    """Measure a first load, a second one, and a car that talks much."""
    with server() as ports:
        url = f"http://127.0.0.1:{ports['http']}"
        context = await browser.new_context(base_url=url, locale="en-GB", viewport=PHONE)
        page = await context.new_page()
        for name in ("cold", "warm"):
            painted, usable, size = await first_load(page, "/login")
            print(f"{name}: first paint {painted:.0f} ms, usable {usable:.0f} ms, {size:.0f} kB")
            await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        async with busy_car(ports["mp"], SECRET):
            show(await watch(page, seconds))


async def main() -> None:
    """Start Chromium, and measure."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    async with async_playwright() as playwright:
        program = shutil.which("chromium")
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = await playwright.chromium.launch(executable_path=program, args=options)
        print(f"processor {SLOWER} times slower")
        await measure(browser, seconds)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
