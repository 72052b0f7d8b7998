from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from playwright.async_api import expect

from ovms.net.client import fetch_provision
from tests.programs.conftest import run_ovms, start
from tests.web.conftest import DESKTOP, Site, enter, presence

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

    from tests.programs.conftest import Program, Start
    from tests.web.conftest import OpenPage

__all__ = ["start"]

NEW: Final = {f"OVMS_{name}PORT": "0" for name in ("", "TLS_", "HTTP_", "HTTPS_")}
"""Free ports."""

VIN: Final = "5YJRE1A12B3001234"
ICCID: Final = "8985200011112222333"

LINK: Final = r"(http://localhost:\d+)(/first-run#token=\w+)"


async def make_and_remove_record(page: Page, port: int, secret: str) -> None:
    """Make the record by which a new module becomes CAR1, fetch it as one, and remove it."""
    await page.goto("/cars/CAR1/settings/provision")
    await page.get_by_role("button", name="Make the record").click()
    await page.get_by_label("VIN").fill(VIN)
    await page.get_by_label("(ICCID)").fill("89852 00011 11222 2333")
    await page.get_by_label("With a new secret").uncheck(force=True)
    await page.get_by_label("Access point (APN)").fill("internet")
    await page.get_by_role("dialog").get_by_role("button", name="Make the record").click()
    await expect(page.get_by_role("table", name="What the module gets")).to_contain_text("CAR1")
    await expect(page.get_by_text("O-5-internet")).to_be_visible()
    await expect(page.get_by_text("No module has asked")).to_be_visible()
    told = await fetch_provision("127.0.0.1", port, VIN)
    assert told is not None
    assert told.open(ICCID).split()[8:10] == ["CAR1", secret]
    await page.get_by_role("button", name="Remove it").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    await expect(page.get_by_text("There is no record")).to_be_visible()
    assert await fetch_provision("127.0.0.1", port, VIN) is None


async def test_first_run_to_a_driving_car(
    start: Start, open_page: OpenPage, tmp_path: Path
) -> None:
    """The link makes an administrator, the doctor sees the car come in, on the map it drives."""
    server = start("serve", "--data", str(tmp_path), env=NEW)
    link = re.search(LINK, server.wait_for("ovms set-up"))
    assert link is not None
    page = await open_page(DESKTOP, base_url=link[1], timezone_id="Europe/Berlin")
    await page.goto(link[2])
    await page.get_by_role("textbox", name="Name").fill("root")
    make = page.get_by_role("button", name="Make the account")
    await page.get_by_label("Password").first.fill("too-short")
    await expect(make).to_be_disabled()
    await page.get_by_label("Password").first.fill("right-horse-battery")
    await make.click()

    await page.get_by_role("textbox", name="Vehicle id").fill("car1")
    account = await page.request.get("/api/v1/account")
    assert (await account.json())["zone"] == "Europe/Berlin"
    await page.get_by_role("button", name="Add the vehicle").click()
    await page.get_by_text("In its shell").click()
    lines = await page.locator("pre", has_text="config set vehicle id CAR1").inner_text()
    secret = re.search(r"password server\.v2 (\S+)", lines)
    assert secret is not None

    port = json.loads((tmp_path / "ready.json").read_text())["mp"]
    car = ("car", "--server", f"127.0.0.1:{port}", "--vehicle", "CAR1", "--secret")
    start(*car, "wrong")
    await expect(page.get_by_text("is not this vehicle's secret")).to_be_visible()
    (tmp_path / "car").mkdir()  # feature 8: its position each second while somebody watches
    (tmp_path / "car" / "parameters.json").write_text('{"24": "1"}')
    state = {"OVMS_CAR_STATE": str(tmp_path / "car")}
    start(*car, secret[1], "--phase", "0.57", "--seed", "1", env=state)
    await expect(page.get_by_text("The car is in")).to_be_visible()
    await page.get_by_role("link", name="Open the car").click()
    await expect(page).to_have_url("/cars/CAR1")
    await expect(presence(page, "online, on the way")).to_be_visible()

    await page.get_by_role("link", name="Map", exact=True).click()
    marker = page.locator(".maplibregl-marker", has=page.get_by_role("img", name="CAR1"))
    await expect(marker).to_be_visible()
    await page.get_by_role("button", name="Follow the car").click()  # the map now stays, and
    for _ in range(2):  # the car moves on it
        before = await marker.get_attribute("style")
        assert before is not None
        await expect(marker).not_to_have_attribute("style", before)

    await make_and_remove_record(page, port, secret[1])

    await page.goto("/admin")
    await expect(page.get_by_text("The server is well")).to_be_visible()
    await expect(page.get_by_text("1 of 1")).to_be_visible()


async def test_modules_of_both_kinds(start: Start, open_page: OpenPage, tmp_path: Path) -> None:
    """A PIC is in by the text messages; an ESP32 by its shell's lines, and the certificate."""
    made = run_ovms("tls", "make", "localhost", "--data", str(tmp_path))
    assert made.returncode == 0, made.stderr
    env = {"OVMS_PUBLIC_HOST": "localhost"}
    site = Site(lambda *words: start(*words, env=env), tmp_path)
    page = await open_page(base_url=f"http://localhost:{site.http_port}")
    await enter(page, "/setup/module/CAR1?module=pic")
    await page.get_by_role("button", name="Make a new secret").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Make a new secret").click()
    await expect(dialog).to_have_count(0)
    secret = await page.get_by_role("status").locator("pre").inner_text()
    await expect(page.get_by_text("calls port 6867 and no other")).to_be_visible()  # not this one
    await page.get_by_text("Miles", exact=True).click()
    texts = await page.get_by_role("region", name="2. Set the module").locator("pre").all()
    messages = [await each.inner_text() for each in texts]
    assert messages[0] == "REGISTER password"
    module, server = messages[1].split(), messages[2].split()
    assert module == ["MODULE", "CAR1", "M", "SMSIP"]
    assert server == ["SERVER", "localhost", secret]
    assert messages[3:] == ["GPRS apn - -"]

    def call(port: int, *options: str) -> Program:
        car = ("car", "--scenario", "parked", "--seed", "1", "--units", module[2], *options)
        link = ("--server", f"{server[1]}:{port}", "--vehicle", module[1], "--secret", server[2])
        return start(*car, *link, env={"OVMS_CAR_STATE": str(tmp_path / "car")})

    pic = call(site.port)
    await expect(page.get_by_text("Its connection is not encrypted")).to_be_visible()
    state = await (await page.request.get("/api/v1/vehicles/CAR1/state")).json()
    assert state["distance_unit"] == "mi"
    assert pic.stop() == 0
    await expect(page.get_by_text("Waiting for its next call")).to_be_visible()

    await page.get_by_text("OVMS v3 (ESP32)").click()
    await page.get_by_role("switch", name="Encrypted connection").check(force=True)
    give = page.get_by_role("note").filter(has_text="must be able to trust this server")
    authority = tmp_path / "ovms.pem"
    authority.write_text(await give.locator("pre").first.inner_text())
    await page.get_by_text("In its shell").click()
    lines = await page.locator("pre", has_text="config set vehicle id").inner_text()
    assert f"config set password server.v2 {secret}" in lines
    assert "config set server.v2 tls yes" in lines
    port = re.search(r"server\.v2 port (\d+)", lines)
    assert port is not None
    call(int(port[1]), "--tls", "--ca", str(authority))
    await expect(page.get_by_text("Its connection is encrypted (TLS).")).to_be_visible()
