"""Connections that the system has made, until their protocol has them.

A plain one gets its protocol at once. At an entrance with TLS only the socket is kept until a whole
hello is there, because TLS costs much more. Then handshakes take turns. Before all that a proxy
that is trusted says who calls (:mod:`ovms.server.proxy`); from then on the caller's network counts.
"""

from __future__ import annotations

import asyncio
import math
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ovms.base.clock import Clock, SystemClock
from ovms.base.failures import FailureLog
from ovms.base.logs import get_logger
from ovms.net.address import address_text
from ovms.net.pump import Pump
from ovms.net.traffic import measure
from ovms.server.acceptor import LEAVING_LIMIT, LEAVING_TIMEOUT, WELCOME_TIMEOUT
from ovms.server.accounts.buckets import network_of
from ovms.server.handshakes import HANDSHAKES, Handshakes
from ovms.server.hello import HELLO_LIMIT, BadHello, missing
from ovms.server.proxy import HEADER_LIMIT, BadHeader, ProxyHeader, TrustedProxies, read_header
from ovms.server.refused_calls import CallTrouble, RefusedCalls
from ovms.server.strangers import StrangerStage
from ovms.server.unfit import REASON, answer_to, facts_of, is_caller, reason_of

if TYPE_CHECKING:
    from ovms.server.listener import Entrance

HELLO_TIMEOUT: Final = 10.0
"""Seconds from the first byte of a hello to its last, and for the whole header of a proxy."""

HANDSHAKE_TIMEOUT = 30.0
"""Seconds that a handshake takes behind the hello: a small module on a slow link needs ten."""

HANDSHAKE_LIMIT: Final = 1 << 14
"""Bytes and packet headers that a handshake may take of the caller's: without a certificate it has
under 4000. Looked at once a second."""

SHUTDOWN_TIMEOUT: Final = 5.0
"""Seconds the other end has to answer the end of TLS."""

LOOK_AGAIN: Final = 0.1
"""Seconds until we look again for which the system has woken us too early."""

TIMES: Final = {
    None: math.inf,
    StrangerStage.SILENT: WELCOME_TIMEOUT,
    StrangerStage.UNFINISHED: HELLO_TIMEOUT,
    StrangerStage.HANDSHAKE: WELCOME_TIMEOUT,
}
"""Seconds that a connection may stay in a stage. One that waits for its handshake has as long as a
silent one."""

TCP_ESTABLISHED: Final = 1
"""State of a connection that the caller has not ended, first byte of ``TCP_INFO``."""

Address = tuple[Any, ...]
"""Host and port, and more of IPv6, as ``accept`` returns it."""

log = get_logger("ovms.doorstep")


class Arrival:
    """A connection on the doorstep; a :class:`~ovms.server.strangers.Stranger`."""

    __slots__ = (
        "_address",
        "_doorstep",
        "_network",
        "entrance",
        "is_handed_over",
        "is_watched",
        "line",
        "needs_header",
        "since",
        "stage",
        "task",
        "wanted",
    )  # fmt: skip

    def __init__(
        self,
        doorstep: Doorstep,
        line: socket.socket,
        address: Address,
        entrance: Entrance,
        *,
        needs_header: bool = False,
    ) -> None:
        self._doorstep = doorstep
        self.line = line
        self._address = address
        """Who calls, as far as it is known: host, port."""
        self._network = ""
        self.entrance = entrance
        self.needs_header = needs_header
        """It is a proxy's, who has not said yet who calls."""
        self.stage = StrangerStage.SILENT if entrance.tls is not None else None
        if needs_header:
            self.stage = StrangerStage.UNFINISHED
        """``None`` once nothing is waited for."""
        self.since = doorstep.now()
        self.wanted = 1
        """Bytes that must have come when we look again."""
        self.is_watched = False
        self.is_handed_over = False
        self.task: asyncio.Task[None] | None = None

    @property
    def network(self) -> str:
        """Where the caller is."""
        if not self._network:  # of most callers nobody asks
            self._network = network_of(str(self._address[0]))
        return self._network

    def come_from(self, address: tuple[str, int]) -> None:
        """Note who calls, as a proxy has said it."""
        self._address, self._network = address, ""

    def reach(self, stage: StrangerStage) -> None:
        """Note how far it has come, and when it first was so far."""
        if stage is not self.stage:
            self.stage, self.since = stage, self._doorstep.now()

    def protocol(self) -> asyncio.Protocol:
        """Make its protocol, which knows who calls."""
        made = self.entrance.protocol()
        if isinstance(made, Pump):
            made.peer = address_text(self._address)
        return made

    def turn_away(self) -> bool:
        """Close it at once, unless it has just spoken; return whether it has gone."""
        if self.stage is StrangerStage.SILENT and _peek(self.line, 1):
            return False
        self._doorstep.drop(self)
        return True


class Doorstep:
    """All connections that are being accepted.

    ``handshakes`` is how many of TLS may be under way at a time. ``on_unfit`` is called with what a
    caller says where TLS is spoken, and is no hello. ``proxies`` say who calls them.
    Modules that TLS keeps out are noted in ``refused_calls``.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        handshakes: int = HANDSHAKES,
        on_unfit: Callable[[bytes], object] = bytes,
        proxies: TrustedProxies | None = None,
        refused_calls: RefusedCalls | None = None,
    ) -> None:
        self._refused_calls = refused_calls
        self._on_unfit = on_unfit
        self._proxies = proxies or TrustedProxies()
        self.now = (clock or SystemClock()).monotonic
        self.arrivals: set[Arrival] = set()
        self._handshakes = Handshakes[Arrival](handshakes, self._hand_over)
        self._failures = FailureLog(log, "unexpected error; the connection is closed")
        self._emptying_since: float | None = None

    def stages(self) -> Counter[str]:
        """Return how many connections are how far: waiting for a hello, or in a handshake."""
        under_way, waiting = self._handshakes.depths()
        rest = len(self.arrivals) - under_way - waiting
        return Counter(hello=rest, handshake=under_way, handshake_waiting=waiting)

    @property
    def count(self) -> int:
        """Return how many connections there are."""
        return len(self.arrivals)

    def strangers(self) -> Iterator[Arrival]:
        """Yield those that may have to leave."""
        return (each for each in self.arrivals if each.stage is not None)

    def arrive(self, line: socket.socket, address: Address, entrance: Entrance) -> None:
        """Take over a connection that was just accepted from an address."""
        line.setblocking(False)
        is_proxy = entrance.has_proxies and self._proxies.trusts(str(address[0]))
        arrival = Arrival(self, line, address, entrance, needs_header=is_proxy)
        self.arrivals.add(arrival)
        if arrival.stage is None:
            self._hand_over(arrival)
        else:
            self._look(arrival)

    def drop(self, arrival: Arrival) -> None:
        """Close a connection."""
        self._unwatch(arrival)
        self._leave(arrival)
        if arrival.task is not None:
            arrival.task.cancel()
        if not arrival.is_handed_over:
            arrival.line.close()

    def tick(self) -> None:
        """Close those whose time is over. Call it about once a second."""
        now = self.now()
        for arrival in list(self.arrivals):
            if now - arrival.since >= TIMES[arrival.stage]:
                arrival.turn_away()
        for arrival in self._handshakes.under_way:
            traffic = measure(arrival.line)
            if traffic is not None and traffic.received > HANDSHAKE_LIMIT:
                self.drop(arrival)
        for arrival in self._handshakes.slow(now):
            self.drop(arrival)

    def is_emptied(self) -> bool:
        """Close those that a stopping server does not wait for; return whether nobody is left."""
        now = self.now()
        if self._emptying_since is None:
            self._emptying_since = now
        is_left = now - self._emptying_since >= LEAVING_LIMIT
        for arrival in list(self.strangers()):
            if is_left or now - arrival.since >= LEAVING_TIMEOUT:
                arrival.turn_away()
        return not self.arrivals

    # -- the header of a proxy ----------------------------------------------------------------

    def _look(self, arrival: Arrival) -> None:
        """Judge what has come: of a proxy's header, then of the hello."""
        if arrival not in self.arrivals:
            return
        data = _peek(arrival.line, HEADER_LIMIT if arrival.needs_header else HELLO_LIMIT)
        if data is None:
            self._watch(arrival, 1)
        elif arrival.needs_header:
            self._look_at_header(arrival, data)
        else:
            self._look_at_hello(arrival, data)

    def _look_at_header(self, arrival: Arrival, data: bytes) -> None:
        try:
            found = read_header(data) if data else 0
        except BadHeader as error:
            log.warning(
                "a trusted proxy says no header", network=arrival.network, reason=str(error)
            )
            found = 0
        if isinstance(found, ProxyHeader):
            self._take_header(arrival, found)
        elif found:
            self._wait_for(arrival, len(data), found)
        else:
            self.drop(arrival)

    def _take_header(self, arrival: Arrival, header: ProxyHeader) -> None:
        """Take a header off the connection, and go on with whom it names."""
        arrival.line.recv(header.length)
        arrival.needs_header, arrival.wanted = False, 1
        if header.caller is not None:
            arrival.come_from(header.caller)
        if arrival.entrance.tls is not None:
            arrival.reach(StrangerStage.SILENT)
            self._look(arrival)
        else:
            self._unwatch(arrival)
            arrival.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
            arrival.stage = None
            self._hand_over(arrival)

    # -- the hello --------------------------------------------------------------------------

    def _look_at_hello(self, arrival: Arrival, data: bytes) -> None:
        try:
            is_gone, more = not data, missing(data)
        except BadHello as error:
            self._on_unfit(data)
            self._refuse(arrival, data, error)
            is_gone, more = True, 0
        arrival.reach(StrangerStage.UNFINISHED)
        if is_gone:
            self.drop(arrival)
        elif more:
            self._wait_for(arrival, len(data), more)
        else:
            self._unwatch(arrival)
            arrival.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
            arrival.reach(StrangerStage.HANDSHAKE)
            self._handshakes.add(arrival)
            oldest = self._handshakes.crowded_out(arrival.network)
            if oldest is not None:
                self.drop(oldest)

    def _refuse(self, arrival: Arrival, data: bytes, error: BadHello) -> None:
        """Log a caller that says no hello, and answer one that understands it."""
        if is_caller(data):
            reason = reason_of(data)
            if reason == REASON and not answer_to(data):
                self._note(arrival, CallTrouble.NO_TLS, facts_of(data).get("vehicle", ""))
            log.info("refused", peer=arrival.network, reason=reason, **facts_of(data))
        else:
            log.debug("no hello", network=arrival.network, reason=str(error))
        answer = answer_to(data)
        if answer:
            with suppress(OSError):
                arrival.line.recv(HELLO_LIMIT)  # what is unread would make a reset of the close
                arrival.line.send(answer)

    def _note(self, arrival: Arrival, trouble: CallTrouble, vehicle_id: str = "") -> None:
        """Note a refused call for who sets up a module."""
        if self._refused_calls is not None and arrival.entrance.is_for_modules:
            self._refused_calls.note(arrival.network, trouble, vehicle_id)

    def _wait_for(self, arrival: Arrival, length: int, more: int) -> None:
        if length >= arrival.wanted:
            self._watch(arrival, length + more)
        elif _is_ended(arrival.line):
            self.drop(arrival)
        else:  # the system is short of memory
            self._unwatch(arrival)
            asyncio.get_running_loop().call_later(LOOK_AGAIN, self._look, arrival)

    def _watch(self, arrival: Arrival, wanted: int) -> None:
        """Look again when so many bytes are there, or the caller has ended its side."""
        arrival.wanted = wanted
        arrival.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, wanted)
        if not arrival.is_watched:
            arrival.is_watched = True
            asyncio.get_running_loop().add_reader(arrival.line, self._look, arrival)

    def _unwatch(self, arrival: Arrival) -> None:
        if arrival.is_watched:
            arrival.is_watched = False
            asyncio.get_running_loop().remove_reader(arrival.line)

    # -- the protocol -----------------------------------------------------------------------

    def _hand_over(self, arrival: Arrival) -> None:
        arrival.since = self.now()
        loop = asyncio.get_running_loop()  # a call of the system each time, until Python 3.12
        arrival.task = loop.create_task(self._connect(arrival, loop))

    async def _connect(self, arrival: Arrival, loop: asyncio.AbstractEventLoop) -> None:
        """Connect a connection to its protocol; with TLS, once the handshake is complete."""
        arrival.is_handed_over = True
        entrance, is_secure = arrival.entrance, arrival.entrance.tls is not None
        try:
            await loop.connect_accepted_socket(
                arrival.protocol,
                arrival.line,
                ssl=entrance.tls,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT if is_secure else None,
                ssl_shutdown_timeout=SHUTDOWN_TIMEOUT if is_secure else None,
            )
        except OSError as error:  # that of TLS too: whatever the caller did
            log.debug("no connection", network=arrival.network, reason=str(error))
            if is_secure:
                self._note(arrival, CallTrouble.TLS_FAILED)
        except Exception as error:
            self._failures.failed("connect", error)
            arrival.line.close()
        finally:
            self._leave(arrival)

    def _leave(self, arrival: Arrival) -> None:
        self.arrivals.discard(arrival)
        if arrival.entrance.tls is not None:
            self._handshakes.remove(arrival)


def _peek(line: socket.socket, count: int) -> bytes | None:
    """Return what has come, ``None`` if it is nothing yet; no byte if the caller has gone."""
    try:
        return line.recv(count, socket.MSG_PEEK)
    except (BlockingIOError, InterruptedError):
        return None
    except OSError:
        return b""


def _is_ended(line: socket.socket) -> bool:
    """Return whether the caller has ended its side."""
    return line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != TCP_ESTABLISHED
