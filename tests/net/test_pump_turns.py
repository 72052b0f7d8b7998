"""A server's pump that waits for its turns: no network, and time is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import CLOSE, CONT, PING, PONG, TEXT

from ovms.base.clock import ManualClock
from ovms.net.pump import Pump
from ovms.net.turns import (
    FRAMES_CHUNK,
    SLOW_PAUSE,
    TURN_BYTES,
    TURN_MESSAGES,
    TURN_TIME,
    Allowance,
    MessageRate,
    TurnQueue,
    TurnTaker,
)
from ovms.protocol import CallerWelcome, Message, Party, Role, Session, State, crypto
from ovms.protocol.errors import UnreadableLine
from ovms.protocol.session import Event
from tests.net.ends import CALLER_TOKEN, HANDSHAKE, SECRET, SERVER_TOKEN, frame, text


class GivenTurns(TurnQueue):
    """Turns that the test gives."""

    def __init__(self) -> None:
        self.clock = ManualClock(0.0)
        super().__init__(self.clock.monotonic)
        self.waiting: list[TurnTaker] = []
        self.later: list[float] = []

    def add(self, taker: TurnTaker) -> None:
        """Note who waits."""
        if taker not in self.waiting:
            self.waiting.append(taker)

    def add_later(self, taker: TurnTaker, seconds: float) -> None:
        """Note for how long; the test lets the time pass."""
        self.later.append(seconds)
        self.add(taker)

    def give(self) -> None:
        """Let who waits longest take a turn."""
        self.waiting.pop(0).take_turn()

    def give_all(self) -> None:
        """Let turns be taken until nobody waits."""
        while self.waiting:
            self.give()


class Transport:
    """A transport without a network."""

    def __init__(self, *, is_tls: bool = False) -> None:
        self.is_reading = True
        self.written = b""
        self.ends: list[str] = []
        self._is_tls = is_tls

    def write(self, data: bytes) -> None:
        """Keep what goes out."""
        self.written += data

    def pause_reading(self) -> None:
        """Note it; twice would be a mistake."""
        assert self.is_reading
        self.is_reading = False

    def resume_reading(self) -> None:
        """Note it; twice would be a mistake."""
        assert not self.is_reading
        self.is_reading = True

    def get_extra_info(self, name: str) -> object:
        """Return what takes a socket's options, and whether there is TLS."""
        return {"socket": self, "sslcontext": self if self._is_tls else None}.get(name)

    def is_closing(self) -> bool:
        """Return whether it was closed."""
        return bool({"close", "abort"} & set(self.ends))

    def __getattr__(self, name: str) -> Any:
        """Do nothing else but remember how it ends."""
        return lambda *_, **__: (
            self.ends.append(name) if name in ("write_eof", "close", "abort") else 0
        )


class Handler:
    """Welcomes a caller and keeps what happens, in order."""

    def __init__(self) -> None:
        self.events: list[Event | str] = []
        self.on_message: Callable[[Pump], None] = lambda pump: None
        self.answers_late = False
        self.errors: list[Exception | None] = []

    def opened(self, pump: Pump) -> None:
        """Nothing to do."""

    def received(self, pump: Pump, event: Event) -> None:
        """Keep it."""
        if isinstance(event, CallerWelcome):
            pump.accept(SECRET)
        else:
            self.events.append(event)
            self.on_message(pump)

    def stalled(self, pump: Pump) -> None:
        """Nothing to do."""

    def half_closed(self, pump: Pump) -> bool:
        """Keep it."""
        self.events.append("half closed")
        return self.answers_late

    def closed(self, pump: Pump, error: Exception | None) -> None:
        """Keep it."""
        self.events.append("closed")
        self.errors.append(error)


class Scene:
    """A pump whose caller has been welcomed, and the caller's session."""

    def __init__(self, *, is_web: bool = False, is_tls: bool = False) -> None:
        self.turns = GivenTurns()
        self.handler = Handler()
        self.transport = Transport(is_tls=is_tls)
        self.pump = Pump(Session(Party.SERVER, SERVER_TOKEN), self.handler, turns=self.turns)
        self.pump.connection_made(cast("asyncio.Transport", self.transport))
        self.caller = Session(Party.CALLER, CALLER_TOKEN)
        self._frame = (lambda line: text(line.removesuffix(b"\r\n"))) if is_web else bytes
        welcome = self._frame(self.caller.send_welcome(Role.CAR, "CAR1", SECRET))
        self.pump.data_received(HANDSHAKE + welcome if is_web else welcome)
        answer = self.transport.written
        if is_web:
            answer = answer.partition(b"\r\n\r\n")[2][2:] + b"\r\n"
        list(self.caller.receive_data(answer))
        assert self.caller.state is State.OPEN
        self.transport.written = b""
        self._sent = 0

    def lines(self, count: int) -> bytes:
        """Return the next messages of the caller, which are numbered."""
        self._sent += count
        numbers = range(self._sent - count, self._sent)
        return b"".join(
            self._frame(self.caller.send(Message("S", b"%d" % each))) for each in numbers
        )

    def receive(self, data: bytes) -> None:
        """Have bytes come, which is a mistake while the transport does not read."""
        assert self.transport.is_reading
        self.pump.data_received(data)

    @property
    def heard(self) -> int:
        """How many messages were handled; none was lost and they came in order."""
        messages = [each for each in self.handler.events if isinstance(each, Message)]
        assert [each.data for each in messages] == [b"%d" % n for n in range(len(messages))]
        return len(messages)


@pytest.fixture(params=[False, True], ids=["lines", "web"])
def scene(request: pytest.FixtureRequest) -> Scene:
    """Return a scene, over plain lines and over a WebSocket."""
    return Scene(is_web=request.param)


# -- a turn ---------------------------------------------------------------------------------


async def test_messages_of_a_turn(scene: Scene) -> None:
    """So many are handled, then the others have their turn; meanwhile nothing is read."""
    scene.receive(scene.lines(TURN_MESSAGES * 2 + 5))
    for turn in (1, 2):
        assert scene.heard == TURN_MESSAGES * turn
        assert not scene.transport.is_reading
        scene.turns.give()
    assert scene.heard == TURN_MESSAGES * 2 + 5
    assert scene.transport.is_reading
    assert scene.turns.waiting == []


async def test_little_needs_no_turn(scene: Scene) -> None:
    """One message less than the bound is handled at once, and reading never pauses."""
    scene.receive(scene.lines(TURN_MESSAGES - 1))
    assert scene.heard == TURN_MESSAGES - 1
    assert scene.transport.is_reading
    assert scene.turns.waiting == []


async def test_bytes_of_a_turn() -> None:
    """Lines that are no message end a turn, too."""
    scene = Scene()
    scene.receive(b"\r\n" * TURN_BYTES + scene.lines(1))
    assert scene.heard == 0
    assert not scene.transport.is_reading
    scene.turns.give()
    assert scene.heard == 0
    scene.turns.give_all()
    assert scene.heard == 1
    assert scene.transport.is_reading


async def test_a_long_message() -> None:
    """A message that is longer than a turn takes comes in one piece."""
    scene = Scene()
    message = Message("S", b"x" * 2 * TURN_BYTES)
    scene.receive(scene.caller.send(message))
    assert scene.handler.events == []
    scene.turns.give_all()
    assert scene.handler.events == [message]


async def test_the_time_of_a_turn(scene: Scene) -> None:
    """A message that takes long is the last of its turn."""
    scene.handler.on_message = lambda pump: scene.turns.clock.advance(TURN_TIME)
    scene.receive(scene.lines(3))
    assert scene.heard == 1
    scene.turns.give()
    assert scene.heard == 2
    scene.turns.give_all()
    assert scene.heard == 3


async def test_pings_of_a_websocket() -> None:
    """They end a turn by their bytes, are all answered, and what came behind them is handled."""
    scene = Scene(is_web=True)
    ping = frame(PING)
    scene.receive(ping * TURN_BYTES + scene.lines(1))
    answers = len(scene.transport.written) // 2
    assert TURN_BYTES // len(ping) <= answers <= (TURN_BYTES + FRAMES_CHUNK) // len(ping)
    assert not scene.transport.is_reading
    scene.turns.give_all()
    assert scene.transport.written == frame(PONG, mask=False) * TURN_BYTES
    assert scene.heard == 1


async def test_what_comes_while_it_waits(scene: Scene) -> None:
    """TLS may bring more all the same: it is handled in order, in the turns."""
    scene.receive(scene.lines(TURN_MESSAGES + 1))
    scene.pump.data_received(scene.lines(TURN_MESSAGES))
    assert scene.heard == TURN_MESSAGES
    scene.turns.give_all()
    assert scene.heard == 2 * TURN_MESSAGES + 1
    assert scene.transport.is_reading


async def test_a_turn_that_is_not_due(scene: Scene) -> None:
    """Whoever does not wait does nothing with a turn."""
    scene.receive(scene.lines(1))
    scene.pump.take_turn()
    assert scene.heard == 1
    assert scene.transport.is_reading


async def test_a_broken_line_that_waits(scene: Scene) -> None:
    """What came before it is handled; then the connection ends with the reason."""
    broken = text(b"!!!") if scene.pump._codec else b"!!!\r\n"
    scene.receive(scene.lines(TURN_MESSAGES + 1) + broken + scene.lines(1))
    scene.turns.give_all()
    assert scene.heard == TURN_MESSAGES + 1
    scene.pump.connection_lost(None)
    assert isinstance(scene.handler.errors[0], UnreadableLine)


async def test_without_turns_all_is_handled_at_once() -> None:
    """A car's or an app's own pump has nobody to share with."""
    handler, transport = Handler(), Transport()
    pump = Pump(Session(Party.SERVER, SERVER_TOKEN), handler)
    pump.connection_made(cast("asyncio.Transport", transport))
    caller = Session(Party.CALLER, CALLER_TOKEN)
    pump.data_received(caller.send_welcome(Role.CAR, "CAR1", SECRET))
    list(caller.receive_data(transport.written))
    pump.data_received(b"".join(caller.send(Message("S")) for _ in range(10 * TURN_MESSAGES)))
    assert handler.events == [Message("S")] * 10 * TURN_MESSAGES
    assert transport.is_reading


# -- the rate -------------------------------------------------------------------------------


async def test_the_rate(scene: Scene) -> None:
    """Whoever has used up the allowance is not read until there is some again."""
    scene.pump.allowance = Allowance(MessageRate(a_second=10, burst=20))
    scene.receive(scene.lines(19))
    assert scene.transport.is_reading
    scene.receive(scene.lines(5))
    assert scene.heard == 24
    assert not scene.transport.is_reading
    (wait,) = scene.turns.later
    assert 0.4 < wait < 0.7
    scene.turns.clock.advance(wait)
    scene.turns.give()
    assert scene.transport.is_reading
    assert scene.turns.waiting == []


async def test_pings_count_against_the_rate() -> None:
    """A frame that brings no message counts as one."""
    scene = Scene(is_web=True)
    scene.pump.allowance = Allowance(MessageRate(a_second=10, burst=20))
    scene.receive(frame(PING) * 19)
    assert scene.transport.is_reading
    scene.receive(frame(PING) * 11)
    assert not scene.transport.is_reading
    assert 0.9 < scene.turns.later[0] < 1.1


async def test_fragments_count_against_the_rate() -> None:
    """A message in many pieces counts as so many."""
    scene = Scene(is_web=True)
    scene.pump.allowance = Allowance(MessageRate(a_second=10, burst=20))
    line = scene.caller.send(Message("S", b"0" * 60)).removesuffix(b"\r\n")
    size = len(line) - 1
    pieces = [frame(TEXT, line[:1], fin=False)]
    pieces += [frame(CONT, line[n : n + 1], fin=n == size) for n in range(1, size + 1)]
    scene.receive(b"".join(pieces))
    assert scene.handler.events == [Message("S", b"0" * 60)]
    assert scene.turns.later[0] > (len(line) - 20) / 10


async def test_empty_lines_count_against_the_rate() -> None:
    """A line that is no message counts as one."""
    scene = Scene()
    scene.pump.allowance = Allowance(MessageRate(a_second=10, burst=20))
    scene.receive(b"\r\n" * 30)
    assert 0.9 < scene.turns.later[0] < 1.1


async def test_a_days_gap(scene: Scene) -> None:
    """Nothing of a burst waits for anything but its turn, though it is thousands of records."""
    scene.pump.allowance = Allowance(MessageRate(a_second=200, burst=20_000))
    scene.receive(scene.lines(10_000))
    scene.turns.give_all()
    assert scene.heard == 10_000
    assert scene.turns.later == []


# -- what is written meanwhile --------------------------------------------------------------


async def test_a_turn_writes_once(scene: Scene) -> None:
    """What is written during a turn leaves at its end, in order; other writes leave at once."""
    writes: list[bytes] = []
    scene.transport.write = writes.append  # type: ignore[method-assign, assignment]
    during: list[tuple[int, int]] = []

    def answer(pump: Pump) -> None:
        pump.send(Message("a"))
        during.append((len(writes), pump.unsent > 0))

    scene.handler.on_message = answer
    sent = scene.pump.sent
    scene.receive(scene.lines(3))
    assert during == [(0, True)] * 3
    assert [len(each) for each in writes] == [scene.pump.sent - sent]
    assert scene.pump.unsent == 0
    scene.pump.send(Message("a"))
    assert len(writes) == 2


@pytest.mark.parametrize("end", ["close", "abort"])
async def test_a_turn_that_ends_the_connection(scene: Scene, end: str) -> None:
    """What was written before a close leaves, before an abort it may not; nothing fails."""

    def answer(pump: Pump) -> None:
        pump.send(Message("a"))
        getattr(pump, end)()

    scene.handler.on_message = answer
    scene.receive(scene.lines(3))
    assert scene.heard == 1
    assert bool(scene.transport.written) == (end == "close")


# -- slowing down ---------------------------------------------------------------------------


async def test_a_handler_that_is_behind(scene: Scene) -> None:
    """The message at which it says so is the last of its turn, and the next is due later."""
    scene.handler.on_message = lambda pump: pump.slow_down()
    scene.receive(scene.lines(3))
    assert scene.heard == 1
    assert not scene.transport.is_reading
    assert scene.turns.later == [SLOW_PAUSE]
    scene.turns.give()
    assert scene.heard == 2
    scene.handler.on_message = lambda pump: None
    scene.turns.give_all()
    assert scene.heard == 3
    assert scene.turns.later == [SLOW_PAUSE] * 2
    assert scene.transport.is_reading


async def test_the_longer_pause_counts(scene: Scene) -> None:
    """A handler that is behind does not hurry who has used up the allowance."""
    scene.pump.allowance = Allowance(MessageRate(a_second=1, burst=1))
    scene.handler.on_message = lambda pump: pump.slow_down()
    scene.receive(scene.lines(2))
    assert scene.turns.later[0] > 1


# -- two reasons to pause -------------------------------------------------------------------


async def test_the_handler_pauses_while_it_waits(scene: Scene) -> None:
    """A turn does nothing then; the handler's resuming gives it back, and reading with it."""
    scene.receive(scene.lines(TURN_MESSAGES + 1))
    scene.pump.pause()
    scene.turns.give()
    assert scene.heard == TURN_MESSAGES
    assert not scene.transport.is_reading
    scene.pump.resume()
    scene.turns.give_all()
    assert scene.heard == TURN_MESSAGES + 1
    assert scene.transport.is_reading


async def test_the_handler_resumes_while_it_waits(scene: Scene) -> None:
    """That gives no turn before its time, and reading goes on only after it."""
    scene.receive(scene.lines(TURN_MESSAGES + 1))
    scene.pump.pause()
    scene.pump.resume()
    assert scene.heard == TURN_MESSAGES
    assert not scene.transport.is_reading
    scene.turns.give_all()
    assert scene.heard == TURN_MESSAGES + 1
    assert scene.transport.is_reading


async def test_the_handler_pauses_at_a_message(scene: Scene) -> None:
    """What came behind it waits, also what comes later, until the handler goes on."""
    scene.handler.on_message = lambda pump: pump.pause()
    scene.receive(scene.lines(3))
    scene.pump.data_received(scene.lines(1))
    assert scene.heard == 1
    scene.handler.on_message = lambda pump: None
    scene.pump.resume()
    assert scene.heard == 4
    assert scene.transport.is_reading


# -- ends -----------------------------------------------------------------------------------


async def test_half_a_close_while_it_waits() -> None:
    """The handler gets it after all that came before."""
    scene = Scene()
    scene.receive(scene.lines(TURN_MESSAGES + 1))
    assert scene.pump.eof_received()
    assert "half closed" not in scene.handler.events
    scene.turns.give_all()
    assert scene.heard == TURN_MESSAGES + 1
    assert scene.handler.events[-1] == "half closed"
    assert scene.transport.ends == ["close"]


async def test_half_a_close_of_who_still_waits_for_an_answer() -> None:
    """The connection stays open after the messages, and is not read."""
    scene = Scene()
    scene.handler.answers_late = True
    scene.receive(scene.lines(TURN_MESSAGES + 1))
    assert scene.pump.eof_received()
    scene.turns.give_all()
    assert scene.handler.events[-1] == "half closed"
    assert scene.transport.ends == []
    assert not scene.transport.is_reading
    assert scene.pump.send(Message("S"))


async def test_the_end_of_a_websocket_while_it_waits() -> None:
    """It closes after the messages, whose answers can still be sent."""
    scene = Scene(is_web=True)
    scene.receive(scene.lines(TURN_MESSAGES + 1))
    assert scene.pump.eof_received()
    assert scene.pump.send(Message("S"))
    scene.turns.give_all()
    assert scene.heard == TURN_MESSAGES + 1
    assert scene.transport.ends == ["close"]


async def test_the_end_of_tls_while_it_waits() -> None:
    """The connection closes at once then; the messages are handled before the end all the same."""
    scene = Scene(is_tls=True)
    scene.receive(scene.lines(TURN_MESSAGES + 1))
    assert not scene.pump.eof_received()
    scene.pump.connection_lost(None)
    assert scene.handler.errors == []
    scene.turns.give_all()
    assert scene.heard == TURN_MESSAGES + 1
    assert scene.handler.events[-1] == "closed"
    assert scene.handler.errors == [None]


async def test_a_loss_while_it_waits(scene: Scene) -> None:
    """What came before is handled, whatever the rate, and then the end with its reason, once."""
    scene.pump.allowance = Allowance(MessageRate(a_second=1, burst=1))
    scene.receive(scene.lines(3 * TURN_MESSAGES))
    error = ConnectionResetError()
    scene.pump.connection_lost(error)
    scene.turns.later.clear()
    scene.turns.give_all()
    assert scene.heard == 3 * TURN_MESSAGES
    assert scene.turns.later == []
    assert scene.handler.events[-1] == "closed"
    assert scene.handler.errors == [error]


async def test_close_while_it_waits(scene: Scene) -> None:
    """Nothing more is handled of what waits."""
    scene.receive(scene.lines(2 * TURN_MESSAGES))
    reason = ValueError("enough")
    scene.pump.close(reason)
    scene.turns.give_all()
    scene.pump.connection_lost(None)
    assert scene.heard == TURN_MESSAGES
    assert scene.handler.errors == [reason]


async def test_abort_while_it_waits(scene: Scene) -> None:
    """Nothing more is handled, and the end comes once."""
    scene.receive(scene.lines(2 * TURN_MESSAGES))
    reason = ValueError("enough")
    scene.pump.abort(reason)
    scene.pump.connection_lost(None)
    scene.turns.give_all()
    assert scene.heard == TURN_MESSAGES
    assert scene.handler.errors == [reason]


async def test_close_after_a_loss(scene: Scene) -> None:
    """A handler that has enough of a lost connection gets its end at the next turn."""
    scene.receive(scene.lines(2 * TURN_MESSAGES))
    scene.pump.connection_lost(None)
    scene.pump.close()
    assert scene.handler.errors == []
    scene.turns.give_all()
    assert scene.heard == TURN_MESSAGES
    assert scene.handler.errors == [None]


async def test_the_close_of_a_websocket_behind_much() -> None:
    """It is answered after the messages before it, and a reset behind it is no error."""
    scene = Scene(is_web=True)
    scene.receive(scene.lines(2 * TURN_MESSAGES) + frame(CLOSE))
    assert scene.pump.session.state is State.OPEN
    scene.pump.connection_lost(ConnectionResetError())
    scene.turns.give_all()
    assert scene.heard == 2 * TURN_MESSAGES
    assert scene.handler.errors == [None]


async def test_closing_a_websocket_that_waits() -> None:
    """Its own Close is found behind what it sent, whatever the rate; nothing of that is handled."""
    scene = Scene(is_web=True)
    scene.pump.allowance = Allowance(MessageRate(a_second=1, burst=1))
    scene.receive(scene.lines(2 * TURN_MESSAGES) + frame(CLOSE))
    scene.turns.waiting.clear()
    scene.turns.later.clear()
    reason = ValueError("enough")
    scene.pump.close(reason)
    scene.turns.give_all()
    assert scene.turns.later == []
    assert scene.heard == TURN_MESSAGES
    assert scene.transport.ends == ["close"]
    scene.pump.connection_lost(None)
    assert scene.handler.errors == [reason]


# -- splitting ------------------------------------------------------------------------------


@given(st.booleans(), st.lists(st.integers(0, 2000), max_size=10), st.booleans())
def test_splitting_never_matters(is_web: bool, cuts: list[int], is_cut_off: bool) -> None:
    """However bytes come and whenever turns do, the same is handled in the same order."""

    async def play() -> None:
        scene = Scene(is_web=is_web)
        stream = scene.lines(3 * TURN_MESSAGES)
        places = [0, *sorted(each % len(stream) for each in cuts), len(stream)]
        for at, (start, end) in enumerate(pairwise(places)):
            scene.pump.data_received(stream[start:end])
            if at % 2 and scene.turns.waiting:
                scene.turns.give()
        if is_cut_off:
            scene.pump.connection_lost(None)
        scene.turns.give_all()
        assert scene.heard == 3 * TURN_MESSAGES
        assert scene.handler.errors == ([None] if is_cut_off else [])

    asyncio.run(play())


# -- whole lines ----------------------------------------------------------------------------


def proven_scene(on_messages: Callable[[Scene, Sequence[Message]], bool]) -> Scene:
    """Return a scene whose caller has proven itself, and whose messages go another way."""
    scene = Scene()
    scene.receive(scene.caller.send(Message("F", b"x" * 30)))
    scene.handler.events.clear()
    scene.pump.on_messages = lambda messages: on_messages(scene, messages)
    return scene


def heard_by(scene: Scene, messages: Sequence[Message]) -> bool:
    """Have the handler keep messages; nothing is behind."""
    scene.handler.events += messages
    return False


@given(st.lists(st.lists(st.sampled_from(["line", "broken", "begun", "rest"]), max_size=20)))
def test_whole_lines_are_handled_as_others(parts: list[list[str]]) -> None:
    """Where lines come whole the way is shorter: the same messages, turns and error."""
    whole, other = (proven_scene(heard_by) for _ in range(2))
    for scene in (whole, other):
        scene.pump.allowance = Allowance(MessageRate(a_second=10, burst=5))
    for part in parts:
        data, line = b"", b""
        for kind in part:
            line = whole.lines(1) if kind == "line" else line
            data += {"line": line, "broken": b"!!\r\n", "begun": b"QQ", "rest": b"==\r\n"}[kind]
        for scene, pieces in ((whole, [data]), (other, [data[:1], data[1:]])):
            for piece in filter(None, pieces):
                scene.pump.data_received(piece)
            while scene.turns.waiting:
                scene.turns.clock.advance(1.0)
                scene.turns.give()
    assert whole.heard == other.heard
    assert whole.handler.errors == other.handler.errors
    assert whole.transport.ends == other.transport.ends
    assert whole.transport.is_reading == other.transport.is_reading
    assert whole.pump.allowance is not None
    assert other.pump.allowance is not None
    if whole.pump.session.state is State.OPEN:
        spent = other.pump.allowance.spend(0, 0.0)
        assert whole.pump.allowance.spend(0, 0.0) == pytest.approx(spent)


async def test_a_pause_at_whole_lines() -> None:
    """What comes then waits for the end of the pause, and so does an error behind them."""

    def pause(scene: Scene, messages: Sequence[Message]) -> bool:
        scene.pump.pause()
        return heard_by(scene, messages)

    scene = proven_scene(pause)
    cipher = scene.caller._cipher_out
    assert cipher is not None
    lines = scene.lines(1)
    scene.receive(lines + crypto.encode_base64(cipher.update(b"MP-1 S")) + b"\r\n")
    assert not scene.transport.is_reading
    assert (scene.heard, scene.pump._error) == (1, None)
    scene.pump.resume()
    assert isinstance(scene.pump._error, UnreadableLine)


async def test_an_error_behind_whole_lines() -> None:
    """It ends the connection once they were handled; one without a code is no message."""
    scene = proven_scene(heard_by)
    cipher = scene.caller._cipher_out
    assert cipher is not None
    scene.receive(crypto.encode_base64(cipher.update(b"MP-0 ")) + b"\r\n")
    assert scene.handler.events == []
    lines = scene.lines(2)
    scene.receive(lines + crypto.encode_base64(cipher.update(b"MP-1 S")) + b"\r\n")
    assert scene.heard == 2
    assert isinstance(scene.pump._error, UnreadableLine)


async def test_who_is_behind_with_whole_lines() -> None:
    """The next ones come after a pause, one by one."""
    scene = proven_scene(lambda scene, messages: heard_by(scene, messages) or True)
    scene.receive(scene.lines(3))
    assert scene.heard == 3
    assert scene.turns.later == [SLOW_PAUSE]
    assert not scene.transport.is_reading
    scene.pump.data_received(scene.lines(2))
    assert scene.heard == 3
    scene.turns.give()
    assert scene.heard == 4
    scene.turns.give_all()
    assert scene.heard == 5


async def test_what_is_written_at_whole_lines_leaves_behind_them() -> None:
    """All that was said to one piece leaves at its end."""

    def answer(scene: Scene, messages: Sequence[Message]) -> bool:
        for message in messages:
            scene.pump.send(message)
        assert scene.transport.written == b""
        return False

    scene = proven_scene(answer)
    scene.receive(scene.lines(3))
    assert len(list(scene.caller.receive_data(scene.transport.written))) == 3
