"""The library without an event loop, against a scripted server end in another thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import closing
from typing import Any

import pytest

from ovms import app
from ovms.app import sync
from ovms.base.backoff import Backoff
from ovms.protocol import Message
from tests.app.scripted import (
    PASSWORD,
    SECRET,
    STATUS,
    USER,
    VEHICLE,
    ScriptedServer,
    ServerThread,
    rows,
)
from tests.waiting import PATIENCE


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """Yield a server; at the end no thread of a connection is left."""
    with ServerThread(STATUS) as running:
        yield running
        assert [each.name for each in threading.enumerate() if "sync" in each.name] == []


def say(server: ScriptedServer, *messages: Message) -> None:
    """Send messages from the server's own thread."""
    assert server.loop is not None
    server.loop.call_soon_threadsafe(server.send, *messages)


def test_state_commands_and_history(server: ScriptedServer) -> None:
    """The calls wait for what they return."""
    server.on["C"] = lambda message: [Message("c", b"20,0,done")]
    with sync.connect(server.place, VEHICLE, SECRET) as car:
        assert (car.snapshot.status.soc, car.vehicle_ids) == (80, (VEHICLE,))
        assert [answer.text for answer in car.command("lock", "1234")] == ["done"]
        server.on["C"] = rows(32, ["T,2025-06-01 18:00:00,1,a", "T,2025-06-01 18:00:00,2,b"])
        assert [row.value for row in car.history("T")] == ["a", "b"]
        server.on["C"] = rows(31, ["T,1,2,3,2025-06-01 18:00:00,2025-06-01 18:00:00"])
        assert [row.total for row in car.history_summary()] == [2]
        server.on["C"] = rows(30, ["2025-06-01,1,2,3,4"])
        assert [row.car_sent for row in car.utilisation()] == [2]
        server.on["P"] = lambda message: []
        car.alert("hello")
        car.join_group("TRACK")
        car.send(Message("C", b"5"))
        server.on["C"] = lambda message: [Message("c", b"20,0,done")]
        car.command("lock", "1234")  # its answer shows that the server has read all before it
        car.close()
    assert server.codes("G") == [b"TRACK"]
    assert server.codes("P") == [b"Ihello"]


def test_messages_are_those_from_the_call_on(server: ScriptedServer) -> None:
    """Also those that come before the first is taken; the loss ends them."""
    with sync.connect(server.place, VEHICLE, SECRET) as car:
        messages = car.messages()
        before = car.snapshot
        say(server, Message("S", b"81,K"), Message("S", b"82,K"))
        assert [next(messages).data for _ in range(2)] == [b"81,K", b"82,K"]
        assert (before.status.soc, car.snapshot.status.soc) == (80, 82)
        assert server.loop is not None
        server.loop.call_soon_threadsafe(server.hang_up)
        assert list(messages) == []
        car.lost()
        with pytest.raises(app.ConnectionLost):
            car.command("lock", "1")


def test_errors_are_those_of_the_library(server: ScriptedServer) -> None:
    """They come out of the call, and no thread is left behind."""
    with pytest.raises(app.WelcomeRefused):
        sync.connect(server.place, VEHICLE, "wrong")
    with pytest.raises(app.InvalidRequest):
        sync.connect("", VEHICLE, SECRET)
    with sync.connect(server.place, VEHICLE, SECRET) as car:
        with pytest.raises(app.NoAnswer):
            car.command("lock", "1", timeout=0.05)
        with pytest.raises(app.InvalidRequest):
            car.history("a,b")


def test_an_owner(server: ScriptedServer) -> None:
    """An owner's vehicles are listed, and one of them is connected to or followed."""
    assert sync.list_vehicles(server.place, USER, PASSWORD) == (VEHICLE, "OTHER")
    with sync.connect_owner(server.place, USER, PASSWORD) as car:
        assert car.snapshot.vehicle_id == VEHICLE
    with closing(sync.follow_owner(server.place, USER, PASSWORD)) as updates:
        assert next(updates).snapshot.vehicle_id == VEHICLE


def test_following(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Updates come across reconnections, and commands can be sent between them."""
    monkeypatch.setattr(Backoff, "next", lambda self: 0.0)
    server.on["C"] = lambda message: [Message("c", b"20,0,done")]
    with closing(sync.follow(server.place, VEHICLE, SECRET)) as updates:
        update = next(each for each in updates if each.message.code == "S")
        assert (update.is_stored, update.snapshot.status.soc) == (True, 80)
        assert update.app.command("lock", "1")[0].text == "done"
        update.app.close()
        again = next(each for each in updates if each.message.code == "S" and each.is_stored)
        assert again.snapshot.status.soc == 80


def test_calls_after_the_end(server: ScriptedServer) -> None:
    """A closed connection fails as a lost one does; what is known of the vehicle stays."""
    with sync.connect(server.place, VEHICLE, SECRET) as car:
        messages = car.messages()
        car.close()
        assert car.snapshot.status.soc == 80
        with pytest.raises(app.ConnectionLost):
            car.command("lock", "1")
        with pytest.raises(app.ConnectionLost):
            next(messages)
        with pytest.raises(app.ConnectionLost):
            next(car.history("T"))
    with closing(sync.follow(server.place, VEHICLE, SECRET)) as updates:
        update = next(updates)
    with pytest.raises(app.ConnectionLost):
        update.app.command("lock", "1")
    update.app.close()


def test_calls_while_another_thread_closes() -> None:
    """Each ends: what was begun before has its result, what comes later is lost."""
    thread = sync.LoopThread()
    is_busy, go_on = threading.Event(), threading.Event()

    async def block() -> str:
        is_busy.set()
        go_on.wait(PATIENCE)
        await asyncio.sleep(0)
        return "done"

    def call(work: Coroutine[Any, Any, str]) -> None:
        try:
            outcomes.append(thread.run(work))
        except app.ConnectionLost:
            outcomes.append("lost")

    outcomes: list[str] = []
    callers = [threading.Thread(target=call, args=(block(),), daemon=True)]
    callers[0].start()
    assert is_busy.wait(PATIENCE)
    callers.append(threading.Thread(target=thread.stop, daemon=True))
    callers += [
        threading.Thread(target=call, args=(asyncio.sleep(0, "done"),), daemon=True)
        for _ in range(10)
    ]
    for caller in callers[1:]:
        caller.start()
    go_on.set()
    for caller in callers:
        caller.join(PATIENCE)
    assert [caller for caller in callers if caller.is_alive()] == []
    assert len(outcomes) == 11
    assert set(outcomes) <= {"done", "lost"}


def test_an_interrupted_wait_ends_what_was_begun(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while something is waited for leaves nothing running."""
    with sync.connect(server.place, VEHICLE, SECRET) as car:
        messages = car.messages()
        with monkeypatch.context() as patch:
            patch.setattr(sync, "Future", _Interrupted)
            with pytest.raises(KeyboardInterrupt):
                next(messages)
        assert list(messages) == []
        say(server, Message("S", b"81,K"))


class _Interrupted(Future[Any]):
    """A future whose first wait is interrupted."""

    def result(self, timeout: float | None = None) -> Any:
        raise KeyboardInterrupt
