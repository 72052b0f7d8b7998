"""An app's connection: everything the server stored, then what comes, and commands with answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from ovms.app.snapshot import Snapshot
from ovms.base.clock import Clock, SystemClock
from ovms.net.client import (
    WELCOME_TIMEOUT,
    ConnectFailed,
    Connection,
    ConnectionLost,
    connect,
)
from ovms.protocol import Message, Role
from ovms.protocol.commands import BY_NAME, CHARGE_MODE_NUMBERS, Answer, Command

COMMAND_TIMEOUT = 10.0
"""Seconds to wait for an answer unless told otherwise."""

ROW_TIMEOUT = 5.0
"""Seconds between the rows of one answer: old modules leave the last ones out."""

PING_INTERVAL = 180.0
"""Seconds between pings: they keep the connection from being closed as idle after 20 minutes."""


TAKE_CHARGE_MODE = {BY_NAME["charge-mode"].number, BY_NAME["charge-mode-current"].number}
"""Commands whose first parameter is a charge mode."""

Inbox = asyncio.Queue[Message | None]
"""Messages for one listener; ``None`` ends them."""


class NoAnswer(Exception):
    """The car did not answer a command in time."""


def find_command(name: str, *parameters: str) -> Command:
    """Make a command from its name or number and its parameters; a charge mode may be a word.

    Raises ``ValueError`` for a name that is not in the command table.
    """
    if name.isdecimal() and int(name) <= 65535:
        number = int(name)
    elif name in BY_NAME:
        number = BY_NAME[name].number
    else:
        raise ValueError(f"no command is called {name!r}")
    if number in TAKE_CHARGE_MODE and parameters:
        mode, *rest = parameters
        parameters = (str(CHARGE_MODE_NUMBERS.get(mode, mode)), *rest)
    return Command(number, ",".join(parameters))


class App:
    """A connection to one vehicle as an app. Made by :func:`open_app`."""

    def __init__(
        self,
        connection: Connection,
        snapshot: Snapshot,
        clock: Clock,
        on_message: Callable[[Message], None],
    ) -> None:
        self.snapshot = snapshot
        self._on_message = on_message
        self._connection = connection
        self._clock = clock
        self._listeners: set[Inbox] = set()
        self._replayed = asyncio.Event()
        self._has_replay = False
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._ping())]

    async def replayed(self) -> None:
        """Wait until everything that the server had stored is in the snapshot.

        Raises :class:`~ovms.net.client.ConnectionLost`.
        """
        await self._replayed.wait()
        if not self._has_replay:
            await self.lost()
            raise ConnectionLost("the connection to the server is lost")

    def messages(self) -> AsyncIterator[Message]:
        """Give the messages that come from now on, until the connection is lost."""
        return self._drain(self._subscribe())

    async def _drain(self, queue: Inbox) -> AsyncIterator[Message]:
        try:
            while (message := await queue.get()) is not None:
                yield message
        finally:
            self._listeners.discard(queue)

    async def command(
        self, name: str | int, *parameters: str, timeout: float = COMMAND_TIMEOUT
    ) -> list[Answer]:
        """Send a command by name or number, and wait for its answer: usually one, or its rows.

        ``timeout`` in seconds. Raises :class:`NoAnswer`, ``ValueError`` for an unknown name, and
        :class:`~ovms.net.client.ConnectionLost`.
        """
        command = find_command(str(name), *parameters)
        queue = self._subscribe()
        answers: list[Answer] = []
        try:
            self._connection.send(command.message)
            while not answers or not answers[-1].is_last:
                limit = min(timeout, ROW_TIMEOUT) if answers else timeout
                async with asyncio.timeout(limit):
                    answers.append(await _next_answer(queue, command.number))
        except TimeoutError:
            if not answers:
                raise NoAnswer(f"no answer to command {command.number} in {timeout:g} s") from None
        finally:
            self._listeners.discard(queue)
        return answers

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

    def _subscribe(self) -> Inbox:
        queue: Inbox = asyncio.Queue()
        self._listeners.add(queue)
        if self._tasks[0].done():
            queue.put_nowait(None)
        return queue

    async def _listen(self) -> None:
        """Take every message; the answer to our first ping marks the end of what was stored."""
        try:
            async for message in self._connection:
                self._take(message)
        finally:
            self._replayed.set()
            for queue in self._listeners:
                queue.put_nowait(None)

    def _take(self, message: Message) -> None:
        self.snapshot.receive(message, self._clock.time())
        self._on_message(message)
        if message.code == "A":
            with suppress(ConnectionLost):  # what came before is still taken
                self._connection.send(Message("a"))
        elif message.code == "a":
            self._has_replay = True
            self._replayed.set()
        for queue in self._listeners:
            queue.put_nowait(message)

    async def _ping(self) -> None:
        while True:
            self._connection.send(Message("A"))
            await asyncio.sleep(PING_INTERVAL)


async def _next_answer(queue: Inbox, number: int) -> Answer:
    while (message := await queue.get()) is not None:
        answer = Answer.parse(message.data) if message.code == "c" else None
        if answer is not None and answer.number == number:
            return answer
    raise ConnectionLost("the connection was lost before the answer came")


async def open_app(
    host: str,
    port: int,
    vehicle_id: str,
    secret: str,
    *,
    role: Role = Role.APP,
    timeout: float = WELCOME_TIMEOUT,
    snapshot: Snapshot | None = None,
    clock: Clock | None = None,
    on_message: Callable[[Message], None] = lambda message: None,
) -> App:
    """Connect as an app (or batch client) and take in what the server has stored.

    ``snapshot`` carries the knowledge of an earlier connection on; ``on_message`` hears every
    message, the stored ones included, once it is in the snapshot. Raises
    :class:`~ovms.net.client.ConnectFailed` or :class:`~ovms.net.client.Refused`.
    """
    connection = await connect(host, port, role, vehicle_id, secret.encode(), timeout=timeout)
    snapshot = snapshot or Snapshot(vehicle_id.upper())
    snapshot.restart()
    app = App(connection, snapshot, clock or SystemClock(), on_message)
    try:
        async with asyncio.timeout(timeout):
            await app.replayed()
    except TimeoutError:
        await app.close()
        raise ConnectFailed(f"{host}:{port} did not send its messages in {timeout:g} s") from None
    except BaseException:
        await app.close()
        raise
    return app
