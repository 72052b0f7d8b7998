"""A server that stops under an open page, and comes back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.programs.conftest import Program
from tests.web.conftest import DESKTOP, HERE, Site, enter, presence
from tests.web.test_commands import PIN, press

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.conftest import OpenPage, RunCar


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run a server of its own."""
    programs: list[Program] = []

    def start(*arguments: str) -> Program:
        programs.append(Program(*arguments))
        return programs[-1]

    yield Site(start, tmp_path_factory.mktemp("restarted"))
    for program in programs:
        program.kill()


async def test_a_restart_of_the_server(open_page: OpenPage, site: Site, run_car: RunCar) -> None:
    """The page tells a car that is away from a server that is, and goes on by itself after both."""
    car = run_car()
    # On a busy machine the map beside may still be fetching its worker when the server stops.
    page = await open_page(DESKTOP, foreseen=("net::ERR_CONNECTION_", "Worker failed to load"))
    await enter(page, "/cars/CAR1/controls")
    lock = page.get_by_role("button", name=re.compile("^Lock"))
    await expect(presence(page, HERE)).to_be_visible()
    car.stop()
    await expect(presence(page, "the car is away since")).to_be_visible()
    await expect(page.get_by_text("The car is away", exact=True)).to_be_visible()
    await expect(lock).to_be_disabled()
    car = run_car()
    await expect(presence(page, HERE)).to_be_visible()
    await expect(lock).to_be_enabled()

    site.program.stop()
    await expect(presence(page, "the server does not answer since")).to_be_visible()
    await expect(page.get_by_text("No connection to the server")).to_be_visible()
    await expect(lock).to_be_disabled()
    site.run()
    car.wait_for(r"connected .*vehicle=CAR1")
    await expect(presence(page, HERE)).to_be_visible()
    unlock = await press(page, "Unlock", pin=PIN)
    await expect(unlock.get_by_role("status")).to_have_text("done")
    await expect(unlock.get_by_text("is unlocked")).to_be_visible()
