"""The modem against a scripted one on a pty, over a real port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any

import pytest
import structlog

from ovms.base import logs
from ovms.car.modem.serial_modem import (
    BUSY,
    JOBS_LIMIT,
    LOST,
    NO_ANSWER,
    NO_USSD,
    NOT_READY,
    USSD_OPEN,
    ModemTiming,
    SerialModem,
)
from ovms.protocol.commands import Answer, Command
from tests.car.modem.fake import FakeModem
from tests.waiting import PATIENCE

FAST = ModemTiming(
    settle=0.01, greeting=10, ask=10, answer=20, ussd=20, look=3600, first_wait=0.01, most_wait=0.02
)
"""Nothing is waited for in vain, but where a test says so."""

CSQ = Command(49, "AT+CSQ")
TEXT = Command(40, "+4912345,text, with comma")
CODE = Command(41, "*100#")


class Tries(Random):
    """Chance that tells how often a modem was waited for, as each wait asks it once."""

    def __init__(self, wanted: int = 0) -> None:
        super().__init__(1)
        self.are_enough = asyncio.Event()
        self._wanted = wanted

    def begin(self, wanted: int) -> None:
        """Count from here on."""
        self.are_enough.clear()
        self._wanted = wanted

    def uniform(self, a: float, b: float) -> float:
        """Draw a wait."""
        self._wanted -= 1
        if not self._wanted:
            self.are_enough.set()
        return a


class User:
    """Somebody who gives commands, and gathers their answers."""

    def __init__(self, modem: SerialModem, fake: FakeModem) -> None:
        self.modem = modem
        self.answers: list[Answer] = []
        self._fake = fake
        self._news = asyncio.Event()

    def submit(self, command: Command) -> None:
        """Return a command."""
        self.modem.submit(command, self._take)

    async def ask(self, command: Command, answers: int = 1) -> list[Answer]:
        """Return a command, and wait for its answers."""
        before = len(self.answers)
        self.submit(command)
        return (await self.wait(before + answers))[before:]

    async def wait(self, count: int) -> list[Answer]:
        """Wait until there were so many answers."""
        async with asyncio.timeout(PATIENCE):
            while len(self.answers) < count:
                self._news.clear()
                await self._news.wait()
        assert len(self.answers) == count
        return self.answers

    async def looked(self, count: int = 1) -> None:
        """Wait until the modem has looked for its network so often, and knows what it saw."""
        await asyncio.to_thread(self._fake.wait_for, r"AT\+COPS\?", count)
        done = asyncio.Event()
        self.modem.submit(Command(49, "AT"), lambda answer: done.set())
        async with asyncio.timeout(PATIENCE):
            await done.wait()

    def _take(self, answer: Answer) -> None:
        self.answers.append(answer)
        self._news.set()


@asynccontextmanager
async def started(
    fake: FakeModem, timing: ModemTiming = FAST, tries: Tries | None = None
) -> AsyncIterator[User]:
    """Run a modem on the fake one's port, ready or not."""
    modem = SerialModem(str(fake.path), random=tries or Tries(), timing=timing)
    task = asyncio.create_task(modem.run())
    try:
        yield User(modem, fake)
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@asynccontextmanager
async def running(fake: FakeModem, timing: ModemTiming = FAST) -> AsyncIterator[User]:
    """Run a modem on the fake one's port; give its user once it is ready."""
    async with started(fake, timing) as user:
        await user.looked()
        yield user


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """Catch what is logged."""
    logs.configure("debug", "text")
    with structlog.testing.capture_logs() as entries:
        yield entries


async def test_signal_and_network_are_known(fake: FakeModem) -> None:
    """A modem that was opened is set up and asked for both; a comma in a name is none."""
    async with running(fake) as user:
        assert (user.modem.signal, user.modem.network) == (17, "Tele;com")
        assert fake.heard[:5] == [
            "ATE0V1", "AT+CMEE=1", "AT+CMGF=1", 'AT+CSCS="GSM"', "AT+COPS=3,0",
        ]  # fmt: skip
    assert user.modem.network is None


@pytest.mark.parametrize(
    ("csq", "signal"),
    [(b"+CSQ: 0,0", 0), (b"+CSQ: 31,99", 31), (b"+CSQ: 32,0", None), (b"+CSQ: 99,99", None),
     (b"+CSQ: x,1", None), (b"", None), (b"ERROR", None)],
)  # fmt: skip
async def test_a_signal_that_is_none_is_unknown(
    fake: FakeModem, csq: bytes, signal: int | None
) -> None:
    """0 to 31 is a signal; 99, an error and garbage are none."""
    fake.script[r"AT\+CSQ"] = b"\r\n" + csq + (b"" if csq == b"ERROR" else b"\r\nOK") + b"\r\n"
    async with running(fake) as user:
        assert user.modem.signal == signal


async def test_without_a_network_there_is_no_name(fake: FakeModem) -> None:
    """It is looked at again and again: a network that comes and goes is seen."""
    async with running(fake, replace(FAST, look=0.01)) as user:
        fake.script[r"AT\+COPS\?"] = b"\r\n+COPS: 0\r\n\r\nOK\r\n"
        await user.looked(fake.count(r"AT\+COPS\?") + 2)
        assert user.modem.network is None
        fake.script[r"AT\+COPS\?"] = b'+COPS: 0,0,"' + b"N" * 40 + b'"\r\nOK\r\n'
        await user.looked(fake.count(r"AT\+COPS\?") + 2)
        assert user.modem.network == "N" * 32


async def test_an_sms_goes_out(fake: FakeModem) -> None:
    """A text in the default alphabet, one in UCS2; each is answered when the modem has it."""
    async with running(fake) as user:
        assert await user.ask(TEXT) == [Answer(40, 0)]
        assert await user.ask(Command(40, "112,привет")) == [Answer(40, 0)]
        assert fake.texts == [b"text, with comma", b"043F04400438043204350442"]
        assert 'AT+CMGS="+4912345",145' in fake.heard
        assert 'AT+CMGS="003100310032",129' in fake.heard
        await user.ask(CSQ)
        assert [line for line in fake.heard if "CSCS" in line][-1] == 'AT+CSCS="GSM"'


@pytest.mark.parametrize(
    ("pattern", "says", "text"),
    [
        (r"AT\+CMGS.*", b"\r\n+CMS ERROR: 310\r\n", "no SIM (CMS ERROR: 310)"),
        (r"AT\+CMGS.*", b"\r\n+CMS ERROR: 500\r\n", "the modem refused (CMS ERROR: 500)"),
        (r"AT\+CMGF.*", b"\r\nERROR\r\n", "the modem refused (ERROR)"),
        (r"AT\+CSMP.*", b"\r\n+CME ERROR: a,b\r\n", "the modem refused (CME ERROR: a;b)"),
    ],
)
async def test_an_sms_that_fails_says_why(
    fake: FakeModem, pattern: str, says: bytes, text: str
) -> None:
    """At whichever step; errors that an owner can do something about are in words."""
    fake.script[pattern] = says
    async with running(fake) as user:
        assert await user.ask(TEXT) == [Answer(40, 1, text)]
        assert (await user.ask(CSQ))[0].result == 0


async def test_a_code_is_answered_twice(fake: FakeModem) -> None:
    """Once when the modem took it, once when the network answered; commas and lines are safe."""
    async with running(fake) as user:
        assert await user.ask(CODE, 2) == [Answer(41, 0), Answer(41, 0, "Balance:\r5;20 EUR")]
        assert 'AT+CUSD=1,"*100#",15' in fake.heard


@pytest.mark.parametrize(
    ("says", "second"),
    [
        (b'\r\n+CUSD: 0,"early",15\r\n\r\nOK\r\n', Answer(41, 0, "early")),
        (b'\r\nOK\r\n+CUSD: 1,"0411043004300440",72\r\n', Answer(41, 0, "Баар")),
        (b'\r\nOK\r\n+CUSD: 2,"bye"\r\n', Answer(41, 0, "bye")),
        (b"\r\nOK\r\n+CUSD: 2\r\n", Answer(41, 1, "the network has ended it")),
        (b"\r\nOK\r\n+CUSD: 4\r\n", Answer(41, 1, "the network does not support the code")),
        (b"\r\nOK\r\n+CUSD: 9\r\n", Answer(41, 1, "the network gave no text")),
        (b"\r\nOK\r\n+CUSD: 0\r\n", Answer(41, 0)),
    ],
)
async def test_whatever_the_network_says(fake: FakeModem, says: bytes, second: Answer) -> None:
    """Before the modem's own answer or after it, in UCS2, without a text, as a failure."""
    fake.script[r"AT\+CUSD=1.*"] = says
    async with running(fake) as user:
        assert await user.ask(CODE, 2) == [Answer(41, 0), second]
        assert (await user.ask(CODE, 2))[1] == second


async def test_a_code_that_the_modem_refuses_is_answered_once(fake: FakeModem) -> None:
    """There is nothing more to come of it; the next code may be sent."""
    fake.script[r"AT\+CUSD=1.*"] = b"\r\n+CME ERROR: 30\r\n"
    async with running(fake) as user:
        for _ in range(2):
            assert await user.ask(CODE) == [Answer(41, 1, "no network (CME ERROR: 30)")]


async def test_one_code_at_a_time(fake: FakeModem) -> None:
    """While the network owes an answer a further code is declined; a late answer is for nobody."""
    fake.script[r"AT\+CUSD=1.*"] = b"\r\nOK\r\n"
    async with running(fake) as user:
        user.submit(CODE)
        user.submit(CODE)
        assert user.answers == [Answer(41, 1, USSD_OPEN)]
        await user.wait(2)
        user.submit(CODE)
        assert user.answers[1:] == [Answer(41, 0), Answer(41, 1, USSD_OPEN)]
        fake.say(b'+CUSD: 0,"late"\r\n+CUSD: 0,"later"\r\n')
        assert (await user.wait(4))[3] == Answer(41, 0, "late")
        assert (await user.ask(CSQ))[0].result == 0


async def test_a_network_that_never_answers(fake: FakeModem) -> None:
    """After its time the code is given up, and the modem told so."""
    fake.script[r"AT\+CUSD=1.*"] = b"\r\nOK\r\n"
    async with running(fake, replace(FAST, ussd=0.01)) as user:
        assert await user.ask(CODE, 2) == [Answer(41, 0), Answer(41, 1, NO_USSD)]
        await asyncio.to_thread(fake.wait_for, r"AT\+CUSD=2")
        assert (await user.ask(CSQ))[0].result == 0


async def test_raw_commands_pass(fake: FakeModem) -> None:
    """The answer's lines come as they are, commas kept, CR between; an error comes with them."""
    fake.script[r"ATI"] = b"\r\nMaker\r\nModel\x00,1\r\n\r\nOK\r\n"
    fake.script[r"AT\+X"] = b"\r\n+X: 1\r\n+CME ERROR: 100\r\n"
    async with running(fake) as user:
        assert await user.ask(CSQ) == [Answer(49, 0, "+CSQ: 17,99")]
        assert await user.ask(Command(49, "ATI")) == [Answer(49, 0, "Maker\rModel ,1")]
        assert await user.ask(Command(49, "AT+X")) == [Answer(49, 1, "+X: 1\r+CME ERROR: 100")]
        assert await user.ask(Command(49, "ATE1")) == [Answer(49, 0)]
        assert await user.ask(CSQ) == [Answer(49, 0, "+CSQ: 17,99")]
        assert await user.ask(TEXT) == [Answer(40, 0)]


async def test_a_raw_command_that_wants_a_text_is_given_up(fake: FakeModem) -> None:
    """Its prompt is answered with Escape, and no SMS goes out."""
    async with running(fake) as user:
        asked = Command(49, 'AT+CMGS="1"')
        assert await user.ask(asked) == [Answer(49, 1, "the modem asked for a text")]
        assert fake.texts == []
        assert (await user.ask(CSQ))[0].result == 0


async def test_a_modem_in_data_mode_is_opened_anew(fake: FakeModem) -> None:
    """A modem that takes no commands any more is closed, which ends it, and set up again."""
    fake.script[r"ATD.*"] = b"\r\nCONNECT 9600\r\n"
    async with running(fake) as user:
        assert await user.ask(Command(49, "ATD*99#")) == [Answer(49, 1, "CONNECT")]
        await asyncio.to_thread(fake.wait_for, "ATE0V1", 2)
        await user.looked(2)
        assert (await user.ask(CSQ))[0].result == 0


async def test_commands_wait_their_turn(fake: FakeModem) -> None:
    """So many as there is room for are done in order; one more is declined at once."""
    async with running(fake) as user:
        for number in range(JOBS_LIMIT):
            user.submit(Command(49, f"AT+N{number}"))
        assert user.answers == []
        user.submit(CSQ)
        assert user.answers == [Answer(49, 1, BUSY)]
        await user.wait(JOBS_LIMIT + 1)
        asked = [line for line in fake.heard if line.startswith("AT+N")]
        assert asked == [f"AT+N{number}" for number in range(JOBS_LIMIT)]


async def test_what_makes_no_sense_is_declined(fake: FakeModem) -> None:
    """It has its answer at once, and the modem never hears of it."""
    async with running(fake) as user:
        user.submit(Command(40, "1"))
        assert user.answers == [Answer(40, 1, "give a number and a text")]
    user.submit(CSQ)
    assert user.answers[1] == Answer(49, 1, NOT_READY)


async def test_a_modem_that_hangs_is_given_up(fake: FakeModem) -> None:
    """Its command is answered in time; it is opened anew, and its late answer finds nobody."""
    fake.script[r"AT\+HANG"] = b"\r\n"
    async with running(fake, replace(FAST, answer=0.5)) as user:
        user.submit(Command(49, "AT+HANG"))
        user.submit(CSQ)
        assert await user.wait(2) == [Answer(49, 1, NO_ANSWER), Answer(49, 1, NOT_READY)]
        fake.say(b"\r\n+HANG: 1\r\nOK\r\n")
        await asyncio.to_thread(fake.wait_for, "ATE0V1", 2)
        await user.looked(2)
        assert await user.ask(Command(49, "AT+OTHER")) == [Answer(49, 0)]


async def test_a_text_that_is_not_confirmed_has_no_success(fake: FakeModem) -> None:
    """Whether it went out nobody knows, and the answer says so, once."""
    fake.after_text = b""
    async with running(fake, replace(FAST, answer=0.5)) as user:
        assert await user.ask(TEXT) == [Answer(40, 1, NO_ANSWER)]
        await asyncio.to_thread(fake.wait_for, "ATE0V1", 2)
        await user.looked(2)
        assert len(user.answers) == 1


async def test_unplugging_in_the_middle(fake: FakeModem) -> None:
    """Whatever was under way or waited is answered; plugged in again, it works again."""
    fake.script |= {r"AT\+CUSD=1.*": b"\r\nOK\r\n", r"AT\+HANG": b""}
    async with running(fake) as user:
        await user.ask(CODE)
        for command in (Command(49, "AT+HANG"), CSQ, TEXT):
            user.submit(command)
        await asyncio.to_thread(fake.wait_for, r"AT\+HANG")
        fake.unplug()
        assert (await user.wait(5))[1:] == [
            Answer(41, 1, NO_USSD), Answer(49, 1, LOST), Answer(49, 1, NOT_READY),
            Answer(40, 1, NOT_READY),
        ]  # fmt: skip
        assert (user.modem.signal, user.modem.network) == (None, None)
        user.submit(CSQ)
        assert user.answers[5] == Answer(49, 1, NOT_READY)
        fake.plug_in()
        await user.looked(2)
        assert await user.ask(CSQ) == [Answer(49, 0, "+CSQ: 17,99")]
        fake.script.clear()
        assert (await user.ask(CODE, 2))[1].result == 0


async def test_a_code_lost_before_it_was_taken_is_answered_once(fake: FakeModem) -> None:
    """Without the modem's own answer there is no second one either."""
    fake.script[r"AT\+CUSD=1.*"] = b""
    async with running(fake) as user:
        user.submit(CODE)
        await asyncio.to_thread(fake.wait_for, r"AT\+CUSD=1.*")
        fake.unplug()
        assert await user.wait(1) == [Answer(41, 1, LOST)]
        fake.script.clear()
        fake.plug_in()
        await user.looked(2)
        assert len(await user.ask(CODE, 2)) == 2


async def test_a_slow_start_is_waited_for(fake: FakeModem) -> None:
    """A modem that first says garbage, and does not answer at once, is tried again."""
    fake.script["ATE0V1"] = b"\x00\xff\r\nERROR\r\n"
    async with started(fake) as user:
        await asyncio.to_thread(fake.wait_for, "ATE0V1", 4)
        assert (await user.ask(CSQ))[0] == Answer(49, 1, NOT_READY)
        fake.script.clear()
        await user.looked()


async def test_a_modem_that_says_nothing_at_first(fake: FakeModem) -> None:
    """It is asked again, and after that opened anew."""
    fake.script["ATE0V1"] = b""
    async with started(fake, replace(FAST, greeting=0.01)) as user:
        await asyncio.to_thread(fake.wait_for, "ATE0V1", 4)
        fake.script.clear()
        await user.looked()
        assert await user.ask(CSQ) == [Answer(49, 0, "+CSQ: 17,99")]


async def test_a_modem_left_in_the_middle_of_a_text(fake: FakeModem) -> None:
    """What a car that was switched off had begun is given up, and never sent."""
    fake._wants_text = True
    async with running(fake) as user:
        assert await user.ask(CSQ) == [Answer(49, 0, "+CSQ: 17,99")]
        assert fake.texts == []


async def test_no_port_is_told_once(
    fake: FakeModem, logged: list[structlog.typing.EventDict]
) -> None:
    """A port that is not there is tried again; each reason is warned of once, each time anew."""
    fake.unplug()
    tries = Tries(3)
    async with started(fake, tries=tries) as user:
        await tries.are_enough.wait()
        fake.plug_in()
        await user.looked()
        tries.begin(3)
        fake.unplug()
        await tries.are_enough.wait()
    told = [entry["log_level"] for entry in logged if entry["event"] == "no modem"]
    assert told[:3] == ["warning", "debug", "debug"]
    assert told[-3:] == ["warning", "warning", "debug"]
    assert [entry["event"] for entry in logged if entry["log_level"] == "info"] == ["modem ready"]


async def test_the_log_tells_no_secret(
    fake: FakeModem, logged: list[structlog.typing.EventDict]
) -> None:
    """No PIN at any level; texts, numbers and what networks say at DEBUG only, in fields for it."""
    async with running(fake) as user:
        await user.ask(Command(49, 'AT+CPIN="7391"'))
        await user.ask(TEXT)
        await user.ask(CODE, 2)
        fake.say(b'+CMT: "+49777"\r\nhidden words\r\n')
        await user.ask(CSQ)
    told = str(logged)
    assert "AT+CPIN" in told
    assert not [word for word in ("7391", "4912345", "49777", "hidden") if word in told]
    contents: list[Any] = [e for e in logged if "with comma" in str(e) or "Balance" in str(e)]
    assert contents
    assert all(e["log_level"] == "debug" and set(e) <= {"event", "data", "log_level", "logger"}
               for e in contents)  # fmt: skip
