from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ovms.server.http import service as service_module
from ovms.server.http.service import BYTES_A_TURN, STARTS_A_TURN, STOP_TIMEOUT
from tests.server.conftest import Log
from tests.server.http.places import CallPlace, listening
from tests.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ECHO = b"GET /echo HTTP/1.1\r\n\r\n"
WAIT = b"GET /wait HTTP/1.1\r\n\r\n"


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CallPlace]:
    """Listen."""
    async with listening(monkeypatch) as place:
        yield place


def test_a_server_that_nobody_calls_imports_no_framework() -> None:
    """Starlette and uvicorn are imported with the first call: they take time and memory."""
    code = (
        "import sys, ovms.cli.serve; "
        "print([m for m in ('starlette', 'uvicorn', 'httptools') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


async def test_the_first_calls_wait_for_the_import(place: CallPlace) -> None:
    """Those that come meanwhile are answered too, and count while they wait."""
    callers = [await place.calls() for _ in range(3)]
    for caller in callers:
        await caller.says(ECHO)
    await until(lambda: place.service.count == 3)
    for caller in callers:
        assert (await caller.hears())[0] == 200
    assert place.service.count == len(place.service.connections) == 3


async def test_a_caller_that_leaves_during_the_import(place: CallPlace) -> None:
    """It is forgotten."""
    caller = await place.calls()
    await caller.says(ECHO)
    await until(lambda: place.service.count)
    await caller.leaves()
    assert (await place.ask(ECHO))[0] == 200
    await until(lambda: place.service.count == 0)


async def test_an_import_that_fails(
    place: CallPlace, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    """Its callers are closed, and the next one tries again."""
    with monkeypatch.context() as broken:
        broken.setattr(service_module, "MODULES", ("ovms.nothing",))
        async with await place.calls() as caller:
            await caller.says(ECHO)
            assert await caller.is_closed()
    assert len(log.lines("calls by HTTP cannot be answered")) == 1
    assert (await place.ask(ECHO))[0] == 200


async def test_a_flood_of_calls_leaves_turns_to_others(place: CallPlace) -> None:
    """Only some calls begin before the loop does something else."""
    callers = [await place.calls() for _ in range(3 * STARTS_A_TURN)]
    for caller in callers:
        assert (await caller.ask(ECHO))[0] == 200
    begun: list[int] = []
    for connection in place.service.connections:
        connection.begin = lambda: begun.append(1)  # type: ignore[method-assign]
        place.service.start(connection)
    turns = []
    while len(begun) < len(callers):
        before = len(begun)
        await asyncio.sleep(0)
        turns.append(len(begun) - before)
    assert max(turns) == STARTS_A_TURN


async def test_a_flood_of_bytes_leaves_turns_to_others(place: CallPlace) -> None:
    """Only some bytes are parsed before the loop does something else; all calls are answered."""
    callers = [await place.calls() for _ in range(40)]
    for caller in callers:
        assert (await caller.ask(ECHO))[0] == 200
    head = b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    call = head + b"1\r\nx\r\n" * 1000 + b"0\r\n\r\n"
    parsed: list[int] = []
    for connection in place.service.connections:

        def parse(parse: Callable[[], int] = connection.parse) -> int:
            parsed.append(parse())
            return parsed[-1]

        connection.parse = parse  # type: ignore[method-assign]
        connection.data_received(call)
    turns, seen = [sum(parsed)], len(parsed)
    while sum(parsed) < len(callers) * len(call):
        await asyncio.sleep(0)
        turns.append(sum(parsed[seen:]))
        seen = len(parsed)
    assert max(turns) <= BYTES_A_TURN + len(call)
    for caller in callers:
        assert (await caller.hears())[0] == 200


async def test_a_call_waits_for_its_turn_while_the_server_stops(place: CallPlace) -> None:
    """It is answered, though nothing of it has been parsed."""
    callers = [await place.calls() for _ in range(2)]
    for caller in callers:
        assert (await caller.ask(ECHO))[0] == 200
    first, second = place.service.connections
    first.data_received(b"POST /echo HTTP/1.1\r\nX: " + b"a" * BYTES_A_TURN)
    second.data_received(WAIT)
    place.service.is_stopping = True
    second.end()
    await until(lambda: place.waiting)
    place.gate.set()
    await until(lambda: second not in place.service.connections)


async def test_the_time_in_answers(place: CallPlace) -> None:
    """It is the clock's, in GMT."""
    first = place.service.date()
    assert first.endswith(b" GMT")
    place.clock.advance(1)
    assert place.service.date() != first


# -- stopping -------------------------------------------------------------------------------


async def test_the_idle_are_closed_at_once(place: CallPlace) -> None:
    """A connection that waits for its next call is no reason to wait."""
    async with await place.calls() as caller:
        await caller.ask(ECHO)
        await asyncio.wait_for(place.service.empty(), PATIENCE)
        assert await caller.is_closed()


async def test_a_call_under_way_is_answered(place: CallPlace) -> None:
    """It gets its answer, which says that the connection closes."""
    async with await place.calls() as caller:
        await caller.says(WAIT)
        await until(lambda: place.waiting)
        emptying = asyncio.create_task(place.service.empty())
        await until(lambda: place.service.is_stopping)
        place.gate.set()
        status, headers, body = await caller.hears()
        assert (status, headers["Connection"], body) == (200, "close", b"waited\n")
        assert await caller.is_closed()
        await emptying


async def test_a_call_that_takes_too_long_is_ended(place: CallPlace) -> None:
    """A stopping server leaves it a short time; then connection and call are ended."""
    async with await place.calls() as caller:
        await caller.says(WAIT)
        await until(lambda: place.waiting)
        emptying = asyncio.create_task(place.service.empty())
        await until(lambda: place.service.is_stopping)
        place.clock.advance(STOP_TIMEOUT)
        await emptying
        await place.service.close()
        assert await caller.is_closed()
        assert place.waiting == 0


async def test_a_call_that_comes_while_it_stops(place: CallPlace) -> None:
    """A connection that had begun to send is answered, and closed."""
    async with await place.calls() as caller:
        await caller.ask(ECHO)
        await caller.says(ECHO[:9])
        (connection,) = place.service.connections
        await until(lambda: not connection.is_idle)
        emptying = asyncio.create_task(place.service.empty())
        await until(lambda: place.service.is_stopping)
        await caller.says(ECHO[9:])
        assert (await caller.hears())[1]["Connection"] == "close"
        assert await caller.is_closed()
        await emptying
