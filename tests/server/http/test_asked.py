from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from ovms.protocol.commands import Command
from ovms.server.accounts.login import Credential, Login
from ovms.server.http.asked import AskedCommands, WaitingCommand
from ovms.server.hub.asking import AskedCommand
from tests.server.hub.fakes import Place

if TYPE_CHECKING:
    from ovms.server.audit import Audit

ALICE = Login(2, "alice", ("CAR1",), Credential("v2"))


class Trail:
    """An audit trail that is only read here."""

    def __init__(self) -> None:
        self.details: list[str] = []

    def put(self, action: str, *, detail: str, **_: object) -> None:
        """Note an entry."""
        self.details.append(f"{action} {detail}")


class Site:
    """A car that is busy with one command, and what holds those behind it."""

    def __init__(self) -> None:
        self.trail = Trail()
        self.asked = AskedCommands(cast("Audit", self.trail))
        self.place = Place()
        self.car = self.place.car()
        self.first = AskedCommand(self.place.room, Command(11))

    def wait(self) -> AskedCommand:
        """Have a command of Alice wait, which she may send while she has the car."""
        asked = AskedCommand(self.place.room, Command(12))
        self.asked.keep(
            WaitingCommand(asked, ALICE, "CAR1", "charge-stop", lambda login: bool(login.vehicles))
        )
        return asked


async def test_what_was_sent() -> None:
    """A command that was sent is held no longer, and none that never waited."""
    site = Site()
    site.asked.keep(WaitingCommand(site.first, ALICE, "CAR1", "charge-start", lambda _: False))
    assert [*site.asked.logins()] == []
    site.wait()
    assert [*site.asked.logins()] == [ALICE]
    site.car.says("c11,0")
    assert [*site.asked.logins()] == []
    site.asked.update({ALICE: None})
    assert site.trail.details == []


async def test_a_login_that_goes_on() -> None:
    """A login that changed and may still send it holds the command on; its end withdraws it."""
    site = Site()
    asked = site.wait()
    other = replace(ALICE, vehicles=("CAR1", "CAR2"))
    site.asked.update({ALICE: other})
    assert asked.is_waiting
    assert [*site.asked.logins()] == [other]
    site.asked.update({other: None})
    assert asked.is_over
    assert [*site.asked.logins()] == []
    assert site.trail.details == ["command.withdrawn charge-stop: login_ended"]


async def test_a_right_that_is_lost() -> None:
    """A login that may send it no more has it withdrawn."""
    site = Site()
    asked = site.wait()
    site.asked.update({ALICE: replace(ALICE, vehicles=())})
    assert asked.is_over
    assert site.trail.details == ["command.withdrawn charge-stop: right_lost"]
