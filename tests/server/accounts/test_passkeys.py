from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ovms.server.accounts import passkeys as module
from ovms.server.accounts.errors import Busy, LoginRefused
from ovms.server.accounts.passkeys import (
    CHALLENGE_LIFE,
    CounterWentBack,
    PasskeyChecks,
    Site,
    credential_id,
)
from ovms.server.values import Passkey
from tests.authenticator import PRESENT, Authenticator, to_bytes, to_text

SITE = Site("ovms.example", "https://ovms.example")
NOW = 1_000_000.0


class Known:
    """An owner's passkey, and what checks it."""

    def __init__(self, sign_count: int = 0) -> None:
        self.checks = PasskeyChecks()
        self.device = Authenticator("ovms.example", "https://ovms.example", sign_count)
        made = self.checks.check_new(SITE, 7, self.device.create(self.registration()), NOW)
        self.passkey = Passkey(1, 7, made.id, made.public_key, made.sign_count, "", NOW, None)

    def registration(self) -> dict[str, Any]:
        """Return the options of a registration of owner 7."""
        return self.checks.registration(SITE, 7, "bob", [], NOW)

    def check(self, credential: dict[str, Any], now: float = NOW) -> int:
        """Return the new count of a log-in."""
        return self.checks.check_login(SITE, self.passkey, credential, now)


@pytest.fixture
def known() -> Known:
    """Return a passkey."""
    return Known()


@pytest.mark.parametrize(
    ("url", "rp_id", "origin"),
    [("https://ovms.example", "ovms.example", "https://ovms.example"),
     ("https://OVMS.example:443/cars", "ovms.example", "https://ovms.example"),
     ("http://localhost:6868", "localhost", "http://localhost:6868"),
     ("http://[::1]:80", "::1", "http://[::1]")],
)  # fmt: skip
def test_sites(url: str, rp_id: str, origin: str) -> None:
    """A site is named as browsers name it."""
    assert Site.of(url) == Site(rp_id, origin)


def test_a_login(known: Known) -> None:
    """A passkey logs in with what was signed for the options."""
    options = known.checks.login(SITE, NOW)
    assert (options["rpId"], options["userVerification"]) == ("ovms.example", "required")
    credential = known.device.sign(options)
    assert credential_id(credential) == known.passkey.credential
    assert known.check(credential) == 0


def test_once(known: Known) -> None:
    """The same answer proves nothing again."""
    credential = known.device.sign(known.checks.login(SITE, NOW))
    known.check(credential)
    with pytest.raises(LoginRefused):
        known.check(credential)


@pytest.mark.parametrize(
    "changes",
    [{"origin": "https://evil.example"}, {"origin": "http://ovms.example"},
     {"rp_id": "evil.example"}, {"flags": PRESENT}, {"flags": 0}, {"handle": bytes(8)}],
)  # fmt: skip
def test_wrong_answers(known: Known, changes: dict[str, Any]) -> None:
    """Another page, another site, nobody verified, another owner: all are refused."""
    wrong = replace(known.device, **changes)
    with pytest.raises(LoginRefused):
        known.check(wrong.sign(known.checks.login(SITE, NOW)))


@pytest.mark.parametrize(
    "changes", [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}, {"flags": PRESENT}]
)
def test_wrong_registrations(known: Known, changes: dict[str, Any]) -> None:
    """So is a new passkey of another page or site, or made by nobody who was verified."""
    wrong = replace(known.device, **changes)
    with pytest.raises(LoginRefused):
        known.checks.check_new(SITE, 7, wrong.create(known.registration()), NOW)


def test_challenges(known: Known) -> None:
    """A challenge of another server, purpose or owner, or whose time is over, is none."""
    for options in (known.registration(), PasskeyChecks().login(SITE, NOW), {"challenge": "AA"}):
        with pytest.raises(LoginRefused):
            known.check(known.device.sign(options))
    login = known.device.sign(known.checks.login(SITE, NOW))
    with pytest.raises(LoginRefused):
        known.check(login, NOW + CHALLENGE_LIFE + 1)
    assert known.check(login, NOW + CHALLENGE_LIFE) == 0
    registration = known.device.create(known.registration())
    with pytest.raises(LoginRefused):
        known.checks.check_new(SITE, 8, registration, NOW)


def test_another_key(known: Known) -> None:
    """What another key has signed is refused."""
    other = Authenticator("ovms.example", "https://ovms.example", id=known.device.id)
    other.handle = known.device.handle
    with pytest.raises(LoginRefused):
        known.check(other.sign(known.checks.login(SITE, NOW)))


def test_the_counter() -> None:
    """A counter must grow; one that does not is that of a copy."""
    known = Known(sign_count=5)
    assert known.check(known.device.sign(known.checks.login(SITE, NOW))) == 6
    for count in (4, 3, -1):  # the authenticator adds one
        known.device.sign_count = count if count >= 0 else 0
        with pytest.raises(CounterWentBack):
            known.check(known.device.sign(known.checks.login(SITE, NOW)))


@pytest.mark.parametrize("member", ["clientDataJSON", "authenticatorData", "signature"])
@pytest.mark.parametrize("value", ["", "AA", "€", "x" * 1000, None, 1])
def test_garbage(known: Known, member: str, value: object) -> None:
    """Whatever is no answer is refused."""
    credential = known.device.sign(known.checks.login(SITE, NOW))
    credential["response"][member] = value
    with pytest.raises(LoginRefused):
        known.check(credential)


@pytest.mark.parametrize("value", ["", "AA", "€", to_text(b"\xbf" * 50), None])
def test_garbage_of_a_new_one(known: Known, value: object) -> None:
    """So is whatever is no new passkey."""
    credential = known.device.create(known.registration())
    credential["response"]["attestationObject"] = value
    with pytest.raises(LoginRefused):
        known.checks.check_new(SITE, 7, credential, NOW)
    with pytest.raises(LoginRefused):
        credential_id({"rawId": None})


def test_a_changed_answer(known: Known) -> None:
    """A bit of what was signed is not changed unnoticed."""
    credential = known.device.sign(known.checks.login(SITE, NOW))
    data = to_bytes(credential["response"]["authenticatorData"])
    credential["response"]["authenticatorData"] = to_text(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(LoginRefused):
        known.check(credential)


def test_the_limit(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limit nothing more is proved until the time of a challenge is over."""
    monkeypatch.setattr(module, "USED_LIMIT", 1)
    credential = known.device.sign(known.checks.login(SITE, NOW))
    with pytest.raises(Busy):
        known.check(credential)
    later = NOW + CHALLENGE_LIFE + 1
    assert known.check(known.device.sign(known.checks.login(SITE, later)), later) == 0


def test_known_ones_are_not_made_again(known: Known) -> None:
    """The options name the passkeys that the owner has."""
    options = known.checks.registration(SITE, 7, "bob", [known.passkey], NOW)
    assert [each["id"] for each in options["excludeCredentials"]] == [to_text(known.device.id)]
    selection = options["authenticatorSelection"]
    assert (selection["residentKey"], selection["userVerification"]) == ("required", "required")
