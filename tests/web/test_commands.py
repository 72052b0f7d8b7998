"""Each button and form of the controls, and what the simulated car did by it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.web.conftest import DESKTOP, PHONE, log_in

if TYPE_CHECKING:
    from playwright.async_api import ViewportSize

    from tests.web.conftest import OpenPage, RunCar

PIN = "1234"


async def reported(page: Page, group: str) -> Any:
    """Return what the server last heard of a group of CAR1's state."""
    answer = await page.request.get("/api/v1/vehicles/CAR1/state")
    return (await answer.json())["groups"][group]


def tile(page: Page, name: str) -> Locator:
    """Return a button of the controls with what it says of its command."""
    button = page.get_by_role("button", name=re.compile(f"^{name}"))
    return page.locator("div").filter(has=button).last


async def press(page: Page, name: str, *, pin: str | None = None, asks: bool = False) -> Locator:
    """Press a button, and confirm what it asks; its tile."""
    button = tile(page, name)
    await button.get_by_role("button").click()
    if pin is not None:
        dialog = page.get_by_role("dialog")
        for digit in pin:
            await dialog.get_by_role("button", name=digit, exact=True).click()
        await dialog.get_by_role("button", name=name, exact=True).click()
    elif asks:
        await page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()
    return button


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_doors_climate_and_module(
    open_page: OpenPage, run_car: RunCar, size: ViewportSize
) -> None:
    """What the car does shows when the car reports it; a wrong PIN changes nothing, and says so."""
    car = run_car()
    page = await open_page(size)
    await page.goto("/cars/CAR1/controls")
    await log_in(page)
    for name, field, stays in (("Unlock", "is_locked", True), ("Valet on", "is_valet_on", False)):
        wrong = await press(page, name, pin="9999")
        await expect(wrong.get_by_role("status")).to_have_text("The car says: wrong PIN")
        assert (await reported(page, "doors"))[field] is stays
    for name, says, group, field, value in (
        ("Unlock", "is unlocked", "doors", "is_locked", False),
        ("Lock", "is locked", "doors", "is_locked", True),
        ("Valet on", "is on", "doors", "is_valet_on", True),
        ("Valet off", "is off", "doors", "is_valet_on", False),
        ("Climate on", "is on", "temperatures", "is_hvac_on", True),
        ("Climate off", "is off", "temperatures", "is_hvac_on", False),
        ("Wake up", "is awake", "driving", "is_awake", True),
    ):
        button = await press(page, name, pin=PIN if group == "doors" else None)
        await expect(button.get_by_text(says)).to_be_visible()
        await expect(button.get_by_role("status")).to_have_text("done")
        assert (await reported(page, group))[field] is value
    for number in (1, 2, 3):
        gate = await press(page, f"HomeLink {number}", asks=True)
        await expect(gate.get_by_role("status")).to_have_text("done")
    module = await press(page, "Restart module", asks=True)
    await expect(module.get_by_role("status")).to_have_text("done")
    car.wait_for("restarting on command")
    car.wait_for(r"connected .*vehicle=CAR1")
    await expect(tile(page, "Lock").get_by_role("button")).to_be_enabled()


async def test_charge(open_page: OpenPage, run_car: RunCar) -> None:
    """Charging stops and begins; mode, current and timer are as set; what fails says why."""
    run_car("--scenario", "commute", "--phase", "0.1", "--soc", "40")
    page = await open_page()
    await page.goto("/cars/CAR1/controls")
    await log_in(page)
    await expect(tile(page, "Start charging").get_by_text("is charging")).to_be_visible()
    stop = await press(page, "Stop charging", asks=True)
    await expect(stop.get_by_text("is not charging")).to_be_visible()
    assert (await reported(page, "charge"))["is_charging"] is False
    again = await press(page, "Stop charging", asks=True)
    await expect(again.get_by_role("status")).to_contain_text("is not charging")
    start = await press(page, "Start charging")
    await expect(start.get_by_text("is charging")).to_be_visible()
    await page.get_by_label("Charge mode").select_option("Range")
    await page.get_by_role("button", name="Set mode").click()
    await page.get_by_label("Limit of the current").fill("10")
    await page.get_by_role("button", name="Set current").click()
    await page.get_by_label("Begin").select_option("at a time of day")
    await page.get_by_label("Time of day").fill("01:30")
    await page.get_by_role("button", name="Set timer").click()
    await expect(page.get_by_role("status").filter(has_text="done")).to_have_count(3)
    charge = await reported(page, "charge")
    assert (charge["mode"], charge["current_limit"], charge["is_timed"]) == ("range", 10, True)
    assert charge["timer_start"] == 90 * 60


async def test_shell_and_settings(open_page: OpenPage, run_car: RunCar) -> None:
    """The shell shows the module's answer; a feature and a parameter arrive in the module."""
    run_car()
    page = await open_page()
    await page.goto("/cars/CAR1/controls/shell")
    await log_in(page)
    await page.get_by_label("Text command").fill("metrics list v.b.soc")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text(re.compile(r"v\.b\.soc: \d+ %"))).to_be_visible()
    await page.goto("/cars/CAR1/controls/parameters")
    await page.get_by_label("Miles or kilometres").fill("K")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("status").filter(has_text="done").first).to_be_visible()
    await page.goto("/cars/CAR1/controls/features")
    await page.get_by_label("May write to the car's bus").fill("0")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("status").filter(has_text="done").first).to_be_visible()
    await page.goto("/cars/CAR1/controls")
    await expect(page.get_by_text("may not write to the car's bus")).to_be_visible()
    await expect(tile(page, "Lock").get_by_role("button")).to_be_disabled()
