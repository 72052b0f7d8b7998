"""A modem on a serial port, which is opened again whenever it is lost.

One task (:meth:`SerialModem.run`) owns the port and does one job at a time. A modem that does not
answer in time is closed and opened again, because its late answer could not be told from the next.
Each command is answered, and sooner than a server gives it up.

The texts of SMS and the answers of networks are logged at DEBUG only. Of other commands only the
name is logged, because a PIN may follow it.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import NoReturn

from ovms.base.backoff import Backoff
from ovms.base.logs import get_logger
from ovms.car.answers import AnswerCallback
from ovms.car.modem.at import CONNECTED, Dialogue, Reply, Request, Unsolicited
from ovms.car.modem.port import PortGone, SerialPort
from ovms.car.modem.replies import network_answer, network_of, outcome, signal_of
from ovms.car.modem.requests import Declined, Raw, Sms, Ussd, alphabet, read
from ovms.car.modem.text import lines_text
from ovms.protocol.commands import Answer, Command, Result

log = get_logger("ovms.car.modem")

BAUD_RATES = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)

JOBS_LIMIT = 10
"""Commands that wait for the modem; more are refused."""

ANSWER_TIMEOUT = 45.0
"""Seconds from a command to its answer. A server waits 60."""

GREETING_TIMEOUT = 5.0
"""Seconds for a modem's first answer."""

ASK_TIMEOUT = 20.0
"""Seconds for answers that need no sending. A modem that searches for a network is slow."""

USSD_TIMEOUT = 90.0
"""Seconds for the network's answer to a code. Networks give up after 30 or 60."""

TRIES = 3
"""Attempts to get the first answer from a modem, which may just be waking up."""

SETUP = (
    Request("AT+CMEE=1"),
    Request("AT+CMGF=1"),
    alphabet("GSM"),
    Request("AT+COPS=3,0"),
)
"""What a modem is sent when it is opened. Errors are ignored."""

NOT_READY = "the modem is not ready"
BUSY = "too many commands are waiting for the modem"
USSD_OPEN = "the network has not answered the last code yet"
LOST = "the modem was lost; whether the command was carried out is unknown"
NO_ANSWER = "no answer from the modem; whether the command was carried out is unknown"
NO_USSD = "no answer from the network"


@dataclass(frozen=True, slots=True)
class ModemTiming:
    """Real seconds."""

    settle: float = 0.3
    """How long the output of a modem that was just opened is ignored."""
    greeting: float = GREETING_TIMEOUT
    ask: float = ASK_TIMEOUT
    answer: float = ANSWER_TIMEOUT
    ussd: float = USSD_TIMEOUT
    look: float = 60.0
    """Between queries of signal and network."""
    first_wait: float = 1.0
    most_wait: float = 60.0
    """Between attempts to open a lost modem: doubling, with jitter."""


class ModemSilent(Exception):
    """The modem is of no use until it is opened again; the text says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A command that waits or is being carried out."""

    command: Command
    task: Sms | Ussd | Raw
    answer: AnswerCallback
    deadline: float

    def end(self, result: Result, text: str = "") -> None:
        """Answer the command."""
        self.answer(Answer(self.command.number, result, text))


class SerialModem:
    """The modem on the port ``path`` at ``baud`` bits a second."""

    def __init__(
        self, path: str, baud: int = 115200, *, random: Random, timing: ModemTiming | None = None
    ) -> None:
        self.signal: int | None = None
        self.network: str | None = None
        self._path = path
        self._baud = baud
        self._timing = timing = timing or ModemTiming()
        self._waits = Backoff(timing.first_wait, timing.most_wait, random=random)
        self._told: str | None = None
        """Why there is no modem, as it was last logged."""
        self._port: SerialPort | None = None
        self._is_ready = False
        self._dialogue = Dialogue()
        self._reply: asyncio.Future[Reply] | None = None
        self._jobs: deque[Job] = deque()
        self._current: Job | None = None
        self._news = asyncio.Event()
        self._ussd: Job | None = None
        """The code that the network has not answered yet, from before it is sent."""
        self._ussd_is_taken = False
        self._ussd_early: str | None = None
        """A network's answer that came before the modem's own."""
        self._ussd_timer: asyncio.TimerHandle | None = None
        self._must_cancel_ussd = False

    # -- commands ---------------------------------------------------------------------------

    def submit(self, command: Command, answer: AnswerCallback) -> None:
        """Carry out a command: see :class:`ovms.car.modem.Modem`."""
        try:
            task = read(command)
            self._check_room(task)
        except Declined as error:
            answer(Answer(command.number, Result.FAILED, str(error)))
            return
        deadline = asyncio.get_running_loop().time() + self._timing.answer
        self._jobs.append(Job(command, task, answer, deadline))
        self._news.set()

    def _check_room(self, task: Sms | Ussd | Raw) -> None:
        if not self._is_ready:
            raise Declined(NOT_READY)
        if len(self._jobs) >= JOBS_LIMIT:
            raise Declined(BUSY)
        is_open = self._ussd is not None or any(isinstance(job.task, Ussd) for job in self._jobs)
        if isinstance(task, Ussd) and is_open:  # the answers could not be told apart
            raise Declined(USSD_OPEN)

    # -- the task that owns the port ----------------------------------------------------------

    async def run(self) -> NoReturn:
        """Use the modem for ever. Cancel it to end; the port is closed in order."""
        while True:
            try:
                async with self._opened() as port:
                    await self._serve(port)
            except (PortGone, ModemSilent) as error:
                await self._wait(str(error))

    async def _wait(self, reason: str) -> None:
        """Wait until the next attempt. The same reason is logged once."""
        seconds = self._waits.next()
        tell = log.debug if reason == self._told else log.warning
        self._told = reason
        tell("no modem", port=self._path, reason=reason, again_in=round(seconds, 1))
        await asyncio.sleep(seconds)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[SerialPort]:
        self._dialogue = Dialogue()
        self._port = port = await SerialPort.open(self._path, self._baud, self._receive)
        try:
            yield port
        finally:
            self._port = self._reply = None
            self._is_ready = False
            self.signal = self.network = None
            port.close()
            self._fail_all()

    async def _serve(self, port: SerialPort) -> NoReturn:
        """Use the modem until it is lost.

        Raise :class:`PortGone` or :class:`ModemSilent`.
        """
        work = asyncio.create_task(self._work())
        try:
            await asyncio.wait((work, port.gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        if not work.cancelled():
            work.result()
        raise PortGone(port.gone.result())

    async def _work(self) -> NoReturn:
        loop = asyncio.get_running_loop()
        await self._set_up()
        look_at = loop.time()
        while True:
            if loop.time() >= look_at:
                await self._look()
                look_at = loop.time() + self._timing.look
            elif self._must_cancel_ussd:
                self._must_cancel_ussd = False
                await self._ask(Request("AT+CUSD=2"))
            elif self._jobs:
                self._current = self._jobs.popleft()
                await self._do(self._current)
            else:
                self._news.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(look_at):
                        await self._news.wait()

    async def _set_up(self) -> None:
        """Bring the modem into a known state, and configure it."""
        assert self._port is not None
        self._port.write(b"\x1b\r")  # it may wait for the text of an SMS
        await asyncio.sleep(self._timing.settle)
        await self._greet()
        for request in SETUP:
            await self._ask(request)
        self._is_ready = True
        self._told = None
        self._waits.reset()
        log.info("modem ready", port=self._path)

    async def _greet(self) -> None:
        """Wait for the first answer. Everything before it is ignored."""
        loop = asyncio.get_running_loop()
        for number in range(TRIES):
            self._dialogue = Dialogue()
            with suppress(ModemSilent):
                until = loop.time() + self._timing.greeting
                is_there = (await self._ask(Request("ATE0V1"), until)).error is None
                if is_there and not number:
                    return
                # a late answer to an earlier attempt is no answer to the next command
                await asyncio.sleep(self._timing.settle)
                if is_there:
                    return
        raise ModemSilent("no modem answers")

    async def _look(self) -> None:
        """Query signal and network."""
        self.signal = signal_of(await self._ask(Request("AT+CSQ")))
        self.network = network_of(await self._ask(Request("AT+COPS?")))

    async def _ask(self, request: Request, deadline: float | None = None) -> Reply:
        """Return the modem's answer to a request, or raise :class:`ModemSilent`.

        ``deadline`` is the event loop's time.
        """
        assert self._port is not None
        loop = asyncio.get_running_loop()
        log.debug("asked", command=request.name)
        self._reply = loop.create_future()
        self._dialogue.ask(request)
        self._port.write(self._dialogue.data_to_send())
        until = loop.time() + self._timing.ask if deadline is None else deadline
        try:
            async with asyncio.timeout_at(until):
                return await self._reply
        except TimeoutError:
            raise ModemSilent(f"no answer to {request.name}") from None

    def _receive(self, data: bytes) -> None:
        for event in self._dialogue.receive_data(data):
            if isinstance(event, Unsolicited):
                self._process_line(event.line)
            elif self._reply is not None and not self._reply.done():
                self._reply.set_result(event)
        if self._port is not None:
            self._port.write(self._dialogue.data_to_send())

    # -- jobs ---------------------------------------------------------------------------------

    async def _do(self, job: Job) -> None:
        try:
            match job.task:
                case Sms():
                    await self._send_sms(job, job.task)
                case Ussd():
                    await self._send_ussd(job, job.task)
                case Raw():
                    await self._pass_on(job, job.task)
        except ModemSilent:
            if self._current is not None:
                self._end(Result.FAILED, NO_ANSWER)
            raise

    def _end(self, result: Result, text: str) -> None:
        """Answer the current job."""
        job, self._current = self._current, None
        assert job is not None
        job.end(result, text)

    async def _send_sms(self, job: Job, sms: Sms) -> None:
        log.debug("sms", data=sms.text)
        for request in sms.requests:
            reply = await self._ask(request, job.deadline)
            if reply.error is not None:
                break
        self._end(*outcome(reply))
        await self._ask(alphabet("GSM"))  # names and answers of networks are in it

    async def _send_ussd(self, job: Job, ussd: Ussd) -> None:
        self._ussd, self._ussd_is_taken, self._ussd_early = job, False, None
        reply = await self._ask(ussd.request, job.deadline)
        self._end(*outcome(reply))
        if reply.error is not None:
            self._ussd = None
            return
        self._ussd_is_taken = True
        loop = asyncio.get_running_loop()
        self._ussd_timer = loop.call_later(self._timing.ussd, self._give_up_ussd)
        if self._ussd_early is not None:
            self._process_line(self._ussd_early)

    async def _pass_on(self, job: Job, raw: Raw) -> None:
        reply = await self._ask(raw.request, job.deadline)
        lines = reply.lines if reply.error is None else (*reply.lines, reply.error)
        result = Result.OK if reply.error is None else Result.FAILED
        self._end(result, lines_text("\r".join(lines)))
        if reply.error == CONNECTED:
            raise ModemSilent("it was switched from commands to data")

    # -- what comes by itself -----------------------------------------------------------------

    def _process_line(self, line: str) -> None:
        """Handle an unsolicited line: only the network's answer to our code is of use."""
        told = network_answer(line)
        if told is None or self._ussd is None:
            log.debug("unsolicited", name=line[:1] + re.split(r"[^A-Z]", line[1:])[0])
            return
        if not self._ussd_is_taken:
            self._ussd_early = line
            return
        log.debug("ussd", data=line)
        self._end_ussd(*told)

    def _give_up_ussd(self) -> None:
        """Stop waiting for the network, and cancel the code, so that its answer comes no more."""
        self._must_cancel_ussd = True
        self._news.set()
        self._end_ussd(Result.FAILED, NO_USSD)

    def _end_ussd(self, result: Result, text: str) -> None:
        job, self._ussd = self._ussd, None
        if self._ussd_timer is not None:
            self._ussd_timer.cancel()
            self._ussd_timer = None
        if job is not None:
            job.end(result, text)

    def _fail_all(self) -> None:
        """Answer all jobs that the modem will not answer any more."""
        if self._ussd_is_taken:
            self._end_ussd(Result.FAILED, NO_USSD)
        self._ussd = None
        self._ussd_is_taken = self._must_cancel_ussd = False
        current, self._current = self._current, None
        if current is not None:
            current.end(Result.FAILED, LOST)
        while self._jobs:
            self._jobs.popleft().end(Result.FAILED, NOT_READY)
