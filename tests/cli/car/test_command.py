from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ovms.cli.car.command import car
from ovms.protocol import CallerWelcome, Message, Party, Session
from ovms.protocol.crypto import make_token
from tests.waiting import PATIENCE

app = typer.Typer()
app.command()(car)

BASE = ["--server", "127.0.0.1:1", "--vehicle", "TESTCAR", "--secret", "SECRET"]
ROADSTER = [*BASE, "--can", "virtual:x", "--type", "roadster"]
DEMO = Path(__file__).parents[3] / "src/ovms/car/vehicles/roadster/demo.csv"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "--server"),
        (["--server", "x"], "--vehicle"),
        (["--server", "x", "--replay", "missing.csv"], "give --server and --vehicle"),
        ([*BASE[2:], "--server", "::1"], "brackets"),
        ([*BASE[2:], "--server", "host:0"], "HOST"),
        ([*BASE[2:], "--server", "host:65536"], "HOST"),
        ([*BASE[2:], "--server", ""], "HOST"),
        ([*BASE, "--vehicle", "two words"], "one word"),
        ([*BASE, "--type", "tank"], "no vehicle type"),
        ([*BASE, "--type", "roadster"], "--replay"),
        ([*BASE, "--type", "sim", "--replay", str(DEMO)], "cannot replay"),
        ([*BASE, "--loop"], "--loop"),
        ([*BASE, "--speed", "0"], "--speed 0"),
        ([*BASE, "--speed", "nan"], "--speed"),
        ([*BASE, "--speed", "-1"], "--speed"),
        ([*BASE, "--vin", "A,B"], "--vin"),
        ([*BASE, "--pin", "12a"], "--pin"),
        ([*BASE, "--log-level", "loud"], "log level"),
        ([*BASE, "--insecure"], "--insecure goes with --tls"),
        ([*BASE, "--ca", str(DEMO)], "--ca goes with --tls"),
        ([*BASE, "--tls", "--insecure", "--ca", str(DEMO)], "not both"),
        ([*BASE, "--modem", "/dev/ttyUSB2", "--modem-baud", "4711"], "--modem-baud must be one of"),
        ([*BASE, "--can", "x:y"], "--can: python-can has no interface 'x': use one of"),
        ([*BASE, "--can", "can0"], "--can: 'can0' is not INTERFACE:CHANNEL"),
        ([*BASE, "--can", "virtual:"], "--can: 'virtual:' is not INTERFACE:CHANNEL"),
        ([*BASE, "--can", "virtual:x"], "--can needs --type: which car is it"),
        ([*BASE, "--can", "virtual:x", "--type", "sim"], "--type sim reads no bus: --can is not"),
        ([*ROADSTER, "--replay", "x.csv"], "--can reads a bus and --replay a recording"),
        ([*ROADSTER, "--speed", "2"], "--speed and --loop are not for a bus"),
        ([*ROADSTER, "--loop"], "--speed and --loop are not for a bus"),
        ([*ROADSTER, "--scenario", "valet"], "--scenario goes with a simulated car"),
        ([*ROADSTER, "--soc", "50"], "--soc goes with a simulated car"),
        ([*ROADSTER, "--phase", "0.5"], "--phase goes with a simulated car"),
        ([*ROADSTER, "--can-option", "x"], "--can: 'x' is not KEY=VALUE"),
        ([*ROADSTER, "--can-option", "bitrate=5"], "--can: bitrate is not given as an option"),
        ([*BASE, "--type", str(DEMO.parents[1])], "no vehicle.toml in it"),
        ([*BASE, "--can-trust", "write"], "--can-trust, --can-bitrate and --can-option go with"),
        ([*BASE, "--can-option", "a=1"], "--can-trust, --can-bitrate and --can-option go with"),
        ([*BASE, "--type", "roadster"], "--type roadster reads a bus: give it with --can, or a"),
        (["--provision", "x"], "--vin"),
        (["--provision", "x", "--iccid", "1"], "--vin"),
        (["--provision", "x", "--vin", "VIN", "--iccid", ""], "one word"),
        (["--provision", "x", "--vin", "VIN", "--iccid", "1 2"], "one word"),
        (["--provision", "x:y", "--vin", "VIN", "--iccid", "1"], "--provision 'x:y' is not HOST"),
        (["--provision", "x", "--vin", "A,B", "--iccid", "1"], "--vin"),
        (["--provision", "x", "--vin", "VIN"], "--iccid"),
        ([*BASE, "--iccid", "1"], "go with --provision"),
        ([*BASE, "--run"], "go with --provision"),
        ([*BASE, "--json"], "go with --provision"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_exit_2(options: list[str], message: str) -> None:
    """Options that make no sense end at once with one line that names them."""
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_misspelt_variable_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a car whose type is misspelt would be a simulated one, without a word."""
    monkeypatch.setenv("OVMS_CAR_TPYE", "roadster")
    monkeypatch.setenv("OVMS_CAR_UNITS", "K")
    result = CliRunner().invoke(app, [*BASE, "--replay", "missing.csv"])
    assert result.exit_code == 1
    assert "no such option" in result.stderr
    assert "variable=OVMS_CAR_TPYE" in result.stderr
    assert "OVMS_CAR_UNITS" not in result.stderr


def test_a_secret_is_one_line(tmp_path: Path) -> None:
    """A file with more is another file, or a mistake; what stands in it is not told."""
    (tmp_path / "secret").write_text("first\nsecond\n")
    result = CliRunner().invoke(app, [*BASE[:4], "--secret-file", str(tmp_path / "secret")])
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "more than one line" in result.stderr
    assert "second" not in result.stderr


def test_a_secret_must_come_from_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without option, file, variable and terminal the command says what it needs."""
    monkeypatch.delenv("OVMS_SECRET", raising=False)
    result = CliRunner().invoke(app, BASE[:4])
    assert result.exit_code == 2
    assert "OVMS_SECRET" in result.stderr


@pytest.mark.parametrize("name", [DEMO.name, "missing.pem"])
def test_a_file_without_a_certificate_is_one_line_and_exit_1(name: str) -> None:
    """What is named with --ca must hold one."""
    result = CliRunner().invoke(app, [*BASE, "--tls", "--ca", str(DEMO.parent / name)])
    assert result.exit_code == 1
    assert name in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["missing.csv", "missing.blf", "empty.csv"])
def test_a_recording_that_cannot_be_read_is_one_line_and_exit_1(tmp_path: Path, name: str) -> None:
    """A missing or empty recording fails before anybody is called."""
    (tmp_path / "empty.csv").touch()
    result = CliRunner().invoke(app, [*BASE, "--replay", str(tmp_path / name)])
    assert result.exit_code == 1
    assert name in result.stderr
    assert len(result.stderr.splitlines()) == 1


class ServerThread:
    """A little server on a thread of its own, which notes the codes that a car sends."""

    def __init__(self) -> None:
        self.codes = ""
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> ServerThread:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._main())
        self._loop.close()

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(Party.SERVER, make_token(os.urandom))
        try:
            while data := await reader.read(65536):
                for event in session.receive_data(data):
                    if isinstance(event, CallerWelcome):
                        writer.write(session.accept(b"SECRET"))
                        writer.write(session.send(Message("Z", b"0")))
                    elif isinstance(event, Message):
                        self.codes += event.code
                        if event.code == "A":
                            writer.write(session.send(Message("a")))
        finally:
            writer.close()


@pytest.fixture
def server() -> Iterator[ServerThread]:
    """Yield a running server."""
    with ServerThread() as running:
        yield running


def start(server: ServerThread, *options: str) -> subprocess.Popen[str]:
    """Start the command as a program."""
    program = "import sys, typer; from ovms.cli.car.command import car; typer.run(car)"
    return subprocess.Popen(
        [sys.executable, "-c", program, "--server", f"127.0.0.1:{server.port}",
         "--vehicle", "TESTCAR", *options],
        env={**os.environ, "OVMS_SECRET": "SECRET"},
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def test_a_replay_at_speed_0_ends_with_exit_0(server: ServerThread) -> None:
    """The whole recording goes out, the last ping is answered, the program is done."""
    with start(server, "--replay", str(DEMO), "--speed", "0", "--units", "K") as process:
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert server.codes.endswith("FSDLWVA")
    assert "SECRET" not in errors
    assert "47.6" not in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("options", "code"),
    [(["--seed", "1"], 0), (["--replay", str(DEMO)], 1), (["--replay", str(DEMO), "--loop"], 0)],
)
def test_a_signal_ends_it_in_order(
    server: ServerThread, options: list[str], code: int, number: signal.Signals
) -> None:
    """SIGINT and SIGTERM close the link; only an unfinished recording is a failure."""
    with start(server, *options) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "connected" in line
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, errors
    assert "Traceback" not in errors


def test_a_modem_does_not_keep_a_recording_from_its_end(
    server: ServerThread, tmp_path: Path
) -> None:
    """Without one at the port the car does its work; that there is none is told."""
    options = ["--modem", str(tmp_path / "ttyNONE"), "--replay", str(DEMO), "--speed", "0"]
    with start(server, *options) as process:
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "no modem" in errors
    assert "Traceback" not in errors


def test_a_recording_damaged_in_the_middle_is_exit_1(server: ServerThread, tmp_path: Path) -> None:
    """The line's number is told on one line when the damage is reached."""
    path = tmp_path / "damaged.csv"
    path.write_text("RD11,0,100,80,5D\nRD11,0.1,100,80,5D\nRD11,oops,100,1\n")
    with start(server, "--replay", str(path), "--speed", "0") as process:
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "damaged.csv:3: " in errors.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([*BASE, "--group", "a,b"], "--group"),
        ([*BASE, "--group", "x" * 65], "--group"),
        ([*BASE, "--paranoid", ""], "--paranoid must not be empty"),
        ([*BASE[:4], "--secret-file", "-", "--paranoid-file", "-"], "standard input"),
    ],
)
def test_wrong_usage_of_paranoid_and_group(options: list[str], message: str) -> None:
    """One line, and nobody is called."""
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_paranoid_car_seals_all_but_its_position_for_the_group(
    server: ServerThread, tmp_path: Path
) -> None:
    """The token first, then sealed messages and g; no password in what it logs."""
    (tmp_path / "pw").write_text("MODPASS\n")
    options = ["--paranoid-file", str(tmp_path / "pw"), "--group", "TRACK"]
    with start(server, "--replay", str(DEMO), "--speed", "0", *options) as process:
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert set(server.codes) == set("EgA")
    assert server.codes.startswith("E")
    assert "MODPASS" not in errors


def test_a_state_folder_that_is_none_is_one_line_and_exit_1(tmp_path: Path) -> None:
    """A file in its place, or parameters that cannot be read, end it before anybody is called."""
    (tmp_path / "file").touch()
    (tmp_path / "odd" / "parameters.json").mkdir(parents=True)
    for name in ("file", "odd"):
        result = CliRunner().invoke(app, [*BASE, "--state", str(tmp_path / name)])
        assert result.exit_code == 1
        assert name in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_a_file_of_alerts_with_mistakes_is_exit_1(tmp_path: Path) -> None:
    """The first is told with its line, on one line, and how many more there are."""
    path = tmp_path / "alerts.toml"
    path.write_text("[alerts]\nmoved = { distance = -1 }\ncharge = { end = 5 }\n")
    result = CliRunner().invoke(app, [*BASE, "--alerts", str(path)])
    assert result.exit_code == 1
    expected = f"ovms: {path}:2: distance: 0 to 1000 km (and 1 more)"
    assert result.stderr.splitlines() == [expected]
