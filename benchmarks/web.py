"""How fast the web app is in a browser: its first load cold and warm, and a car that talks much.

Run ``python benchmarks/web.py [seconds]`` with the pages built. Starts a server and Chromium, whose
processor is slowed down four times, and prints first paint, when the log-in can be used, and bytes
on the wire. Then a car reports ten times a second for so many seconds (60) while buttons are
pressed: it prints the memory of scripts at the start and at the end, and how long input waits.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, CDPSession, Page, async_playwright

from ovms.net.client import ClientConnection, connect
from ovms.protocol import Message, Role

SECRET = "benchmark-secret"  # noqa: S105 (protects nothing)
OWNER = "bench"
SLOWER = 4
"""How many times slower than this machine the browser's processor is."""

REPORTS_A_SECOND = 10
PRESS_EVERY = 1.0
"""Seconds between two presses of a button."""

WATCH = """
window.inputs = [];
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (each.interactionId) window.inputs.push(each.duration);
}).observe({ type: "event", durationThreshold: 16, buffered: true });
"""


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


async def slowed(page: Page) -> CDPSession:
    """Slow a page down; return what else can be asked of its browser."""
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    await session.send("Network.enable")
    return session


async def first_load(page: Page, url: str) -> tuple[float, float, float]:
    """Open the app; milliseconds until it paints and until one can type, kilobytes on the wire."""
    session = await slowed(page)
    bytes_read = 0.0

    def count(event: dict[str, Any]) -> None:
        nonlocal bytes_read
        bytes_read += event["encodedDataLength"]

    session.on("Network.loadingFinished", count)
    await page.goto(url)
    await page.get_by_label("Name").wait_for()
    usable = await page.evaluate("performance.now()")
    painted = await page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )
    await page.wait_for_load_state("networkidle")
    await session.detach()
    return painted, usable, bytes_read / 1000


async def report(car: ClientConnection) -> None:
    """Report ten times a second, always something new."""
    number = 0
    while True:
        number += 1
        km = number % 200
        car.send(Message("S", b"%d,K,220,16,charging,standard,%d,200" % (number % 101, km)))
        car.send(Message("L", b"48.%06d,11.3,%d,400,1,1,%d" % (number, number % 360, km)))
        await asyncio.sleep(2 / REPORTS_A_SECOND)


async def heap(session: CDPSession) -> float:
    """Return the megabytes of scripts after what is unused was collected."""
    await session.send("HeapProfiler.collectGarbage")
    return float((await session.send("Runtime.getHeapUsage"))["usedSize"]) / 1e6


async def busy_car(page: Page, ports: dict[str, Any], seconds: float) -> None:
    """Watch a car that reports ten times a second, and press buttons meanwhile."""
    car = await connect("127.0.0.1", ports["mp"], Role.CAR, "CAR1", SECRET.encode(), timeout=60)
    reporting = asyncio.create_task(report(car))
    await page.add_init_script(WATCH)
    await page.get_by_label("Name").fill(OWNER)
    await page.get_by_label("Password").first.fill(SECRET)
    await page.get_by_role("button", name="Log in", exact=True).click()
    bar = page.get_by_role("navigation", name="Pages")
    await bar.wait_for()
    await page.goto("/cars/CAR1")
    await bar.wait_for()
    session = await slowed(page)
    loop = asyncio.get_running_loop()
    places = ("Alerts", "Journeys", "Car")
    for place in places:  # all that is loaded once is there before memory is measured
        await bar.get_by_role("link", name=place).click()
        await asyncio.sleep(PRESS_EVERY)
    before, end, number = await heap(session), loop.time() + seconds, 0
    while loop.time() < end:
        await bar.get_by_role("link", name=places[number % len(places)]).click()
        number += 1
        await asyncio.sleep(PRESS_EVERY)
    await bar.get_by_role("link", name="Car").click()
    after = await heap(session)
    reporting.cancel()
    waits = sorted(await page.evaluate("window.inputs"))
    p98 = waits[int(len(waits) * 0.98)] if waits else 16
    print(f"heap after {seconds:.0f} s     {before:7.1f} MB, then {after:.1f} MB")
    print(f"input, 98 of 100    {p98:7.0f} ms of {number} presses")


async def measure(browser: Browser, seconds: float) -> None:
    """Measure a first load, a second one, and a car that talks much."""
    with server() as ports:
        url = f"http://127.0.0.1:{ports['http']}"
        context = await browser.new_context(base_url=url, locale="en-GB")
        page = await context.new_page()
        for name in ("cold", "warm"):
            painted, usable, size = await first_load(page, "/login")
            print(f"{name}: first paint {painted:.0f} ms, usable {usable:.0f} ms, {size:.0f} kB")
            await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await busy_car(page, ports, seconds)


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
