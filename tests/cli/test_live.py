from __future__ import annotations

import asyncio
import io
import sys
from contextlib import asynccontextmanager
from typing import Any

import pytest
from rich.console import RenderableType

from ovms.app.alerts import load_alerts
from ovms.app.client import App
from ovms.app.errors import WelcomeRefused
from ovms.base.backoff import Backoff
from ovms.cli import live as live_module
from ovms.cli.live import LiveView
from ovms.cli.login import Credentials
from ovms.cli.show import ServerLoss
from ovms.cli.target import Target
from ovms.protocol import Message
from tests.app.scripted import SECRET, STATUS, VEHICLE, ScriptedServer, rows
from tests.waiting import until


@pytest.fixture(autouse=True)
def _screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw into memory, and redraw as fast as it goes."""
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(live_module, "REDRAW_INTERVAL", 0.01)
    monkeypatch.setattr(Backoff, "next", lambda self: 0.05)


class Drawn:
    """What was drawn: the time, what is known of the charge, and whether the server is lost."""

    def __init__(self, target: Target) -> None:
        self.views: list[tuple[float, Any, ServerLoss | None]] = []
        self._target = target
        self.time = 0.0

    def __call__(self, now: float, *, loss: ServerLoss | None) -> RenderableType:
        """Note what is drawn."""
        self.views.append((now, self._target.snapshot.status.soc, loss))
        return "drawn"

    def clock(self) -> float:
        """Return a time that is later each time."""
        self.time += 1
        return self.time

    @property
    def last(self) -> tuple[float, Any, ServerLoss | None]:
        """What was drawn last."""
        return self.views[-1]


@asynccontextmanager
async def watched(server: ScriptedServer, **options: Any) -> Any:
    """Watch a vehicle, and yield what is drawn."""
    target = Target(("127.0.0.1", server.port), Credentials(VEHICLE, SECRET))
    drawn = Drawn(target)
    task = asyncio.create_task(LiveView(target, drawn, now=drawn.clock, **options).run())
    try:
        yield drawn, target
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_is_drawn_again_though_nothing_comes() -> None:
    """What is shown grows old each second, not only when something comes."""
    async with ScriptedServer([STATUS]) as server, watched(server) as (drawn, _):
        await until(lambda: drawn.views and drawn.last[1] == 80)
        count = len(drawn.views)
        await until(lambda: len(drawn.views) > count + 3)
        assert drawn.last[0] > drawn.views[count][0]
        server.send(Message("S", b"81,K"))
        await until(lambda: drawn.last[1] == 81)


async def test_a_lost_server_is_drawn_until_it_is_back() -> None:
    """The view keeps what was known, says since when the server is gone, and when it is back."""
    async with ScriptedServer([STATUS]) as server, watched(server) as (drawn, _):
        await until(lambda: drawn.views and drawn.last[1] == 80)
        server.refuses = True
        server.drop()
        await until(lambda: drawn.last[2] is not None)
        loss = drawn.last[2]
        assert loss.reason.startswith("the connection to the server is lost")
        await until(lambda: drawn.last[2].reason != loss.reason)
        assert drawn.last[2].since == loss.since
        assert drawn.last[1] == 80
        server.refuses = False
        await until(lambda: drawn.last[2] is None)


async def test_each_connection_joins_and_loads() -> None:
    """What must be asked for is asked for by each new connection."""
    joined: list[App] = []
    async with ScriptedServer([STATUS]) as server:
        server.on["C"] = rows(32, ["*-Log-Notification,2025-06-01 18:00:00,0,A,stopped"])
        options = {"load": load_alerts, "join": joined.append}
        async with watched(server, **options) as (_, target):
            await until(lambda: target.snapshot.alert_log.alerts)
            server.drop()
            await until(lambda: len(server.codes("C")) == 2)
        assert len(joined) == 2
        assert len(target.snapshot.alert_log.alerts) == 1


async def test_a_refusal_ends_it() -> None:
    """What trying again cannot help is raised, and nothing goes on behind it."""
    async with ScriptedServer() as server:
        target = Target(("127.0.0.1", server.port), Credentials(VEHICLE, "wrong"))
        with pytest.raises(WelcomeRefused):
            await LiveView(target, Drawn(target)).run()
    assert asyncio.all_tasks() == {asyncio.current_task()}
