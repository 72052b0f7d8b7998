from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.protocol.commands import Answer, Command, Result
from ovms.server.hub.asking import (
    ANSWER_LIMIT,
    ASKERS_LIMIT,
    AnswerLine,
    AskedCommand,
    Reason,
    Unanswered,
    ask,
)
from ovms.server.hub.commands import ANSWER_TIMEOUT, QUEUE_LIMIT, ROW_TIMEOUT
from ovms.server.hub.pins import FIRST_LOCK, WRONG_LIMIT
from tests.server.hub.fakes import Place
from tests.server.peers.servers import Net
from tests.waiting import PATIENCE

CHARGE = Command(11)
Asking = asyncio.Task[list[Answer]]


async def asks(place: Place, command: Command = CHARGE, timeout: float = PATIENCE) -> Asking:
    """Ask, up to where the command is sent or waits."""
    asking = asyncio.create_task(ask(place.room, command, timeout))
    await asyncio.sleep(0)
    return asking


async def reason_of(asking: Asking) -> Reason:
    """Return why there was no answer."""
    with pytest.raises(Unanswered) as error:
        await asking
    return error.value.reason


async def test_an_answer() -> None:
    """The car is sent the command, and who has asked gets the answer; nobody else hears of it."""
    place = Place()
    app, car = place.app(), place.car()
    app.hears()
    asking = await asks(place, Command(16, "3,16"))
    assert (car.hears(), place.room.clients, place.room.apps) == (["C16,3,16"], (app.member,), 1)
    assert len(place.room.askers) == 1
    car.says("c16,0,done, or so")
    assert await asking == [Answer(16, Result.OK, "done, or so")]
    assert (app.hears(), car.hears(), [*place.room.askers]) == ([], [], [])


async def test_an_answer_in_rows() -> None:
    """All rows are waited for."""
    place = Place()
    car = place.car()
    asking = await asks(place, Command(1))
    car.says("c1,0,0,3,a", "c1,0,1,3,b")
    await asyncio.sleep(0)
    assert not asking.done()
    car.says("c1,0,2,3,c")
    assert [answer.text for answer in await asking] == ["0,3,a", "1,3,b", "2,3,c"]


async def test_rows_that_are_missing() -> None:
    """An old module leaves the last rows out: those that came are the answer."""
    place = Place()
    car = place.car()
    asking = await asks(place, Command(3))
    car.says("c3,0,0,16,a", "c3,0,1,16,b")
    place.passes(ROW_TIMEOUT + 1)
    assert car.hears() == ["C3", "A"]
    car.says("a")
    assert [answer.text for answer in await asking] == ["0,16,a", "1,16,b"]


async def test_everybody_gets_their_own_answer() -> None:
    """Apps and askers with the same command and another wait for each other, in order."""
    place = Place()
    car = place.car()
    app = place.app()
    car.hears()
    first = await asks(place)
    app.says("C11")
    second = await asks(place)
    third = await asks(place, Command(12))
    heard = []
    for answer in ("c11,0,1", "c11,0,2", "c11,0,3", "c12,0,4"):
        heard += car.hears()
        car.says(answer)
    assert heard == ["C11", "C11", "C11", "C12"]
    assert [(await each)[0].text for each in (first, second, third)] == ["1", "3", "4"]
    assert app.hears() == ["c11,0,2"]


STEPS = st.sampled_from(
    ["ask", "ask", "app", "hang up", "answer", "answer", "answer", "time", "time"]
)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(STEPS, st.integers(0, 9)), max_size=100))
def test_whatever_happens(steps: list[tuple[str, int]]) -> None:
    """Nobody ever gets another's answer, nor one of a call that is over."""
    asyncio.run(_happens(steps))


async def _happens(steps: list[tuple[str, int]]) -> None:
    place = Place()
    app, car = place.app(), place.car()
    app.hears()
    calls: dict[str, Asking] = {}
    asked: list[str] = []
    of_app: set[str] = set()
    for at, (step, n) in enumerate(steps):
        number, tag = 11 + n % 3, f"tag{at}"
        match step:
            case "ask":
                calls[tag] = await asks(place, Command(number, tag))
            case "app":
                of_app.add(tag)
                app.says(f"C{number},{tag}")
            case "hang up" if calls:
                [*calls.values()][n % len(calls)].cancel()
            case "answer" if asked:
                code, (told, _, text) = asked[0][0], asked.pop(0)[1:].partition(",")
                car.says("a" if code == "A" else f"c{told},0,{text}")
            case "time" if "A" not in asked:  # a car that is silent any longer is not waited for
                place.passes(n)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asked += [each for each in car.hears() if each[0] in "CA"]
        heard = [each.split(",") for each in app.hears()]
        assert all(each[2] in of_app for each in heard if each[1] == "0")
    for task in calls.values():
        task.cancel()
    done = await asyncio.gather(*calls.values(), return_exceptions=True)
    for asker, answers in zip(calls, done, strict=True):
        if not isinstance(answers, BaseException):
            assert [answer.text for answer in answers] == [asker]
    assert place.room.askers == ()


async def test_no_car() -> None:
    """Without a car nothing waits."""
    place = Place()
    assert await reason_of(await asks(place)) is Reason.NOT_CONNECTED


async def test_a_car_without_proof() -> None:
    """Who has not proven to be the car is asked nothing."""
    place = Place()
    stranger = place.stranger()
    assert await reason_of(await asks(place)) is Reason.NOT_CONNECTED
    assert stranger.hears() == ["A"]


async def test_the_car_goes() -> None:
    """A car that leaves before it answers may have had the command."""
    place = Place()
    car = place.car()
    sent, waits = await asks(place), await asks(place)
    car.leaves()
    assert [await reason_of(each) for each in (sent, waits)] == [Reason.CONNECTION_LOST] * 2


async def test_a_take_over() -> None:
    """A car that calls again owes nothing of what was asked before; it answers what comes then."""
    place = Place()
    place.car()
    asking = await asks(place)
    car = place.car()
    assert await reason_of(asking) is Reason.CONNECTION_LOST
    asking = await asks(place)
    assert car.hears() == ["C11"]
    car.says("c11,0")
    assert [each.result for each in await asking] == [Result.OK]


async def test_no_answer_in_time() -> None:
    """What comes later reaches nobody, and the next command gets its own answer."""
    place = Place()
    app, car = place.app(), place.car()
    app.hears()
    assert await reason_of(await asks(place, timeout=0.0)) is Reason.NO_ANSWER
    asking = await asks(place)
    assert car.hears() == ["C11"]
    car.says("c11,1,late")
    assert car.hears() == ["C11"]
    car.says("c11,0,in time")
    assert [answer.text for answer in await asking] == ["in time"]
    assert app.hears() == []


async def test_the_car_never_answers() -> None:
    """The hub gives up a command by itself, too."""
    place = Place()
    place.car()
    asking = await asks(place)
    place.passes(ANSWER_TIMEOUT + 1)
    assert await reason_of(asking) is Reason.NO_ANSWER


async def test_who_has_asked_hangs_up() -> None:
    """A command that waits is never sent then, and the answer to a sent one reaches nobody."""
    place = Place()
    app, car = place.app(), place.car()
    app.hears()
    sent, waits, stays = await asks(place), await asks(place), await asks(place, Command(12))
    for each in (sent, waits):
        each.cancel()
    await asyncio.gather(sent, waits, return_exceptions=True)
    assert car.hears() == ["C11"]
    car.says("c11,0")
    assert car.hears() == ["C12"]
    car.says("c12,0")
    assert (await stays)[0].number == 12
    assert (app.hears(), place.room.askers) == ([], ())


async def test_askers_are_bounded() -> None:
    """So many may ask one car at once; apps have the rest of its queue."""
    place = Place()
    car = place.car()
    app = place.app()
    car.hears()
    waiting = [await asks(place) for _ in range(ASKERS_LIMIT)]
    assert await reason_of(await asks(place)) is Reason.TOO_MANY
    app.says("C12")
    for _ in range(ASKERS_LIMIT):
        car.says("c11,0")
    assert [(await each)[0].result for each in waiting] == [Result.OK] * ASKERS_LIMIT
    assert car.hears()[-1] == "C12"


async def test_a_full_queue() -> None:
    """Where apps have filled the queue, nothing more waits in it."""
    place = Place()
    car = place.car()
    for _ in range(QUEUE_LIMIT + 1):
        place.app().says("C12")
    assert await reason_of(await asks(place)) is Reason.TOO_MANY
    assert "C11" not in car.hears()


async def test_too_long_a_command() -> None:
    """A module's buffer takes no longer ones."""
    place = Place()
    car = place.car()
    car.says("F3.1.4/TR2.0/V2/x,VIN,5,1,TR,NET")
    long = Command(4, f"5,{'x' * 200}")
    assert await reason_of(await asks(place, long)) is Reason.TOO_LONG


async def test_wrong_pins() -> None:
    """They are counted as those of apps, and a locked-out vehicle takes none for a while."""
    place = Place()
    car = place.car()
    for _ in range(WRONG_LIMIT):
        asking = await asks(place, Command(22, "9"))
        car.says("c22,1,wrong PIN")
        assert [answer.text for answer in await asking] == ["wrong PIN"]
    car.hears()
    with pytest.raises(Unanswered) as error:
        await ask(place.room, Command(20, "1"), PATIENCE)
    assert (error.value.reason, error.value.wait) == (Reason.PINS_LOCKED, FIRST_LOCK)
    assert (car.hears(), len(place.alerts.raised)) == ([], 1)


async def test_a_sealed_answer() -> None:
    """It can be read by the owner's apps alone; the queue stays in step."""
    place = Place()
    car = place.car()
    asking = await asks(place)
    car.says("ETtoken", "EMcxxxx")
    assert await reason_of(asking) is Reason.SEALED
    place.passes(2)
    assert car.hears() == ["C11", "A"]
    car.says("a")
    asking = await asks(place)
    assert car.hears() == ["C11"]
    car.says("c11,0")
    assert (await asking)[0].result == Result.OK


async def test_an_endless_answer() -> None:
    """What is longer than any answer is not gathered."""
    place = Place()
    car = place.car()
    asking = await asks(place, Command(1))
    row = f"c1,0,0,9,{'x' * (ANSWER_LIMIT // 2 - len('1,0,0,9,'))}"
    car.says(row, row)
    await asyncio.sleep(0)
    assert not asking.done()
    car.says("c1,0,0,9,")
    assert await reason_of(asking) is Reason.OVERLONG


async def test_a_command_that_is_taken_back() -> None:
    """One that waits behind another is never sent; one that was sent stays."""
    place = Place()
    car = place.car()
    rows: list[Answer] = []
    sent = AskedCommand(place.room, Command(12), rows.append)
    waits = AskedCommand(place.room, CHARGE)
    assert (sent.is_waiting, waits.is_waiting) == (False, True)
    assert (sent.withdraw(), waits.withdraw(), waits.withdraw()) == (False, True, False)
    with pytest.raises(Unanswered) as error:
        await waits.answers(PATIENCE)
    assert error.value.reason is Reason.WITHDRAWN
    car.says("c12,0,done")
    assert rows == await sent.answers(PATIENCE) == [Answer(12, Result.OK, "done")]
    assert (sent.is_over, sent.is_waiting, place.room.askers) == (True, False, ())
    assert car.hears() == ["C12"]


async def test_a_command_that_could_not_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is left behind in the room when an error in our code ends the asking."""
    place = Place()
    place.car()

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(type(place.room), "take_command", fail)
    with pytest.raises(ZeroDivisionError):
        AskedCommand(place.room, CHARGE)
    assert place.room.askers == ()


async def test_a_failed_line() -> None:
    """A line that is closed takes nothing more; there is nothing to wait for on it."""
    line = AnswerLine()
    await line.drained()
    line.close()
    assert (line.over.is_set(), line.failure) == (True, Reason.CONNECTION_LOST)


async def test_a_car_at_another_server() -> None:
    """The command goes there, the answer comes from there, and so does what is refused there."""
    net = Net()
    here, there = net.server(), net.server()
    await net.join(here, there)
    car = await there.car()
    await net.settle()
    room = here.hub.rooms["CAR1"]

    async def asks_there(text: str, answer: str) -> list[Answer]:
        number, _, rest = text.partition(",")
        asking = asyncio.create_task(ask(room, Command(int(number), rest), PATIENCE))
        await asyncio.sleep(0)
        await net.settle()
        if answer:
            assert car.hears() == [f"C{text}"]
            await car.says(answer)
        return await asking

    assert [each.text for each in await asks_there("11", "c11,0,yes")] == ["yes"]
    assert car.hears() == []
    for _ in range(WRONG_LIMIT):
        await asks_there("20,9", "c20,1,wrong PIN")
    with pytest.raises(Unanswered) as error:
        await asks_there("20,1", "")
    assert (error.value.reason, error.value.wait) == (Reason.PINS_LOCKED, FIRST_LOCK)
    assert car.hears() == []
