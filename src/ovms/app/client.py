"""An app's connection: everything the server stored, then what comes, and commands with answers."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self, TypeVar
from weakref import WeakSet

from ovms.app.inbox import Inbox
from ovms.app.listings import (
    CommandFailed,
    HistoryRow,
    SummaryRow,
    UtilisationRow,
    is_nothing,
    wire_time,
)
from ovms.app.paranoid import Opener, PasswordNeeded
from ovms.app.snapshot import Snapshot
from ovms.base.clock import Clock, SystemClock
from ovms.net.client import (
    WELCOME_TIMEOUT,
    ClientConnection,
    ConnectFailed,
    ConnectionLost,
    connect,
    connect_owner,
)
from ovms.protocol import Message, Role
from ovms.protocol.commands import (
    BY_NAME,
    BY_NUMBER,
    Answer,
    Command,
    Result,
)
from ovms.protocol.paranoid import WrongPassword, sealed_message
from ovms.protocol.records.alert import Alert, AlertKind
from ovms.protocol.welcome import FIRST_VEHICLE

COMMAND_TIMEOUT = 10.0
"""Seconds to wait for an answer unless told otherwise."""

ROW_TIMEOUT = 5.0
"""Seconds between the rows of one answer: old modules leave the last ones out."""

PING_INTERVAL = 180.0
"""Seconds between pings: they keep the connection from being closed as idle after 20 minutes."""

LISTING_TIMEOUT = 60.0
"""Seconds until the server has the first row, or the next one, of what it keeps."""

LISTING_LIMIT = 1000
"""Rows that wait for whoever lists them, before the connection is not read any more."""

LISTENER_LIMIT = 1000
"""Messages that wait for any other listener, before the connection is not read any more."""


class NoAnswer(Exception):
    """The car did not answer a command in time."""


def find_command(name: str, *parameters: str) -> Command:
    """Make a command from its name or number and its parameters; a choice may be a word.

    Raises ``ValueError`` for a name that is not in the command table.
    """
    if name.isdecimal() and int(name) <= 65535:
        number = int(name)
    elif name in BY_NAME:
        number = BY_NAME[name].number
    else:
        raise ValueError(f"no command is called {name!r}")
    spec = BY_NUMBER.get(number)
    texts = spec.in_numbers(parameters) if spec is not None else parameters
    return Command(number, ",".join(texts))


class Listing(Protocol):
    """A row of what the server keeps."""

    @classmethod
    def parse(cls, answer: Answer) -> Self:
        """Read a row. Raises ``ValueError``."""
        ...


R = TypeVar("R", bound=Listing)


class App:
    """A connection to one vehicle as an app. Made by :func:`open_app` and the like."""

    def __init__(
        self,
        connection: ClientConnection,
        snapshot: Snapshot,
        clock: Clock,
        on_message: Callable[[Message], None],
    ) -> None:
        self.snapshot = snapshot
        self._on_message = on_message
        self._connection = connection
        self._clock = clock
        self._listeners: WeakSet[Inbox] = WeakSet()  # whoever is gone holds nobody back
        self._commanding = asyncio.Lock()
        self._read: set[int] = set()
        """Numbers of the commands whose answers are being read."""
        self._pings = self._pongs = 0
        self._replayed = asyncio.Event()
        self._has_replay = False
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep_alive())]

    async def replayed(self) -> None:
        """Wait until everything that the server had stored is in the snapshot.

        Raises :class:`~ovms.net.client.ConnectionLost`.
        """
        await self._replayed.wait()
        if not self._has_replay:
            await self.lost()
            raise ConnectionLost("the connection to the server is lost")

    def messages(self) -> AsyncIterator[Message]:
        """Return the messages that come from now on, until the connection is lost.

        Sealed ones are opened where that is possible. Whoever takes them slowly holds the
        connection back, so that no more than :data:`LISTENER_LIMIT` wait; meanwhile nothing else
        comes either.
        """
        return self._drain(self._subscribe(Inbox(LISTENER_LIMIT)))

    async def _drain(self, inbox: Inbox) -> AsyncIterator[Message]:
        try:
            while (message := await inbox.get()) is not None:
                yield message
        finally:
            self._leave(inbox)

    # -- commands ---------------------------------------------------------------------------

    async def command(
        self, name: str | int, *parameters: str, timeout: float = COMMAND_TIMEOUT
    ) -> list[Answer]:
        """Send a command by name or number, and wait for its answer: usually one, or its rows.

        Of several commands at once each is sent when the one before is answered or given up: an
        answer tells no more than a number, and a sealed one not even that.

        It goes sealed to a car that seals, if there is a password; what the server answers goes
        in plain. ``timeout`` in seconds, from when it is sent. Raises :class:`NoAnswer`,
        ``ValueError`` for an unknown name, ``RuntimeError`` while :meth:`history` or its like
        reads an answer to the same command, :class:`~ovms.protocol.paranoid.WrongPassword`,
        :class:`~ovms.app.paranoid.PasswordNeeded` for an answer that cannot be opened, and
        :class:`~ovms.net.client.ConnectionLost`.
        """
        command = find_command(str(name), *parameters)
        async with self._commanding:
            with self._reading(command.number):
                return await self._ask(command, timeout)

    async def _ask(self, command: Command, timeout: float) -> list[Answer]:
        inbox = self._subscribe(Inbox(LISTENER_LIMIT, "cE"))
        answers: list[Answer] = []
        try:
            self._connection.send(self._prepare(command))
            while not answers or not answers[-1].is_last:
                limit = min(timeout, ROW_TIMEOUT) if answers else timeout
                async with asyncio.timeout(limit):
                    answers.append(await self._next_answer(inbox, command.number))
        except TimeoutError:
            if not answers:
                raise NoAnswer(f"no answer to command {command.number} in {timeout:g} s") from None
        finally:
            self._leave(inbox)
        return answers

    @contextmanager
    def _reading(self, number: int) -> Iterator[None]:
        """Have the answer to a command to oneself."""
        if number in self._read:
            raise RuntimeError(f"an answer to command {number} is still being read")
        self._read.add(number)
        try:
            yield
        finally:
            self._read.discard(number)

    def _prepare(self, command: Command) -> Message:
        if _is_by_server(command.number):
            return command.message
        return self.snapshot.opener.seal(command.message)

    async def _next_answer(self, inbox: Inbox, number: int) -> Answer:
        while (message := await inbox.get()) is not None:
            answer = Answer.parse(message.data) if message.code == "c" else None
            if answer is not None and answer.number == number:
                return answer
            sealed = sealed_message(message)
            if sealed is not None and sealed.code == "c" and not _is_by_server(number):
                raise WrongPassword if self.snapshot.opener.has_password else PasswordNeeded
        raise ConnectionLost("the connection was lost before the answer came")

    # -- what the server keeps --------------------------------------------------------------

    def history(self, type: str, since: datetime | None = None) -> AsyncIterator[HistoryRow]:  # noqa: A002 (the protocol's word)
        """List the records of a type, those after ``since`` (no zone is UTC); none is no error.

        Rows are given as they come. Whoever takes them slowly holds the connection back, so that
        no more than :data:`LISTING_LIMIT` wait; meanwhile nothing else comes either. One listing
        of a kind runs at a time (``RuntimeError``). While it runs it raises
        :class:`~ovms.app.listings.CommandFailed`, :class:`NoAnswer` and
        :class:`~ovms.net.client.ConnectionLost`.
        """
        if "," in type or not type:
            raise ValueError(f"{type!r} is no type of record")
        parameters = (type,) if since is None else (type, wire_time(since))
        return self._list(HistoryRow, find_command("history", *parameters), type)

    def history_summary(self, since: datetime | None = None) -> AsyncIterator[SummaryRow]:
        """List the types of records in the history. See :meth:`history`."""
        parameters = () if since is None else (wire_time(since),)
        return self._list(SummaryRow, find_command("history-summary", *parameters))

    def utilisation(self) -> AsyncIterator[UtilisationRow]:
        """List the traffic by day, newest first. See :meth:`history`."""
        return self._list(UtilisationRow, find_command("utilisation"))

    async def _list(self, kind: type[R], command: Command, only: str = "") -> AsyncIterator[R]:
        with self._reading(command.number):
            inbox = self._subscribe(Inbox(LISTING_LIMIT, "c"))
            try:
                self._connection.send(command.message)
                async for answer in self._rows(inbox, command.number, only):
                    try:
                        yield kind.parse(answer)
                    except ValueError as error:
                        raise CommandFailed(str(error)) from error
            finally:
                self._leave(inbox)

    async def _rows(self, inbox: Inbox, number: int, only: str) -> AsyncIterator[Answer]:
        """Yield the rows of one answer; what is left of one that nobody read on is passed over."""
        has_begun = False
        while True:
            try:
                async with asyncio.timeout(LISTING_TIMEOUT):
                    answer = await self._next_answer(inbox, number)
            except TimeoutError:
                raise NoAnswer(
                    f"nothing more of the answer to command {number} in {LISTING_TIMEOUT:g} s"
                ) from None
            if is_nothing(answer):
                return
            if answer.result != Result.OK:
                raise CommandFailed(f"the server did not answer command {number}: {answer.text}")
            has_begun = has_begun or _is_first(answer, only)
            if has_begun:
                yield answer
                if answer.is_last:
                    return

    # -- groups and alerts ------------------------------------------------------------------

    def join_group(self, name: str) -> None:
        """Ask for the positions of a group's cars: they come as ``g``, and are in the snapshot.

        Raises ``ValueError`` for a name that cannot be one.
        """
        if not name or "," in name:
            raise ValueError(f"{name!r} cannot be the name of a group")
        self._connection.send(Message("G", name.encode()))

    async def alert(
        self,
        text: str,
        kind: AlertKind = AlertKind.INFORMATION,
        *,
        timeout: float = COMMAND_TIMEOUT,
    ) -> None:
        """Send an alert to everybody who wants this vehicle's; return when the server has it.

        Raises :class:`NoAnswer` and :class:`~ovms.net.client.ConnectionLost`.
        """
        self._connection.send(Alert(kind.value, text).message)
        try:
            async with asyncio.timeout(timeout):
                await self._settle()
        except TimeoutError:
            raise NoAnswer(f"the server did not answer in {timeout:g} s") from None

    async def _settle(self) -> None:
        """Wait until the server has read everything that was sent."""
        inbox = self._subscribe(Inbox(LISTENER_LIMIT, "a"))
        try:
            self._ping()
            awaited = self._pings
            while self._pongs < awaited:
                if await inbox.get() is None:
                    raise ConnectionLost("the connection was lost before the server had it all")
        finally:
            self._leave(inbox)

    def send(self, message: Message) -> None:
        """Send any message. Raises :class:`~ovms.net.client.ConnectionLost`."""
        self._connection.send(message)

    async def lost(self) -> None:
        """Wait until the connection is lost. Raises what ``on_message`` raised."""
        listening = self._tasks[0]
        await asyncio.wait([listening])
        if not listening.cancelled():
            listening.result()

    async def close(self) -> None:
        """End the connection. May be called again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._connection.close()

    async def __aenter__(self) -> Self:
        """Use the connection."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        await self.close()

    def _subscribe(self, inbox: Inbox) -> Inbox:
        self._listeners.add(inbox)
        if self._tasks[0].done():
            inbox.close()
        return inbox

    def _leave(self, inbox: Inbox) -> None:
        self._listeners.discard(inbox)
        inbox.close()

    async def _listen(self) -> None:
        """Take every message; the answer to our first ping marks the end of what was stored."""
        try:
            async for message in self._connection:
                readable = self._take(message)
                for inbox in tuple(self._listeners):
                    await inbox.put(readable)
        finally:
            self._replayed.set()
            for inbox in self._listeners:
                inbox.close()

    def _take(self, message: Message) -> Message:
        message = self.snapshot.receive(message, self._clock.time())
        self._on_message(message)
        if message.code == "A":
            with suppress(ConnectionLost):  # what came before is still taken
                self._connection.send(Message("a"))
        elif message.code == "a":
            self._pongs += 1
            self._has_replay = True
            self._replayed.set()
        return message

    def _ping(self) -> None:
        self._connection.send(Message("A"))
        self._pings += 1

    async def _keep_alive(self) -> None:
        while True:
            self._ping()
            await asyncio.sleep(PING_INTERVAL)


def _is_by_server(number: int) -> bool:
    spec = BY_NUMBER.get(number)
    return spec is not None and spec.by_server


def _is_first(answer: Answer, only: str) -> bool:
    """Return whether a row is the first of its answer, and of the type that was asked for.

    What is no row counts as one, so that it is refused rather than passed over.
    """
    position, *rest = answer.text.split(",", 3)
    if not position.isdecimal() or len(rest) < 2:
        return True
    return position == "1" and (not only or rest[1].casefold() == only.casefold())


async def open_app(
    host: str,
    port: int,
    vehicle_id: str,
    secret: str,
    *,
    role: Role = Role.APP,
    timeout: float = WELCOME_TIMEOUT,
    paranoid: str | None = None,
    snapshot: Snapshot | None = None,
    clock: Clock | None = None,
    on_message: Callable[[Message], None] = lambda message: None,
    tls: ssl.SSLContext | None = None,
    websocket: bool = False,
) -> App:
    """Connect as an app (or batch client) and take in what the server has stored.

    ``paranoid`` is the password of a car that seals: its module password, or the server password
    as the Android app has it. ``snapshot`` carries the knowledge of an earlier connection on, its
    password included; ``on_message`` hears every message, the stored ones included, once it is in
    the snapshot, opened where that is possible; ``tls`` is a
    :func:`~ovms.net.tls.client_context` for a port that speaks TLS; ``websocket`` calls through
    one. Raises :class:`~ovms.net.client.ConnectFailed` or :class:`~ovms.net.client.WelcomeRefused`.
    """
    connection = await connect(
        host, port, role, vehicle_id, secret.encode(),
        timeout=timeout, tls=tls, websocket=websocket,
    )  # fmt: skip
    known = _snapshot_of(vehicle_id.upper(), snapshot, paranoid)
    app = App(connection, known, clock or SystemClock(), on_message)
    return await _take_in(app, f"{host}:{port}", timeout)


async def open_app_as_owner(
    host: str,
    port: int,
    user: str,
    password: str,
    vehicle_id: str = FIRST_VEHICLE,
    *,
    role: Role = Role.APP,
    timeout: float = WELCOME_TIMEOUT,
    paranoid: str | None = None,
    snapshot: Snapshot | None = None,
    clock: Clock | None = None,
    on_message: Callable[[Message], None] = lambda message: None,
    tls: ssl.SSLContext | None = None,
    websocket: bool = False,
) -> App:
    """Connect as an owner's app or batch client, under scheme 0x31; else as :func:`open_app`.

    ``password`` is the owner's, or an API token with the right ``v2``; without ``tls`` everybody on
    the way can read it. ``vehicle_id`` is one of the owner's, or by default the first of them by
    id; the snapshot tells which.
    """
    connection = await connect_owner(
        host, port, role, user, password, vehicle_id,
        timeout=timeout, tls=tls, websocket=websocket,
    )  # fmt: skip
    assigned = connection.login.vehicle_id if connection.login is not None else vehicle_id
    known = _snapshot_of(assigned.upper(), snapshot, paranoid)
    app = App(connection, known, clock or SystemClock(), on_message)
    return await _take_in(app, f"{host}:{port}", timeout)


def _snapshot_of(vehicle_id: str, known: Snapshot | None, paranoid: str | None) -> Snapshot:
    """Make the snapshot of a connection, or carry on one that is there."""
    snapshot = known or Snapshot(vehicle_id, opener=Opener(paranoid))
    snapshot.restart(vehicle_id)
    return snapshot


async def _take_in(app: App, place: str, timeout: float) -> App:
    """Wait until an app has what the server had stored; it is closed if that does not come."""
    try:
        async with asyncio.timeout(timeout):
            await app.replayed()
    except TimeoutError:
        await app.close()
        raise ConnectFailed(f"{place} did not send its messages in {timeout:g} s") from None
    except BaseException:
        await app.close()
        raise
    return app
