"""The library for programs that have no event loop: the same names, and calls that wait.

::

    with app.sync.connect("example.org", "DEMO", "secret", tls=True) as car:
        print(car.snapshot.status.soc)
        answers = car.command("lock", "1234")

Each connection has a thread of its own, which runs an event loop. Its methods may be called from
any thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from ovms.app import access, following
from ovms.app.access import Connecting, ConnectOptions, ServerOptions
from ovms.app.client import ALERT_TIMEOUT, COMMAND_TIMEOUT, App
from ovms.app.errors import ConnectionLost
from ovms.app.following import FollowOptions, Update
from ovms.app.listings import HistoryRow, SummaryRow, UtilisationRow
from ovms.app.snapshot import Snapshot
from ovms.protocol import Message
from ovms.protocol.commands import Answer
from ovms.protocol.records.alert import AlertKind
from ovms.protocol.welcome import FIRST_VEHICLE

__all__ = ["SyncApp", "SyncUpdate", "connect", "connect_owner", "follow", "follow_owner",
           "list_vehicles"]  # fmt: skip

T = TypeVar("T")


class LoopThread:
    """A thread that runs an event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="ovms.app.sync", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(_calls_ended())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and return its result. If the wait is interrupted, it is cancelled.

        Raises :class:`ConnectionLost` once the thread is stopped.
        """
        outcome: Future[T] = Future()
        tasks: list[asyncio.Task[T]] = []

        def start() -> None:
            tasks.append(self._loop.create_task(work))
            tasks[0].add_done_callback(lambda task: _transfer(task, outcome))

        with self._lock:
            if self._is_stopped:
                work.close()
                raise ConnectionLost("the connection is closed")
            self._loop.call_soon_threadsafe(start)
        try:
            return outcome.result()
        except BaseException:
            if not outcome.done():  # Ctrl-C: what was begun must have ended before we go on
                self._loop.call_soon_threadsafe(lambda: tasks[0].cancel())
                with suppress(CancelledError):
                    outcome.exception()
            raise

    def iterate(self, items: AsyncGenerator[T, None]) -> Generator[T, None, None]:
        """Yield the items of an asynchronous generator, and close it at the end."""
        end: object = object()

        async def take() -> Any:
            return await anext(items, end)

        try:
            while (item := self.run(take())) is not end:
                yield item
        finally:
            with suppress(ConnectionLost):  # the thread closes it when it is stopped
                self.run(items.aclose())

    def stop(self) -> None:
        """End the thread after the calls that have begun. May be called again.

        Close their connection first, which ends them.
        """
        with self._lock:
            if not self._is_stopped:
                self._is_stopped = True
                self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


async def _calls_ended() -> None:
    """Wait until every call of another thread has its outcome."""
    calls = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*calls, return_exceptions=True)


def _transfer(task: asyncio.Task[T], outcome: Future[T]) -> None:
    if task.cancelled():
        outcome.cancel()
    elif (error := task.exception()) is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(task.result())


class SyncApp:
    """A connection to one vehicle: an :class:`~ovms.app.client.App` with calls that wait.

    Leaving ``with`` closes it. Methods raise what those of the same name of ``App`` raise.
    """

    def __init__(self, app: App, thread: LoopThread, *, owns_thread: bool) -> None:
        self._app = app
        self._thread = thread
        self._owns_thread = owns_thread
        self._is_closed = False

    @property
    def snapshot(self) -> Snapshot:
        """What is known of the vehicle, as of now."""
        try:
            return self._thread.run(_do(self._app.snapshot.copy))
        except ConnectionLost:  # the thread is stopped, and changes it no more
            return self._app.snapshot.copy()

    @property
    def vehicle_ids(self) -> tuple[str, ...]:
        """All vehicles of the owner who is connected; only this one, if connected by its secret."""
        return self._app.vehicle_ids

    def messages(self) -> Generator[Message, None, None]:
        """Yield the messages that come from now on, until the connection is lost."""
        return self._thread.iterate(self._thread.run(_do(self._app.messages)))

    def command(
        self, name: str | int, *parameters: str, timeout: float = COMMAND_TIMEOUT
    ) -> list[Answer]:
        """Send a command by name or number, and return its answer: usually one, or all its rows."""
        return self._thread.run(self._app.command(name, *parameters, timeout=timeout))

    def history(
        self,
        type: str,  # noqa: A002 (the protocol's word)
        since: datetime | None = None,
    ) -> Generator[HistoryRow, None, None]:
        """Yield the records of a type: all of them, or those after ``since``."""
        return self._thread.iterate(self._app.history(type, since))

    def history_summary(self, since: datetime | None = None) -> Generator[SummaryRow, None, None]:
        """Yield the types of records in the history."""
        return self._thread.iterate(self._app.history_summary(since))

    def utilisation(self) -> Generator[UtilisationRow, None, None]:
        """Yield the traffic by day, newest first."""
        return self._thread.iterate(self._app.utilisation())

    def join_group(self, name: str) -> None:
        """Ask for the positions of a group's cars."""
        self._thread.run(_do(lambda: self._app.join_group(name)))

    def alert(
        self,
        text: str,
        kind: AlertKind = AlertKind.INFORMATION,
        *,
        timeout: float = ALERT_TIMEOUT,
    ) -> None:
        """Send an alert to everybody who wants this vehicle's. Return when the server has it."""
        self._thread.run(self._app.alert(text, kind, timeout=timeout))

    def send(self, message: Message) -> None:
        """Send any message."""
        self._thread.run(_do(lambda: self._app.send(message)))

    def lost(self) -> None:
        """Wait until the connection is lost."""
        self._thread.run(self._app.lost())

    def close(self) -> None:
        """Close the connection. May be called again."""
        if self._is_closed:
            return
        self._is_closed = True
        with suppress(ConnectionLost):
            self._thread.run(self._app.close())
        if self._owns_thread:
            self._thread.stop()

    def __enter__(self) -> Self:
        """Use the connection."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self.close()


@dataclass(frozen=True, slots=True)
class SyncUpdate:
    """An :class:`~ovms.app.following.Update` for programs without an event loop."""

    message: Message
    app: SyncApp
    """The connection that it came by, for commands. It is closed when the iteration ends."""
    is_stored: bool

    @property
    def snapshot(self) -> Snapshot:
        """What is known of the vehicle, as of now."""
        return self.app.snapshot


def connect(server: str, vehicle: str, secret: str, **options: Unpack[ConnectOptions]) -> SyncApp:
    """Connect to a vehicle by its secret. See :func:`ovms.app.access.connect`."""
    return _open(access.connect(server, vehicle, secret, **options))


def connect_owner(
    server: str,
    user: str,
    password: str,
    vehicle: str = FIRST_VEHICLE,
    **options: Unpack[ConnectOptions],
) -> SyncApp:
    """Connect to a vehicle as its owner. See :func:`ovms.app.access.connect_owner`."""
    return _open(access.connect_owner(server, user, password, vehicle, **options))


def list_vehicles(
    server: str, user: str, password: str, **options: Unpack[ServerOptions]
) -> tuple[str, ...]:
    """Return the ids of an owner's vehicles. See :func:`ovms.app.access.list_vehicles`."""
    thread = LoopThread()
    try:
        return thread.run(access.list_vehicles(server, user, password, **options))
    finally:
        thread.stop()


def follow(
    server: str, vehicle: str, secret: str, **options: Unpack[FollowOptions]
) -> Generator[SyncUpdate, None, None]:
    """Yield an update for each message, across reconnections.

    See :func:`ovms.app.following.follow`. ``on_connect`` and ``on_lost`` are called in the thread
    of the connection.
    """
    return _follow(following.follow(server, vehicle, secret, **options))


def follow_owner(
    server: str,
    user: str,
    password: str,
    vehicle: str = FIRST_VEHICLE,
    **options: Unpack[FollowOptions],
) -> Generator[SyncUpdate, None, None]:
    """Follow a vehicle as its owner. See :func:`follow`."""
    return _follow(following.follow_owner(server, user, password, vehicle, **options))


def _open(connecting: Connecting) -> SyncApp:
    async def connect_it() -> App:
        return await connecting

    thread = LoopThread()
    try:
        return SyncApp(thread.run(connect_it()), thread, owns_thread=True)
    except BaseException:
        thread.stop()
        raise


def _follow(updates: AsyncGenerator[Update, None]) -> Generator[SyncUpdate, None, None]:
    thread = LoopThread()
    try:
        for update in thread.iterate(updates):
            app = SyncApp(update.app, thread, owns_thread=False)
            yield SyncUpdate(update.message, app, update.is_stored)
    finally:
        thread.stop()


async def _do(call: Callable[[], T]) -> T:
    return call()
