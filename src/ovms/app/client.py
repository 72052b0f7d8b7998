"""An app's connection: everything the server stored, then what comes, and commands with answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self, TypeVar
from weakref import WeakSet

from ovms.app.errors import (
    AnswerInUse,
    CommandFailed,
    ConnectionLost,
    InvalidRequest,
    NoAnswer,
    PasswordNeeded,
    PasswordWrong,
)
from ovms.app.inbox import Inbox
from ovms.app.listings import HistoryRow, SummaryRow, UtilisationRow, is_nothing, wire_time
from ovms.app.snapshot import Snapshot
from ovms.base.clock import Clock
from ovms.net.client import ClientConnection
from ovms.protocol import Message
from ovms.protocol.commands import (
    BY_NAME,
    BY_NUMBER,
    Answer,
    Command,
    Result,
)
from ovms.protocol.paranoid import sealed_message
from ovms.protocol.records.alert import Alert, AlertKind
from ovms.protocol.wording import WrongWords, read_words, unknown_command

COMMAND_TIMEOUT = 75.0
"""Seconds to wait for an answer by default: after 60 s the server says that the car is silent."""

ALERT_TIMEOUT = 10.0
"""Seconds to wait by default until the server has an alert."""

ROW_TIMEOUT = 5.0
"""Seconds between the rows of one answer: old modules leave the last ones out."""

PING_INTERVAL = 15.0
"""Seconds between pings. A server that says nothing at all from one to the next is lost: without
pings nobody would learn of a cable that was pulled, or of a server that hangs."""

LISTING_TIMEOUT = 60.0
"""Seconds until the server has the first row, or the next one, of what it keeps."""

LISTING_LIMIT = 1000
"""Rows that may wait to be taken. Then the connection is not read any more."""

LISTENER_LIMIT = 1000
"""Messages that may wait for any other listener. Then the connection is not read any more."""


def find_command(
    name: str, *parameters: str, now: float | None = None, is_strict: bool = False
) -> Command:
    """Make a command from its name or number and its parameters, which may be as people write them.

    See :func:`~ovms.protocol.wording.read_words`; ``now``, in Unix seconds, is the present if not
    given.
    Raises :class:`InvalidRequest` for a name that is not in the command table, and, if it is
    strict, for parameters that cannot be meant. Else they are sent as they are: a car may know
    more than the table.
    """
    spelt = name.casefold().replace("_", "-")
    if name.isdecimal() and int(name) <= 65535:
        number = int(name)
    elif spelt in BY_NAME:
        number = BY_NAME[spelt].number
    else:
        raise InvalidRequest(unknown_command(name))
    spec = BY_NUMBER.get(number)
    if spec is None:
        return Command(number, ",".join(parameters))
    try:
        texts = read_words(spec, parameters, time.time() if now is None else now)
    except WrongWords as error:
        if is_strict:
            raise InvalidRequest(str(error)) from None
        texts = spec.in_numbers(parameters)
    return Command(number, ",".join(texts))


class Listing(Protocol):
    """A row of what the server keeps."""

    @classmethod
    def parse(cls, answer: Answer) -> Self:
        """Read a row. Raises ``ValueError``."""
        ...


R = TypeVar("R", bound=Listing)


class App:
    """A connection to one vehicle. Made by :func:`~ovms.app.access.connect` and the like.

    Leaving ``async with`` closes it.
    """

    def __init__(self, connection: ClientConnection, snapshot: Snapshot, clock: Clock) -> None:
        self.snapshot = snapshot
        """What is known of the vehicle. It changes with every message that comes."""
        self._connection = connection
        self._clock = clock
        self._listeners: WeakSet[Inbox] = WeakSet()  # one that is gone holds nobody back
        self._commanding = asyncio.Lock()
        self._read: set[int] = set()
        """Numbers of the commands whose answers are being read."""
        self._pings = self._pongs = 0
        self._has_heard = False
        """Whether anything has come since the last ping."""
        self._is_held = False
        """Whether a listener is slow, and so nothing is read."""
        self._replayed = asyncio.Event()
        self._has_replay = False
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep_alive())]

    @property
    def vehicle_ids(self) -> tuple[str, ...]:
        """All vehicles of the owner who is connected; only this one, if connected by its secret."""
        login = self._connection.login
        return (self.snapshot.vehicle_id,) if login is None else login.vehicle_ids

    async def replayed(self) -> None:
        """Wait until everything that the server had stored is in the snapshot.

        Raises :class:`ConnectionLost`.
        """
        await self._replayed.wait()
        if not self._has_replay:
            await self.lost()
            raise ConnectionLost("the connection to the server is lost")

    def messages(self) -> AsyncGenerator[Message, None]:
        """Yield the messages that come from now on, until the connection is lost.

        Sealed ones are opened where that is possible. No more than :data:`LISTENER_LIMIT` wait to
        be taken: then the connection is not read any more, and nothing else comes either.
        """
        return self._drain(self._subscribe(Inbox(LISTENER_LIMIT)))

    async def _drain(self, inbox: Inbox) -> AsyncGenerator[Message, None]:
        try:
            while (message := await inbox.get()) is not None:
                yield message
        finally:
            self._leave(inbox)

    # -- commands ---------------------------------------------------------------------------

    async def command(
        self, name: str | int, *parameters: str, timeout: float = COMMAND_TIMEOUT
    ) -> list[Answer]:
        """Send a command by name or number, and return its answer: usually one, or all its rows.

        Of several commands at once each is sent when the one before has been answered or has timed
        out, because an answer carries no more than a number, and a sealed one not even that. An
        answer that comes after the timeout may be taken for the answer to the next command of the
        same number. The server answers for the car after 60 s, so the default timeout avoids this.

        The command is sealed for a car that seals, if there is a password. Commands that the server
        answers are sent in plain, and so is any to an ESP32 module, which could not open it: see
        :attr:`Snapshot.seals_commands`. ``timeout`` counts in seconds from when it is sent.
        Raises :class:`NoAnswer`, :class:`InvalidRequest` for a name that is unknown or a text that
        is too long, :class:`AnswerInUse` while :meth:`history` or its like reads an answer to the
        same command, :class:`PasswordWrong`, :class:`PasswordNeeded` and :class:`ConnectionLost`.
        """
        command = find_command(str(name), *parameters, now=self._clock.time())
        async with self._commanding:
            with self._reading(command.number):
                return await self._ask(command, timeout)

    async def _ask(self, command: Command, timeout: float) -> list[Answer]:
        inbox = self._subscribe(Inbox(LISTENER_LIMIT, "cE"))
        answers: list[Answer] = []
        try:
            self.send(self._prepare(command))
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
        """Let nobody else read an answer to the same command. Raises :class:`AnswerInUse`."""
        if number in self._read:
            raise AnswerInUse(f"an answer to command {number} is still being read")
        self._read.add(number)
        try:
            yield
        finally:
            self._read.discard(number)

    def _prepare(self, command: Command) -> Message:
        if command.by_server:
            return command.message
        sealed = self.snapshot.opener.seal(command.message)
        return sealed if self.snapshot.seals_commands else command.message

    async def _next_answer(self, inbox: Inbox, number: int) -> Answer:
        while (message := await inbox.get()) is not None:
            answer = Answer.parse(message.data) if message.code == "c" else None
            if answer is not None and answer.number == number:
                return answer
            if message == Message("c", b"%d," % number):
                raise NoAnswer(
                    f"the module has cut its answer to command {number}: how it ended is unknown"
                )
            sealed = sealed_message(message)
            if sealed is not None and sealed.code == "c" and not Command(number).by_server:
                raise PasswordWrong if self.snapshot.opener.has_password else PasswordNeeded
        raise ConnectionLost("the connection was lost before the answer came")

    # -- what the server keeps --------------------------------------------------------------

    def history(self, type: str, since: datetime | None = None) -> AsyncGenerator[HistoryRow, None]:  # noqa: A002 (the protocol's word)
        """Yield the records of a type: all of them, or those after ``since`` (UTC without a zone).

        A vehicle without records yields nothing. Rows are yielded as they come. No more than
        :data:`LISTING_LIMIT` wait to be taken: then the connection is not read any more, and
        nothing else comes either. One listing of a kind runs at a time. Raises
        :class:`InvalidRequest`; while it runs :class:`AnswerInUse`, :class:`CommandFailed`,
        :class:`NoAnswer` and :class:`ConnectionLost`.
        """
        if "," in type or not type:
            raise InvalidRequest(f"{type!r} is no type of record")
        parameters = (type,) if since is None else (type, wire_time(since))
        return self._list(HistoryRow, find_command("history", *parameters), type)

    def history_summary(self, since: datetime | None = None) -> AsyncGenerator[SummaryRow, None]:
        """Yield the types of records in the history. See :meth:`history`."""
        parameters = () if since is None else (wire_time(since),)
        return self._list(SummaryRow, find_command("history-summary", *parameters))

    def utilisation(self) -> AsyncGenerator[UtilisationRow, None]:
        """Yield the traffic by day, newest first. See :meth:`history`."""
        return self._list(UtilisationRow, find_command("utilisation"))

    async def _list(
        self, kind: type[R], command: Command, only: str = ""
    ) -> AsyncGenerator[R, None]:
        with self._reading(command.number):
            inbox = self._subscribe(Inbox(LISTING_LIMIT, "c"))
            try:
                self.send(command.message)
                async for answer in self._rows(inbox, command.number, only):
                    try:
                        yield kind.parse(answer)
                    except ValueError as error:
                        raise CommandFailed(str(error)) from error
            finally:
                self._leave(inbox)

    async def _rows(self, inbox: Inbox, number: int, only: str) -> AsyncGenerator[Answer, None]:
        """Yield the rows of one answer. Rows that are left of an earlier answer are dropped."""
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
        """Ask for the positions of a group's cars. They come as ``g``, and are in the snapshot.

        Raises :class:`InvalidRequest` and :class:`ConnectionLost`.
        """
        if not name or "," in name:
            raise InvalidRequest(f"{name!r} cannot be the name of a group")
        self.send(Message("G", name.encode("utf-8", "surrogateescape")))

    async def alert(
        self,
        text: str,
        kind: AlertKind = AlertKind.INFORMATION,
        *,
        timeout: float = ALERT_TIMEOUT,
    ) -> None:
        """Send an alert to everybody who wants this vehicle's. Return when the server has it.

        Raises :class:`NoAnswer`, :class:`InvalidRequest` and :class:`ConnectionLost`.
        """
        self.send(Alert(kind.value, text).message)
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
        """Send any message.

        Raises :class:`InvalidRequest` for one that fits no line, and :class:`ConnectionLost`.
        """
        try:
            self._connection.send(message)
        except ConnectionLost:
            if not self._connection.is_open:
                raise
            size = len(message.data)
            raise InvalidRequest(f"a message of {size} bytes does not fit a line") from None

    async def lost(self) -> None:
        """Wait until the connection is lost."""
        listening = self._tasks[0]
        await asyncio.wait([listening])
        if not listening.cancelled():
            listening.result()

    async def close(self) -> None:
        """Close the connection. May be called again."""
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
        """Receive every message. The answer to our first ping marks the end of what was stored."""
        try:
            async for message in self._connection:
                self._has_heard = True
                readable = self._take(message)
                self._is_held = True
                for inbox in tuple(self._listeners):
                    await inbox.put(readable)
                self._is_held = False
            self.snapshot.connected = None  # nobody tells us any more
        finally:
            self._replayed.set()
            for inbox in self._listeners:
                inbox.close()

    def _take(self, message: Message) -> Message:
        message = self.snapshot.receive(message, self._clock.time())
        if message.code == "A":
            with suppress(ConnectionLost):  # what came before is still received
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
            self._has_heard = False
            self._ping()
            await asyncio.sleep(PING_INTERVAL)
            if not self._has_heard and not self._is_held:
                self._connection.cut(TimeoutError(f"it said nothing for {PING_INTERVAL:g} s"))
                return


def _is_first(answer: Answer, only: str) -> bool:
    """Return whether a row is the first of its answer, and of the type that was asked for.

    Anything that is no row counts as one, so that it is refused and not dropped.
    """
    position, *rest = answer.text.split(",", 3)
    if not position.isdecimal() or len(rest) < 2:
        return True
    return position == "1" and (not only or rest[1].casefold() == only.casefold())
