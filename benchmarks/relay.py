"""Messages through one connection: plain lines against a WebSocket.

One run, one process, about ten seconds: a client sends telemetry to a server's end over loopback,
first as one message a segment, then as fast as it goes. Both ends count, so the figures are CPU
time of the whole path; rounds take turns and the best of each counts.

    python benchmarks/relay.py [MESSAGES A ROUND]
"""

from __future__ import annotations

import asyncio
import sys
import time

import uvloop

from ovms.net.client import ClientConnection, connect
from ovms.net.pump import Pump
from ovms.net.turns import TurnQueue
from ovms.protocol import CallerWelcome, Message, Party, Role, Session
from ovms.protocol.session import Event

SECRET = b"benchmark"
ROUNDS = 7
BURST = 50
MESSAGE = Message(
    "S", b"80,K,220,13,charging,standard,310,290,16,42,0,0,7200,0,0,0,0,1,0,1,0,80,230"
)


class Far:
    """The server's end of a connection: counts."""

    def __init__(self) -> None:
        self.count = 0

    def opened(self, pump: Pump) -> None:
        """Nothing to do."""

    def received(self, pump: Pump, event: Event) -> None:
        """Welcome the caller, or count its message."""
        if isinstance(event, CallerWelcome):
            pump.accept(SECRET)
        else:
            self.count += 1

    def stalled(self, pump: Pump) -> None:
        """Nothing to do."""

    def half_closed(self, pump: Pump) -> bool:
        """Return false: nothing is owed."""
        return False

    def closed(self, pump: Pump, error: Exception | None) -> None:
        """Nothing to do."""


class Line:
    """A connection and its two ends."""

    def __init__(self, connection: ClientConnection, far: Far) -> None:
        self.connection = connection
        self.far = far
        self.best = {1: 0.0, BURST: 0.0}
        """Messages a second of CPU time, by messages that are sent at once."""

    async def measure(self, count: int, burst: int) -> None:
        """Send messages, and wait until all have come."""
        self.far.count = 0
        start = time.process_time()
        for _ in range(0, count, burst):
            for _ in range(burst):
                self.connection.send(MESSAGE)
            await self.connection.drain()
            await asyncio.sleep(0)
        while self.far.count < count:  # noqa: ASYNC110 (an event would be measured, too)
            await asyncio.sleep(0)
        speed = count / (time.process_time() - start)
        self.best[burst] = max(self.best[burst], speed)


async def compare(count: int) -> list[Line]:
    """Measure plain lines and a WebSocket in turns."""
    ends: list[Far] = []
    turns = TurnQueue()

    def answer() -> Pump:
        ends.append(Far())
        return Pump(Session(Party.SERVER, "S" * 22), ends[-1], turns=turns)

    server = await asyncio.get_running_loop().create_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    lines = []
    for websocket in (False, True):
        connection = await connect("127.0.0.1", port, Role.APP, "CAR", SECRET, websocket=websocket)
        lines.append(Line(connection, ends[-1]))
    for _ in range(ROUNDS):
        for burst in (1, BURST):
            for line in lines:
                await line.measure(count, burst)
    for line in lines:
        await line.connection.close()
    server.close()
    return lines


def main() -> None:
    """Measure, and print messages a second and their ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    plain, websocket = uvloop.run(compare(count // BURST * BURST))
    for burst, name in ((1, "one message a segment"), (BURST, "as fast as it goes")):
        slow, fast = websocket.best[burst], plain.best[burst]
        print(f"{name}: lines {fast:,.0f}/s, WebSocket {slow:,.0f}/s, ratio {slow / fast:.2f}")


if __name__ == "__main__":
    main()
