"""The app's commands against a server in another process, and a car of our own making."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ovms.cli.app import _print_answers, app, complete_command
from ovms.net.client import ConnectionLost, connect
from ovms.protocol import Message, Role
from ovms.protocol.commands import COMMANDS, Answer
from tests.programs.conftest import SECRET, Program, Server, run_ovms, start
from tests.waiting import PATIENCE, wait_until

__all__ = ["start"]

RUNNER = CliRunner()


ANSWERS = {b"20,1234": b"20,0", b"20,1": b"20,1,wrong PIN", b"11": b"11,2", b"99": b"99,3",
           b"26,1": b"26,0", b"26,0": b"26,1", b"15,16": b"15,0", b"17,1,1350": b"17,0",
           b"17,1,0730": b"17,0", b"7,metrics list -p": b"7,0,none"}  # fmt: skip


class FakeCar:
    """A car on a thread of its own: tells a state, answers commands as its table says."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    def _run(self) -> None:
        self._task = self._loop.create_task(self._live())
        self._loop.run_until_complete(asyncio.wait([self._task]))
        self._loop.close()

    async def _live(self) -> None:
        car = await connect("127.0.0.1", self._server.port, Role.CAR, "CAR1", SECRET.encode())
        async with car:
            for code, data in (("F", b"1.2,VIN"), ("S", b"80,K,0,0,done"), ("D", b"1,8,4")):
                car.send(Message(code, data))
            car.send(Message("A"))
            try:
                async for message in car:
                    self._hear(car, message)
            except ConnectionLost:
                pass

    def _hear(self, car: object, message: Message) -> None:
        if message.code == "a":
            self._ready.set()
        answer = ANSWERS.get(message.data) if message.code == "C" else None
        if message == Message("C", b"1"):
            for row in range(3):
                car.send(Message("c", b"1,0,%d,3,v%d" % (row, row)))  # type: ignore[attr-defined]
        elif answer is not None:
            car.send(Message("c", answer))  # type: ignore[attr-defined]

    def leave(self) -> None:
        """Hang up."""
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(PATIENCE)


@pytest.fixture(scope="module")
def programs() -> Iterator[list[Program]]:
    """Keep the programs of this module, and end them."""
    started: list[Program] = []
    yield started
    for program in started:
        program.kill()


@pytest.fixture(scope="module")
def server(programs: list[Program], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Run a server that knows CAR1 and CAR2."""

    def begin(*arguments: str) -> Program:
        programs.append(Program(*arguments))
        return programs[-1]

    folder: Path = tmp_path_factory.mktemp("server")
    return Server(begin, folder / "data", ("CAR1", "CAR2"))


@pytest.fixture(scope="module")
def link(server: Server) -> Iterator[list[str]]:
    """Yield the options that reach CAR1, which is there."""
    car = FakeCar(server)
    yield server.link()
    car.leave()


def test_status_shows_the_vehicle(link: list[str]) -> None:
    """The status is drawn for people and given as JSON for scripts."""
    drawn = RUNNER.invoke(app, ["status", *link])
    assert drawn.exit_code == 0
    assert "CAR1  online" in drawn.stdout
    given = RUNNER.invoke(app, ["status", "--json", *link])
    shown = json.loads(given.stdout)
    assert (shown["vehicle"], shown["connected"]) == ("CAR1", True)
    assert shown["messages"]["S"]["fields"]["soc"] == 80
    assert shown["messages"]["D"]["fields"]["locked"] is True


def test_status_of_a_car_that_was_never_there(server: Server) -> None:
    """A car that is away is no failure."""
    given = RUNNER.invoke(app, ["status", "--json", *server.link("CAR2")])
    assert given.exit_code == 0
    assert json.loads(given.stdout) == {
        "vehicle": "CAR2", "connected": False, "paranoid": False, "messages": {}, "alerts": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "printed"),
    [
        (["lock", "1234"], 0, "ok\n"),
        (["20", "1"], 1, "failed wrong PIN\n"),
        (["charge-start"], 1, "unsupported\n"),
        (["99"], 1, "unimplemented\n"),
        (["features"], 0, "number\tname\tvalue\n0\tdigital speedo\tv0\n1\t\tv1\n2\t\tv2\n"),
        (["climate", "ON"], 0, "ok\n"),
        (["climate", "off"], 1, "failed\n"),
        (["charge-current", "16A"], 0, "ok\n"),
        (["charge-timer", "22:30Z"], 0, "ok\n"),
        (["shell", "metrics", "list", "-p"], 0, "none\n"),
        (["shell", "metrics list -p"], 0, "none\n"),
        (["17", "1", "0730"], 0, "ok\n"),
        (["Lock", "1234"], 0, "ok\n"),
        (["history", "x"], 1, "failed No historical data available\n"),
    ],
)
def test_a_command_prints_its_answer(
    link: list[str], words: list[str], code: int, printed: str
) -> None:
    """Exit code 0 is for a car that says it is done; the answer is printed either way."""
    done = RUNNER.invoke(app, ["command", *link, *words])
    assert (done.exit_code, done.stdout) == (code, printed)


def test_a_command_as_json(link: list[str]) -> None:
    """Scripts get number, result and parameters of each answer."""
    done = RUNNER.invoke(app, ["command", "--json", *link, "lock", "1"])
    answers = [{"command": 20, "result": 1, "parameters": ["wrong PIN"]}]
    assert json.loads(done.stdout) == answers


def test_a_command_without_an_answer(link: list[str], server: Server) -> None:
    """A car that does not answer, and one that is not there, are told apart."""
    silent = RUNNER.invoke(app, ["command", *link, "--timeout", "0.2", "wakeup"])
    assert silent.exit_code == 1
    assert silent.stderr == "ovms: no answer to command 18 in 0.2 s\n"
    absent = RUNNER.invoke(app, ["command", *server.link("CAR2"), "wakeup"])
    assert (absent.exit_code, absent.stdout) == (1, "failed car is not connected\n")


def test_the_commands_can_be_listed() -> None:
    """The list needs no server."""
    listed = RUNNER.invoke(app, ["command", "--list"])
    assert listed.exit_code == 0
    assert "20\tlock PIN\tlock the car\n" in listed.stdout


def test_the_names_of_commands_complete() -> None:
    """A shell is told the commands that begin so, and what they mean."""
    assert dict(complete_command("Unl")) == {"unlock": "unlock the car"}
    assert len([*complete_command("")]) == len([*COMMANDS])


def test_units_are_for_people(link: list[str]) -> None:
    """The view is in the units of choice; JSON stays as the car sends it."""
    drawn = RUNNER.invoke(app, ["status", *link], env={"OVMS_UNITS": "imperial"})
    assert "mi" in drawn.stdout
    given = RUNNER.invoke(app, ["status", "--json", "--units", "imperial", *link])
    assert json.loads(given.stdout)["messages"]["S"]["fields"]["units"] == "K"


def test_the_last_alerts_are_in_the_status(link: list[str], server: Server) -> None:
    """What the server keeps of alerts is shown, also when they came while nobody looked."""
    assert RUNNER.invoke(app, ["alert", *link, "low battery"]).exit_code == 0

    def told() -> list[str]:
        shown = RUNNER.invoke(app, ["status", "--json", *link]).stdout
        return [each["text"] for each in json.loads(shown)["alerts"]]

    wait_until(lambda: "low battery" in told())
    assert "low battery" in RUNNER.invoke(app, ["status", *link]).stdout


NOBODY = ["status", "--server", "127.0.0.1:1", "--vehicle", "z", "--secret", "s"]


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["command"], 2, "give a command"),
        (["command", "fly"], 2, "no command is called 'fly'; --list shows all"),
        (["command", "lokc", "1234"], 2, "no command is called 'lokc'; did you mean 'lock'?"),
        (["command", "shell", "stat", "--srever", "x"], 2, "no such option --srever; did you mean"),
        (["command", "lock", "--passwrod=x"], 2, "--passwrod; did you mean --password?"),
        (["command", "climate", "maybe"], 2, "climate is off or on, not 'maybe'"),
        (["command", "charge-mode", "rnage"], 2, "did you mean 'range'"),
        (["command", "charge-current", "16V"], 2, "current is a number, as in 16A"),
        (["command", "charge-timer", "25:00"], 2, "start time is a time, as in 22:30"),
        (["status", "--units", "furlongs"], 2, "'furlongs' is none of car, metric, imperial"),
        (["command", "lock"], 2, "give --server"),
        (["status", "--server", "x", "--secret", "s"], 2, "give --vehicle"),
        (["status", "--server", "x", "--secret", "s", "--user", "u"], 2, "not both"),
        ([*NOBODY[:3], "--user", "u", "--password", "p"], 1, "refused"),
        (["command", "--server", "x", "--vehicle", "y", "fly"], 2, "no command is called 'fly'"),
        (["status", "--server", "x:y", "--vehicle", "z", "--secret", "s"], 2, "HOST[:PORT]"),
        (NOBODY, 1, "refused"),
        ([*NOBODY, "--insecure"], 2, "--insecure goes with --tls"),
        ([*NOBODY, "--tls", "--ca", "nowhere.pem"], 1, "nowhere.pem cannot be read: No such file"),
        ([*NOBODY, "--tls"], 1, "refused"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(words: list[str], code: int, part: str) -> None:
    """Wrong usage is exit code 2, a failure 1, each with one line."""
    done = RUNNER.invoke(app, words)
    assert done.exit_code == code
    assert part in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["status", "watch", "log"])
def test_a_wrong_secret_ends_every_command(server: Server, command: str) -> None:
    """Nobody waits for a server that refuses."""
    options = server.link()
    options[-1] = "wrong"
    done = run_ovms("app", command, *options)
    assert done.returncode == 1
    assert "wrong vehicle id or secret, or a vehicle that wants TLS?" in done.stderr
    assert done.stderr.count("\n") == 1


def test_watch_in_a_pipe_prints_what_changes(link: list[str], programs: list[Program]) -> None:
    """Without a terminal, watch prints lines: messages, or the whole vehicle as JSON."""
    programs.append(Program("app", "watch", "--json", *link))
    line = programs[-1].wait_for('"soc":80')
    assert json.loads(line)["vehicle"] == "CAR1"
    programs.append(Program("app", "watch", *link))
    programs[-1].wait_for(" S soc=80")


@pytest.mark.parametrize("json", [False, True])
def test_answers_do_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str], json: bool) -> None:
    """Control characters are shown, bytes that are not UTF-8 are letters, CR is a new line."""
    answer = Answer.parse(b"7,0,one\r\ttwo \x1b[2J\xe9")
    assert answer is not None
    _print_answers([answer], json)
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "é" in printed
    assert json or printed == "one\n        two \\x1b[2Jé\n"


def test_a_pipe_that_is_closed_ends_the_log(link: list[str]) -> None:
    """Whoever has seen enough of the log does not leave a program behind that tries again."""
    log = subprocess.Popen(
        [sys.executable, "-m", "ovms", "app", "log", *link],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert log.stdout is not None
    log.stdout.close()
    _, errors = log.communicate(timeout=PATIENCE)
    assert log.returncode == 1
    assert "trying again" not in errors
    assert "Traceback" not in errors


def test_a_lost_server_is_a_state_in_json(programs: list[Program], tmp_path: Path) -> None:
    """Who reads the states learns that nobody knows of the car any more."""
    begun: list[Program] = []

    def begin(*arguments: str) -> Program:
        begun.append(Program(*arguments))
        programs.append(begun[-1])
        return begun[-1]

    lost = Server(begin, tmp_path / "data", ("CAR1",))
    programs.append(Program("app", "watch", "--json", *lost.link()))
    assert json.loads(programs[-1].wait_for('"connected":'))["connected"] is False
    begun[0].kill()
    assert json.loads(programs[-1].wait_for('"connected":null'))["vehicle"] == "CAR1"
