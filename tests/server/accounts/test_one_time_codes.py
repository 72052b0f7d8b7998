from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from pyotp import TOTP

from ovms.server.accounts import one_time_codes as module
from ovms.server.accounts.errors import CodeNeeded, Throttled, WrongCode
from ovms.server.accounts.one_time_codes import (
    CODE_BURST,
    CODE_REFILL,
    PENDING_LIFE,
    RECOVERY_CODES,
    STEP,
    OneTimeCodes,
    key_uri,
    right_step,
)
from ovms.server.storage import queries, totp

if TYPE_CHECKING:
    from ovms.base.clock import ManualClock
    from ovms.server.storage.database import Database

KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
RFC_KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
BOB = 1


@pytest.fixture
def codes(database: Database, clock: ManualClock) -> OneTimeCodes:
    """Return what checks the codes of the test's owners."""
    return OneTimeCodes(database, clock)


async def switch_on(codes: OneTimeCodes, clock: ManualClock) -> tuple[str, list[str]]:
    """Switch Bob's codes on; return the key and the recovery codes."""
    key = codes.begin(7)
    recovery = await codes.confirm(BOB, 7, TOTP(key).at(int(clock.time())))
    assert recovery is not None
    return key, recovery


@pytest.mark.parametrize(
    ("time", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_standard(time: int, code: str) -> None:
    """Codes are those of RFC 6238, of which six digits are shown."""
    assert right_step(RFC_KEY, code, float(time)) == time // STEP


@pytest.mark.parametrize(
    ("later", "is_right"), [(-31, False), (-30, True), (0, True), (59, True), (60, False)]
)
def test_clocks_differ(later: int, is_right: bool) -> None:
    """The code of just before is right, too, and the next one."""
    made = TOTP(KEY).generate_otp(100)
    assert (right_step(KEY, made, 100 * STEP + later) == 100) == is_right


@pytest.mark.parametrize("code", ["", "abcdef", "12345", "é12345", "\ud800", "1" * 5000])
async def test_no_code(codes: OneTimeCodes, clock: ManualClock, code: str) -> None:
    """What is none is wrong."""
    await switch_on(codes, clock)
    with pytest.raises(WrongCode):
        await codes.check(BOB, code)


async def test_off(codes: OneTimeCodes) -> None:
    """While they are off none is asked for, and none proves anything."""
    await codes.check(BOB, None)
    await codes.check(BOB, "123456")
    with pytest.raises(WrongCode):
        await codes.prove(BOB, "123456")
    assert await codes.recovery_codes_left(BOB) is None


async def test_once(codes: OneTimeCodes, clock: ManualClock) -> None:
    """A code is right once, that of the set-up included, and may be typed with blanks."""
    key, _ = await switch_on(codes, clock)
    with pytest.raises(CodeNeeded):
        await codes.check(BOB, None)
    with pytest.raises(WrongCode):
        await codes.check(BOB, TOTP(key).at(int(clock.time())))
    clock.advance(30)
    code = TOTP(key).at(int(clock.time()))
    await codes.check(BOB, f"{code[:3]} {code[3:]}")
    with pytest.raises(WrongCode):
        await codes.check(BOB, code)


async def test_recovery_codes(codes: OneTimeCodes, clock: ManualClock) -> None:
    """Each recovery code stands in for a code once, in any case and without its hyphens."""
    _, recovery = await switch_on(codes, clock)
    assert len({*recovery}) == RECOVERY_CODES
    await codes.check(BOB, recovery[0])
    with pytest.raises(WrongCode):
        await codes.check(BOB, recovery[0])
    await codes.check(BOB, recovery[1].upper().replace("-", ""))
    assert await codes.recovery_codes_left(BOB) == RECOVERY_CODES - 2
    renewed = await codes.renew_recovery_codes(BOB)
    with pytest.raises(WrongCode):
        await codes.check(BOB, recovery[2])
    await codes.check(BOB, renewed[0])
    await codes.switch_off(BOB)
    await codes.check(BOB, None)


async def test_guessing(codes: OneTimeCodes, clock: ManualClock) -> None:
    """Wrong codes run out; then a right one is not looked at. A known address has its own tries."""
    key, recovery = await switch_on(codes, clock)
    clock.advance(30)
    for _ in range(CODE_BURST):
        with pytest.raises(WrongCode):
            await codes.check(BOB, "abc")
    with pytest.raises(Throttled) as caught:
        await codes.check(BOB, TOTP(key).at(int(clock.time())))
    assert caught.value.wait == CODE_REFILL
    await codes.check(BOB, recovery[0], "192.0.2.1")
    clock.advance(CODE_REFILL)
    for code in recovery[1:4]:  # right ones use up none
        await codes.check(BOB, code)


async def test_set_up(
    codes: OneTimeCodes, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key counts once a code of it confirms it: in the same session, in time, the newest one."""
    first = codes.begin(7)
    second = codes.begin(7)
    for session_id, key in ((7, first), (8, second)):
        with pytest.raises(WrongCode):
            await codes.confirm(BOB, session_id, TOTP(key).at(int(clock.time())))
    await codes.check(BOB, None)
    clock.advance(PENDING_LIFE)
    assert not codes.has_begun(7)
    with pytest.raises(WrongCode):
        await codes.confirm(BOB, 7, TOTP(second).at(int(clock.time())))
    monkeypatch.setattr(module, "PENDING_LIMIT", 2)
    for session_id in (1, 2, 3):
        codes.begin(session_id)
    assert [codes.has_begun(session_id) for session_id in (1, 2, 3)] == [False, True, True]


async def test_no_owner(codes: OneTimeCodes, database: Database, clock: ManualClock) -> None:
    """The codes go with their owner."""
    _, recovery = await switch_on(codes, clock)
    with database.writing() as connection:
        queries.remove_owner(connection, "bob", 5.0, with_vehicles=True)
    with pytest.raises(WrongCode):
        await codes.prove(BOB, recovery[0])
    assert not await database.read(partial(totp.count_recovery_codes, owner_id=BOB))


def test_uri() -> None:
    """What a picture shows names the server and the owner."""
    parts = urlsplit(key_uri(KEY, "Bob ü&?/", "ovms.example"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parse_qs(parts.query) == {"secret": [KEY], "issuer": ["ovms.example"]}
