"""One car and several browsers: of its owner, and of somebody with whom it is shared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from playwright.async_api import expect

from tests.web.conftest import DESKTOP, HERE, PHONE, enter, presence
from tests.web.test_commands import PIN, press, tile

if TYPE_CHECKING:
    from tests.web.conftest import OpenPage, RunCar, Site

CONTROLS: Final = "/cars/CAR1/controls"

SEND_LOCK: Final = """(pin) => fetch("/api/v1/vehicles/CAR1/commands", {
    method: "POST", headers: {"Content-Type": "application/json"},
    body: JSON.stringify({name: "lock", parameters: {pin}})
}).then(async (answer) => [answer.status, (await answer.json()).error.code])"""
"""Sends the command past the page's own buttons."""


async def test_two_browsers_watch_one_car(open_page: OpenPage, run_car: RunCar) -> None:
    """What one commands is seen in both, how the command goes in one; who stays sees all on."""
    run_car()
    phone, desktop = await open_page(PHONE), await open_page(DESKTOP)
    for page in (phone, desktop):
        await enter(page, CONTROLS)
        await expect(tile(page, "Lock").get_by_text("is locked")).to_be_visible()
    by_phone = await press(phone, "Unlock", pin=PIN)
    await expect(by_phone.get_by_role("status")).to_have_text("done")
    by_desktop = await press(desktop, "Climate on")
    await expect(by_desktop.get_by_role("status")).to_have_text("done")
    for page in (phone, desktop):
        await expect(tile(page, "Unlock").get_by_text("is unlocked")).to_be_visible()
        await expect(tile(page, "Climate on").get_by_text("is on")).to_be_visible()
    await expect(tile(phone, "Climate on").get_by_role("status")).to_have_text("")
    await expect(tile(desktop, "Unlock").get_by_role("status")).to_have_text("")
    await phone.close()
    again = await press(desktop, "Lock", pin=PIN)
    await expect(again.get_by_role("status")).to_have_text("done")
    await expect(again.get_by_text("is locked")).to_be_visible()


async def test_sharing_and_its_end(open_page: OpenPage, site: Site, run_car: RunCar) -> None:
    """The other sees and does what was shared and nothing else, until the owner ends it."""
    run_car()
    site.add_owner("friend")
    owner = await open_page(PHONE, refused=(404,))
    await enter(owner, "/cars/CAR1/settings/sharing")
    await owner.get_by_role("button", name="Share the car").click()
    form = owner.get_by_role("dialog")
    await form.get_by_label("With whom").fill("nobody-here")
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("alert")).to_be_visible()
    await form.get_by_label("With whom").fill("friend")
    await form.get_by_role("switch", name=re.compile("^Commands")).check()
    await form.get_by_role("button", name="Save").click()
    await expect(owner.get_by_text("See · Commands")).to_be_visible()

    friend = await open_page(DESKTOP, refused=(403, 404))
    await enter(friend, "/cars", "friend")
    await friend.get_by_role("link", name=re.compile("CAR1")).click()
    await expect(presence(friend, HERE)).to_be_visible()
    await expect(friend.get_by_text("does not share where it is")).to_be_visible()
    await friend.get_by_role("link", name="Controls", exact=True).click()
    await expect(tile(friend, "Lock").get_by_role("button")).to_be_disabled()
    await expect(tile(friend, "Lock").get_by_text("Not shared with you")).to_be_visible()
    climate = await press(friend, "Climate on")
    await expect(climate.get_by_role("status")).to_have_text("done")
    assert await friend.evaluate(SEND_LOCK, PIN) == [403, "no_right"]

    await owner.get_by_role("button", name="End it").click()
    await owner.get_by_role("dialog").get_by_role("button", name="End it").click()
    await expect(owner.get_by_text("The car is shared with nobody.")).to_be_visible()
    await expect(friend.get_by_text("The server has no such car for you")).to_be_visible()
    await expect(tile(friend, "Climate on").get_by_role("button")).to_have_count(0)
    assert (await friend.request.get("/api/v1/vehicles/CAR1/state")).status == 404
    await friend.get_by_role("link", name="All cars").click()
    await expect(friend.get_by_text("No car yet.")).to_be_visible()
    await expect(friend.get_by_role("link", name=re.compile("CAR1"))).to_have_count(0)
