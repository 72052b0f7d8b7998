"""Accounts as people have them: how they come about, what guards them, and what becomes of cars."""

from __future__ import annotations

import re
import socket
import time
from typing import TYPE_CHECKING, Any, Final

import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from sqlalchemy import update

from ovms.cli.database import open_database
from ovms.server.storage.schema import mail_codes
from tests.programs.conftest import Program
from tests.server.notify.servers import MailReceiver
from tests.waiting import until
from tests.web.conftest import DESKTOP, PASSWORD, Site, enter, log_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.web.conftest import OpenPage

NEW_PASSWORD: Final = "right-horse-battery"

WRONG_CODE: Final = "That code is not right"


class PublicSite(Site):
    """A site with a name of its own, which browsers want for passkeys, and with mail."""

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://localhost:{self.http_port}"

    def run(self) -> Program:
        """Start it on a port that it can name in its mails."""
        if self.http_port == 0:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.http_port = free.getsockname()[1]
        return super().run()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mails() -> AsyncIterator[MailReceiver]:
    """Run a mail server."""
    async with MailReceiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, mails: MailReceiver) -> Iterator[Site]:
    """Run a server where strangers may make accounts; its administrator is `root`."""
    programs: list[Program] = []

    def start(*arguments: str) -> Program:
        port = arguments[arguments.index("--http-port") + 1]
        settings = {
            "mail_host": "127.0.0.1", "mail_port": str(mails.port), "mail_tls": "none",
            "registration": "true", "public_url": f"http://localhost:{port}",
        }  # fmt: skip
        env = {f"OVMS_{name.upper()}": value for name, value in settings.items()}
        programs.append(Program(*arguments, env=env))
        return programs[-1]

    made = PublicSite(start, tmp_path_factory.mktemp("accounts"))
    made.add_owner("root", "--admin")
    yield made
    for program in programs:
        program.kill()


async def mail_to(mails: MailReceiver, address: str) -> str:
    """Wait for the newest mail to an address, and take it: its text."""
    await until(lambda: any(address in each.recipients for each in mails.mails))
    found = [each for each in mails.mails if address in each.recipients]
    mails.mails[:] = [each for each in mails.mails if address not in each.recipients]
    return str(found[-1].message.get_content())


def let_codes_end(site: Site, in_seconds: float) -> None:
    """Have all codes that were mailed end then, not at their time."""
    with open_database(site.data, None, None) as database, database.writing() as connection:
        connection.execute(update(mail_codes).values(expires=time.time() + in_seconds))


def button(page: Page, name: str) -> Any:
    """Return a button by all of its name."""
    return page.get_by_role("button", name=name, exact=True)


async def confirm(page: Page, name: str) -> None:
    """Do what a dialog asks for, by the button of this name."""
    await page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


async def test_registration_and_a_forgotten_password(
    open_page: OpenPage, site: Site, mails: MailReceiver
) -> None:
    """Mailed links make an account and set its password anew; a link is right once."""
    page = await open_page(refused=(401, 422, 400, 404))
    late = await open_page(refused=(404, 409))  # of somebody who wishes for the same name
    for each, address in ((late, "late@example.org"), (page, "new@example.org")):
        await each.goto("/register")
        await each.get_by_role("textbox", name="Name").fill("newcomer")
        await each.get_by_role("textbox", name="Mail address").fill(address)
        await each.get_by_label("Password").first.fill(PASSWORD)
        await expect(button(each, "Mail me a code")).to_be_disabled()
        await each.get_by_label("Password").first.fill(NEW_PASSWORD)
        await button(each, "Mail me a code").click()
        await expect(each.get_by_text("A mail with a code is on its way")).to_be_visible()
    code = re.search(r"#code=(\S+)", await mail_to(mails, "late@example.org"))
    assert code is not None
    await late.get_by_label("Code of the mail").fill(code[1])
    await page.get_by_label("Code of the mail").fill("guessed")
    await button(page, "Make the account").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    link = re.search(r"http://\S+/register#code=\S+", await mail_to(mails, "new@example.org"))
    assert link is not None
    await page.goto("about:blank")  # else only what stands behind the # would change
    await page.goto(link[0])
    await button(page, "Make the account").click()
    await expect(page.get_by_text("The account newcomer is there")).to_be_visible()

    await button(late, "Make the account").click()
    await expect(late.get_by_role("alert")).to_contain_text("Somebody else has that name by now")
    await button(late, "Choose another name").click()
    await expect(button(late, "Mail me a code")).to_be_visible()

    await page.get_by_role("link", name="To the log-in").click()
    await page.get_by_role("link", name="Forgot the password?").click()
    await page.get_by_label("Name or mail address").fill("new@example.org")
    await button(page, "Mail me a code").click()
    link = re.search(r"http://\S+/reset#code=\S+", await mail_to(mails, "new@example.org"))
    assert link is not None
    for case in ("over", "right", "used"):
        let_codes_end(site, in_seconds=-1 if case == "over" else 3600)
        await page.goto("about:blank")
        await page.goto(link[0])
        await page.get_by_label("New password").first.fill(f"{NEW_PASSWORD}-2")
        await button(page, "Set the password").click()
        if case == "right":
            await expect(page.get_by_text("The new password holds.")).to_be_visible()
        else:
            await expect(page.get_by_role("alert")).to_be_visible()

    await page.get_by_role("link", name="To the log-in").click()
    await page.get_by_label("Name").fill("newcomer")
    await page.get_by_label("Password").first.fill(NEW_PASSWORD)
    await button(page, "Log in").click()
    await expect(page.get_by_text("Wrong name or password.")).to_be_visible()
    await log_in(page, "newcomer", f"{NEW_PASSWORD}-2")
    await expect(page).to_have_url("/setup")


async def test_a_new_mail_address(open_page: OpenPage, site: Site, mails: MailReceiver) -> None:
    """The link of the mail works where nobody is logged in yet: its code outlives the log-in."""
    site.add_owner("moving")
    page = await open_page()
    await enter(page, "/account", "moving")
    await page.get_by_role("textbox", name="Mail address").fill("moved@example.org")
    await button(page, "Change the address").click()
    await expect(page.get_by_text("A mail with a link is on its way")).to_be_visible()
    link = re.search(r"http://\S+/email#code=(\S+)", await mail_to(mails, "moved@example.org"))
    assert link is not None
    phone = await open_page(refused=(401,))
    await phone.goto(link[0])
    await phone.get_by_label("Name").fill("moving")
    await phone.get_by_label("Password").first.fill(PASSWORD)
    await button(phone, "Log in").click()
    await expect(phone.get_by_label("Code of the mail")).to_have_value(link[1])
    await expect(phone).to_have_url(re.compile(r"/email$"))
    await button(phone, "Confirm the address").click()
    await expect(phone.get_by_text("The account's address is moved@example.org")).to_be_visible()


async def test_one_time_codes(open_page: OpenPage, site: Site) -> None:
    """Codes are switched on by one of them, asked for at the log-in, and replaced by others."""
    site.add_owner("careful")
    page = await open_page(refused=(403,))
    await enter(page, "/account/security", "careful")
    await button(page, "Switch them on").click()
    key = await page.locator("pre").inner_text()
    code = page.get_by_label("Code that the app shows")
    await code.fill("000000")
    await button(page, "Confirm").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await code.fill(pyotp.TOTP(key).now())
    await button(page, "Confirm").click()
    await expect(page.get_by_text("10 recovery codes are left")).to_be_visible()
    recovery = (await page.locator("pre").inner_text()).split()
    assert len(recovery) == 10
    await page.reload()
    await expect(page.get_by_text("10 recovery codes are left")).to_be_visible()
    await expect(page.get_by_text(recovery[0])).to_have_count(0)

    other = await open_page(DESKTOP, refused=(401,))
    await other.goto("/login?next=/account/security")
    await other.get_by_label("Name").fill("careful")
    await other.get_by_label("Password").first.fill(PASSWORD)
    await button(other, "Log in").click()
    asked = other.get_by_label("One-time code")
    await asked.fill("000000")
    await button(other, "Log in").click()
    await expect(other.get_by_text(WRONG_CODE)).to_be_visible()
    await asked.fill(pyotp.TOTP(key).at(time.time() + 30))  # that of now was taken, and is no more
    await button(other, "Log in").click()
    await expect(other.get_by_text("10 recovery codes are left")).to_be_visible()
    login = {"name": "careful", "password": PASSWORD, "one_time_code": recovery[0]}
    assert (await other.request.post("/api/v1/session", data=login)).ok
    await other.reload()
    await expect(other.get_by_text("9 recovery codes are left")).to_be_visible()
    await button(other, "Switch them off").click()
    await expect(button(other, "Switch them on")).to_be_visible()


async def test_a_passkey(open_page: OpenPage, site: Site) -> None:
    """A passkey is made by the browser's authenticator, logs in without a name, and is removed."""
    site.add_owner("touching")
    page = await open_page(refused=(401,))
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    await enter(page, "/account/security", "touching")
    await page.get_by_label("Name of the passkey").fill("phone")
    await button(page, "Make a passkey").click()
    passkeys = page.get_by_role("region", name="Passkeys")
    await expect(passkeys.get_by_text("never used")).to_be_visible()
    await page.get_by_role("link", name="More").click()
    await page.get_by_role("button", name="Log out").click()
    await button(page, "Use a passkey").click()
    await page.get_by_role("navigation", name="Pages").wait_for()
    await page.goto("/account/security")
    await expect(passkeys.get_by_text("last used")).to_be_visible()
    await passkeys.get_by_role("button", name="Remove").click()
    await confirm(page, "Remove")
    await expect(button(page, "Log in")).to_be_visible()  # this session began with the passkey
    await button(page, "Use a passkey").click()
    await expect(page.get_by_role("alert")).to_be_visible()


async def test_a_session_ended_from_elsewhere_and_a_token(open_page: OpenPage, site: Site) -> None:
    """A browser that is ended shows the log-in; a token is told once, and works until it ends."""
    site.add_owner("roaming")
    lost, page = await open_page(refused=(401,)), await open_page(DESKTOP)
    await enter(lost, "/account", "roaming")
    await enter(page, "/account/security", "roaming")
    await button(page, "End it").click()
    await button(page, "Cancel").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(button(page, "End it")).to_be_focused()
    await button(page, "End it").click()
    await confirm(page, "End it")
    await expect(button(page, "End it")).to_have_count(0)
    await lost.get_by_role("link", name="Tokens").click()
    await expect(button(lost, "Log in")).to_be_visible()
    await expect(lost).to_have_url(re.compile("next="))

    await page.get_by_role("link", name="Tokens").click()
    await button(page, "Make a token").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("For which program").fill("Home Assistant")
    await form.get_by_role("button", name="Make a token").click()
    token = await page.get_by_role("status").locator("pre").inner_text()
    card = page.get_by_text("Home Assistant", exact=True)
    await expect(card).to_be_visible()
    asks = {"Authorization": f"Bearer {token}", "Cookie": ""}
    stranger = await open_page()
    assert (await stranger.request.get("/api/v1/vehicles", headers=asks)).status == 200
    await page.reload()
    await expect(card).to_be_visible()
    await expect(page.get_by_text(token)).to_have_count(0)
    await button(page, "End it").click()
    await confirm(page, "End it")
    await expect(card).to_have_count(0)
    assert (await stranger.request.get("/api/v1/vehicles", headers=asks)).status == 401


async def test_channels_of_alerts(open_page: OpenPage, site: Site, mails: MailReceiver) -> None:
    """A test of a channel arrives, or the page says why it does not."""
    site.add_owner("told")
    site.ovms("vehicle", "add", "TOLD", "--owner", "told")
    page = await open_page(refused=(422,))
    await enter(page, "/cars/TOLD/settings/alerts", "told")
    await button(page, "Tell somebody").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("By what").select_option("mail")
    await form.get_by_label("Where to").fill("who@example.org")
    await form.get_by_role("button", name="Tell somebody").click()
    await button(page, "Send a test").click()
    await expect(page.get_by_text("The test was accepted.")).to_be_visible()
    assert "This is a test" in await mail_to(mails, "who@example.org")
    mails.refuse["who@example.org"] = "550 nobody of that name"
    await button(page, "Send a test").click()
    await expect(page.get_by_text("The test was not delivered")).to_be_visible()
    await button(page, "Remove").click()
    await expect(page.get_by_text("who@example.org")).to_have_count(0)


async def test_a_vehicle_erased_given_away_and_removed(open_page: OpenPage, site: Site) -> None:
    """What cannot be taken back wants the vehicle's name; a taken name is refused."""
    site.add_owner("seller")
    site.add_owner("buyer")
    page = await open_page(refused=(404, 409))
    await enter(page, "/setup/new", "seller")
    for name in ("car1", "sold"):
        await page.get_by_role("textbox", name="Vehicle id").fill(name)
        await button(page, "Add the vehicle").click()
        if name == "car1":
            await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_role("heading", name="2. Set the module")).to_be_visible()
    await page.goto("/cars/SOLD/settings/module")
    await button(page, "Erase the data").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Erase the data")).to_be_disabled()
    await dialog.get_by_label("to confirm").fill("SOLD")
    await dialog.get_by_role("button", name="Erase the data").click()
    await expect(dialog).to_have_count(0)

    root = await open_page(DESKTOP, refused=(404, 422))
    await enter(root, "/admin/vehicles", "root")
    await root.get_by_label("Search").fill("SOLD")
    await expect(button(root, "Transfer")).to_have_count(1)
    await expect(root.get_by_text("of seller")).to_be_visible()
    await button(root, "Transfer").click()
    dialog = root.get_by_role("dialog")
    for name in ("nobody-here", "buyer"):
        await dialog.get_by_label("Name of the new owner").fill(name)
        await dialog.get_by_role("button", name="Transfer").click()
        if name == "nobody-here":
            await expect(dialog.get_by_role("alert")).to_be_visible()
    await expect(dialog.get_by_text("The car is buyer's now.")).to_be_visible()
    await page.goto("/cars/SOLD/settings")
    await expect(page.get_by_text("The server has no such car for you")).to_be_visible()

    buyer = await open_page(refused=(404,))
    await enter(buyer, "/cars/SOLD/settings/module?dialog=remove", "buyer")
    await buyer.get_by_label("to confirm").fill("SOLD")
    await buyer.get_by_role("dialog").get_by_role("button", name="Remove the car").click()
    await expect(buyer).to_have_url("/cars")
    await expect(buyer.get_by_text("No car yet.")).to_be_visible()
