from __future__ import annotations

import asyncio
from typing import Any, Self

import pytest
import typer
from typer.testing import CliRunner

from ovms.app.snapshot import Snapshot
from ovms.cli.target import PASSING_REFUSALS, MakeTarget, stay, takes_plain_target, takes_target
from ovms.net.client import ConnectFailed, ConnectionLost, Untrusted, WelcomeRefused
from tests.waiting import PATIENCE


class FakeTarget:
    """Connections that end as a list says: an app that is lost (``None``), or an error."""

    def __init__(self, *ends: Exception | None) -> None:
        self.snapshot = Snapshot("CAR1")
        self.ends = list(ends)

    async def open(self, *_: object) -> Self:
        """Return the next connection, or fail as told."""
        end = self.ends.pop(0)
        if end is not None:
            raise end
        return self

    async def lost(self) -> None:
        """Be lost at once."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note the pauses instead of waiting."""
    made: list[float] = []

    async def sleep(seconds: float) -> None:
        made.append(seconds)

    monkeypatch.setattr("ovms.cli.target.asyncio.sleep", sleep)
    return made


REFUSED = WelcomeRefused("refused")


@pytest.mark.parametrize(
    ("ends", "tries"),
    [
        ([REFUSED], 0),
        ([ConnectFailed("away"), REFUSED], 1),
        ([Untrusted("certificate")], 0),
        ([None, *[REFUSED] * (PASSING_REFUSALS + 1)], 1 + PASSING_REFUSALS),
        ([None, REFUSED, None, *[REFUSED] * (PASSING_REFUSALS + 1)], 3 + PASSING_REFUSALS),
        ([None, ConnectionLost("amid"), ConnectFailed("away"), Untrusted("other")], 3),
    ],
)
async def test_when_a_connection_is_made_again(
    ends: list[Exception | None],
    tries: int,
    pauses: list[float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A refusal is the last word of a server that never welcomed us; else it may be in passing."""
    fake: Any = FakeTarget(*ends)
    with pytest.raises((WelcomeRefused, Untrusted)):
        await asyncio.wait_for(stay(fake, lambda message: None), PATIENCE)
    assert fake.ends == []
    assert len(pauses) == tries
    assert capsys.readouterr().err.count("trying again") == tries


def test_a_command_gets_its_target_only_when_it_asks() -> None:
    """Its own options are checked first; the shared ones are on its help page."""
    app = typer.Typer()

    @takes_target
    def everything(target: MakeTarget, name: str, asks: bool = False) -> None:
        """Do."""
        if asks:
            target()

    @takes_plain_target
    def plain(target: MakeTarget) -> None:
        """Do less."""

    app.command()(everything)
    app.command()(plain)
    run = CliRunner()
    assert run.invoke(app, ["everything", "x"]).exit_code == 0
    asked = run.invoke(app, ["everything", "x", "--asks"], env={"OVMS_SERVER": ""})
    assert (asked.exit_code, asked.stderr) == (2, "ovms: give --server or OVMS_SERVER\n")
    assert run.invoke(app, ["everything"]).exit_code == 2
    assert run.invoke(app, ["plain", "--websocket"]).exit_code == 0
    assert run.invoke(app, ["plain", "--paranoid", "x"]).exit_code == 2
