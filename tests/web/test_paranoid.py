"""A car that seals what it says: its password is the browser's, and nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from ovms.car.vehicles.sim import SimCar
from tests.programs.conftest import Program
from tests.web.conftest import Site, log_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.web.conftest import OpenPage

MODULE_PASSWORD = "only the owner knows"

VEHICLES = {"CAR1": ("--paranoid", MODULE_PASSWORD), "CAR2": ()}


@pytest.fixture(scope="module")
def programs() -> Iterator[list[Program]]:
    """Return where programs are put that end with the tests here."""
    started: list[Program] = []
    yield started
    for program in started:
        program.kill()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, programs: list[Program]) -> Site:
    """Run a server of its own, whose log has all that it can say."""

    def start(*arguments: str) -> Program:
        programs.append(Program(*arguments, "--log-level", "debug"))
        return programs[-1]

    return Site(start, tmp_path_factory.mktemp("sealed"))


async def test_only_the_browser_reads_it(
    open_page: OpenPage, site: Site, programs: list[Program], tmp_path: Path
) -> None:
    """Sealed until the password is typed, then all is shown and commands go sealed.

    Neither the files of the server nor its log have the password, a value or an answer in plain,
    while those of a car that does not seal have them.
    """
    vins = {}
    for seed, (vehicle, options) in enumerate(VEHICLES.items(), 1):
        vins[vehicle] = str(SimCar(start=0, seed=seed).state.vin).encode()
        words = ("--scenario", "parked", "--soc", "43", "--seed", str(seed), *options)
        state = {"OVMS_CAR_STATE": str(tmp_path / vehicle)}
        car = Program("car", *site.link(vehicle), *words, env=state)
        programs.append(car)
        car.wait_for(f"connected .*vehicle={vehicle}")
    page = await open_page()
    await page.goto("/cars/CAR1")
    await log_in(page)
    await expect(page.get_by_text("Sealed: unlock on this device")).to_be_visible()
    await expect(page.get_by_text("43 %")).to_have_count(0)
    for password, shown in (("guessed", "is not the module's"), (MODULE_PASSWORD, "and open on")):
        await page.get_by_role("button", name="Unlock", exact=True).click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Module password").first.fill(password)
        await dialog.get_by_role("button", name="Unlock", exact=True).click()
        await expect(page.get_by_text(shown)).to_be_visible()
    await expect(page.get_by_text("43 %").first).to_be_visible()
    for vehicle in VEHICLES:
        await page.goto(f"/cars/{vehicle}/controls/shell")
        await page.get_by_label("Text command").fill(f"config set 12 GROUP-{vehicle}")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("log")).to_contain_text(f": GROUP-{vehicle}")
    kept = b"".join(each.read_bytes() for each in site.data.rglob("*") if each.is_file())
    kept += site.program.output().encode()
    assert MODULE_PASSWORD.encode() not in kept
    assert b"GROUP-CAR1" not in kept
    assert vins["CAR1"] not in kept
    assert vins["CAR2"] in kept
