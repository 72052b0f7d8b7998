"""A view that is drawn again each second, and says when the server is gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from rich.console import RenderableType
from rich.live import Live

from ovms.app.client import App
from ovms.app.errors import Error
from ovms.app.following import OnConnect
from ovms.cli.show import ServerLoss
from ovms.cli.target import Target, stay

REDRAW_INTERVAL = 1.0
"""Seconds after which the view is drawn again though nothing has come: what is shown grows old."""

Load = Callable[[App, float], Awaitable[None]]


class Draw(Protocol):
    """Draws the view."""

    def __call__(self, now: float, *, loss: ServerLoss | None) -> RenderableType:
        """Return the view at a time in Unix seconds; with a loss the server is gone."""
        ...


async def _load_nothing(app: App, now: float) -> None:
    """Do nothing: all that is shown comes by itself."""


class LiveView:
    """Follows a vehicle, and draws it when something comes, and each second."""

    def __init__(
        self,
        target: Target,
        draw: Draw,
        load: Load = _load_nothing,
        join: OnConnect = lambda app: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._target = target
        self._draw = draw
        self._load = load
        self._join = join
        self._now = now
        self._news = asyncio.Event()
        self._loss: ServerLoss | None = None
        self._loads: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Follow the vehicle until Ctrl-C, or until trying again cannot help."""
        with Live(self.drawn(), auto_refresh=False) as live:
            following = asyncio.create_task(
                stay(self._target, lambda message: self._news.set(), self.connected, self.lost)
            )
            drawing = asyncio.create_task(self._redraw(live))
            tasks = {following, drawing, *self._loads}
            try:
                done, _ = await asyncio.wait(
                    {following, drawing}, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                for task in (tasks := {following, drawing, *self._loads}):
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    def drawn(self) -> RenderableType:
        """Return the view as it is now."""
        return self._draw(self._now(), loss=self._loss)

    def connected(self, app: App) -> None:
        """Handle a new connection: the server is there again, and tells what it keeps."""
        self._loss = None
        self._news.set()
        self._join(app)
        loading = asyncio.create_task(self._load_into(app))
        self._loads.add(loading)
        loading.add_done_callback(self._loads.discard)

    async def _load_into(self, app: App) -> None:
        with suppress(Error):  # a loss of the connection is told by the one who follows
            await self._load(app, self._now())
        self._news.set()

    def lost(self, error: Error, pause: float) -> None:
        """Handle the loss of the connection: from now on what is shown is old."""
        now = self._now()
        since = self._loss.since if self._loss is not None else now
        self._loss = ServerLoss(since, str(error), now + pause)
        self._news.set()

    async def _redraw(self, live: Live) -> None:
        while True:
            live.update(self.drawn(), refresh=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(REDRAW_INTERVAL):
                    await self._news.wait()
            self._news.clear()
