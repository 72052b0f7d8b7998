from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from ovms.protocol import Message, Role
from ovms.server.accounts.login import Credential, Login
from ovms.server.call_notes import CallNotes
from ovms.server.failed_calls import FailureReason

if TYPE_CHECKING:
    from ovms.server.audit import Audit
    from ovms.server.failed_calls import FailedCalls

LOGIN = Login(1, "bob", ("CAR1",), Credential("v2"))


class Kept:
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def put(self, action: str, **said: str) -> None:
        """Keep an entry."""
        self.said.append((action, *said.values()))

    def note(self, *said: object) -> None:
        """Keep a failure."""
        self.said.append(said)


def notes() -> tuple[CallNotes, Kept]:
    """Return notes, and what keeps them."""
    kept = Kept()
    return CallNotes(cast("Audit", kept), cast("FailedCalls", kept)), kept


@pytest.mark.parametrize(
    ("message", "role", "login", "detail"),
    [(Message("C", b"20,1234"), Role.APP, LOGIN, "20 lock"),
     (Message("C", b"999"), Role.BATCH, LOGIN, "999"),
     (Message("C", b"20,1234"), Role.APP, None, "20 lock, by an app with the vehicle's secret"),
     (Message("E", b"MCsealed"), Role.APP, LOGIN, "sealed")],
)  # fmt: skip
def test_commands(message: Message, role: Role, login: Login | None, detail: str) -> None:
    """A command is noted with number and name, and nothing of what it says."""
    made, kept = notes()
    made.command(message, role, "CAR1", login, "192.0.2.1")
    assert kept.said == [("command", "bob" if login else "", "CAR1", detail, "192.0.2.1")]


@pytest.mark.parametrize(
    ("message", "role"),
    [(Message("C", b"20,1234"), Role.CAR), (Message("C", b"32"), Role.APP),
     (Message("C", b"lock"), Role.APP), (Message("E", b"Tsecret"), Role.APP),
     (Message("A", b""), Role.APP)],
)  # fmt: skip
def test_other_messages(message: Message, role: Role) -> None:
    """What is no command to the car is not noted."""
    made, kept = notes()
    made.command(message, role, "CAR1", LOGIN, "192.0.2.1")
    assert not kept.said


def test_failures() -> None:
    """Why a car failed to connect goes on to whoever keeps it."""
    made, kept = notes()
    made.failed("CAR1", "192.0.2.1", FailureReason.BUSY)
    assert kept.said == [("CAR1", "192.0.2.1", FailureReason.BUSY)]
