from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from ovms.app import App, ConnectFailed, Snapshot, WelcomeRefused
from ovms.app.access import Access
from ovms.base.backoff import Backoff
from ovms.cli.login import Credentials
from ovms.cli.target import MakeTarget, Target, stay, takes_plain_target, takes_target
from ovms.protocol import Role


async def test_each_loss_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A connection that cannot be made is one line; what trying again cannot help ends it."""
    ends = [ConnectFailed("no connection"), WelcomeRefused("refused")]

    async def start(access: Access, snapshot: Snapshot) -> App:
        assert access.role is Role.APP
        raise ends.pop(0)

    monkeypatch.setattr(Access, "start", start)
    monkeypatch.setattr(Backoff, "next", lambda self: 0.0)
    target = Target(("127.0.0.1", 1), Credentials("CAR1", "secret"))
    with pytest.raises(WelcomeRefused):
        await stay(target, lambda message: None)
    assert capsys.readouterr().err == "ovms: no connection; trying again in 0 s\n"


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
