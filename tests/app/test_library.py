"""The library as others use it: what importing it does, what its page says, and the examples."""

from __future__ import annotations

import asyncio
import json
import re
import runpy
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ovms import app
from ovms.base.clock import SystemClock
from ovms.car.drivers import ClockDriver
from ovms.car.link import Link
from ovms.car.module import Module
from ovms.car.reports import Units
from ovms.car.vehicles.sim import SimCar
from ovms.net.client import connect
from ovms.protocol import Message, Role
from ovms.server.listener import Ports
from ovms.server.server import serve
from ovms.server.settings import ServerSettings
from tests.app.scripted import SECRET as SCRIPTED_SECRET
from tests.app.scripted import STATUS, VEHICLE, ServerThread
from tests.programs.conftest import SECRET, run_ovms
from tests.waiting import PATIENCE, wait_until

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "library.md").read_text("utf-8")
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))

# -- importing ------------------------------------------------------------------------------

LACKING = ("fcntl", "termios", "uvloop", "structlog", "websockets", "pwd", "grp")
HEAVY = ("typer", "click", "rich", "sqlalchemy", "alembic", "pydantic", "cantools", "can", "serial",
         "apprise", "httpx", *LACKING)  # fmt: skip

IMPORT = f"""
import logging, signal, sys, asyncio
for name in {LACKING!r}:
    sys.modules[name] = None
before = logging.getLogger().handlers[:], signal.getsignal(signal.SIGINT), sys.excepthook
from ovms import app
assert [name for name in {HEAVY!r} if sys.modules.get(name)] == []
loop = asyncio.new_event_loop()
assert type(loop).__module__.startswith('asyncio.')
loop.close()
assert before == (logging.getLogger().handlers, signal.getsignal(signal.SIGINT), sys.excepthook)
assert not [name for name in sys.modules if name[:8] in ("ovms.ser", "ovms.car", "ovms.cli")]
"""

USE = """
import threading
with app.sync.connect(sys.argv[1], sys.argv[2], sys.argv[3]) as car:
    print(car.snapshot.status.soc)
    assert car.command("lock", "1")[0].result == app.Result.OK
assert threading.active_count() == 1
"""


def run(script: str, *arguments: str) -> str:
    """Run a program of somebody else's; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_importing_configures_nothing() -> None:
    """No log, no signal, no event loop is touched; what it does not need is not imported."""
    run(IMPORT)


def test_it_works_without_what_other_systems_lack() -> None:
    """Connecting and commanding need no module that only Linux or only a server has."""
    with ServerThread(STATUS) as server:
        server.on["C"] = lambda message: [Message("c", b"20,0")]
        assert run(IMPORT + USE, server.place, VEHICLE, SCRIPTED_SECRET) == "80\n"


# -- the page -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_page_shows_the_example(path: Path) -> None:
    """The text in the page is the file, whole."""
    assert f"```python\n{path.read_text('utf-8')}```\n" in PAGE


def test_the_page_names_what_is_public() -> None:
    """Every public name has its place on the page, and what it names exists."""
    for name in [*app.__all__, *app.sync.__all__]:
        assert re.search(rf"\b(?:app|sync)\.{name}\b", PAGE), name
    for name in app.api.__all__:
        assert re.search(rf"\bapi\.{name}\b", PAGE), name
    for name in re.findall(r"`app\.(\w+)", PAGE):
        assert name in app.__all__, name
    for name in re.findall(r"`api\.(\w+)", PAGE):
        assert name in app.api.__all__, name


def test_everything_public_says_what_it_is() -> None:
    """Every public name can be had, and has a docstring."""
    for name in app.__all__:
        value = getattr(app, name)
        assert getattr(value, "__doc__", None), name


# -- the examples ---------------------------------------------------------------------------


class ServerAndCar:
    """A server and a simulated car, on an event loop in a thread."""

    def __init__(self, data: Path) -> None:
        self.place = ""
        self.url = ""
        self.data = data
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))
        self._thread.start()
        assert self._is_ready.wait(PATIENCE)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        settings = ServerSettings(
            data=self.data, host=["127.0.0.1"], port=0, http_port=0, tls=False
        )
        listening: asyncio.Future[Ports] = self._loop.create_future()
        server = asyncio.create_task(serve(settings, self._stop, on_ready=listening.set_result))
        ports = await listening
        port = ports.mp
        assert port is not None
        self.url = f"http://127.0.0.1:{ports.http}"
        call = partial(connect, "127.0.0.1", port, Role.CAR, "CAR1", SECRET.encode())
        async with await call() as module:
            for number in (1, 2):
                module.send(Message("H", b"*-LOG-Trip,%d,86400,trip,%d" % (number, number)))
            module.send(Message("A"))
            while (await module.receive()).code != "a":
                pass
        clock = SystemClock()
        car = Link(
            Module(SimCar(start=clock.time(), seed=1), Units.KILOMETRES, "CAR1"),
            ClockDriver(clock=clock),
            call,
            random=Random(7),  # noqa: S311
        )
        driving = asyncio.create_task(car.run())
        self.place = f"127.0.0.1:{port}"
        self._is_ready.set()
        await server
        driving.cancel()
        await asyncio.wait([driving])

    def end(self) -> None:
        """Stop both in order."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerAndCar]:
    """Run a server that has a record or two of CAR1, which is connected."""
    data = tmp_path_factory.mktemp("running") / "data"
    for words in (("owner", "add", "tester"),
                  ("vehicle", "add", "CAR1", "--owner", "tester", "--secret", SECRET)):  # fmt: skip
        done = run_ovms(*words, "--data", str(data))
        assert done.returncode == 0, done.stderr
    made = ServerAndCar(data)
    try:
        wait_until(lambda: _is_connected(made))
        yield made
    finally:
        made.end()


def _is_connected(running: ServerAndCar) -> bool | None:
    with app.sync.connect(running.place, "CAR1", SECRET) as car:
        return car.snapshot.connected and car.snapshot.status.soc is not None


def example(name: str) -> Callable[..., Any]:
    """Return the main function of an example."""
    main: Callable[..., Any] = runpy.run_path(str(ROOT / "examples" / name))["main"]
    return main


async def test_soc_each_minute(running: ServerAndCar, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the car's state of charge again and again, once it is known."""
    work = example("soc_each_minute.py")(running.place, "CAR1", SECRET, every=0.01)
    printing = asyncio.create_task(work)
    printed = ""
    async with asyncio.timeout(PATIENCE):
        while printed.count("%") < 3:
            await asyncio.wait([printing], timeout=0.01)
            printed += capsys.readouterr().out
    printing.cancel()
    await asyncio.wait([printing])
    assert re.fullmatch(r"(unknown\n)*([\d.]+ %\n)+", printed)


async def test_soc_by_http(running: ServerAndCar, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the car's state of charge; a token that is wrong is an error of the library."""
    made = run_ovms("token", "add", "--owner", "tester", "--permit", "view", "--data",
                    str(running.data), "--json")  # fmt: skip
    token = json.loads(made.stdout)["token"]
    main = example("soc_by_http.py")
    printing = asyncio.create_task(main(running.url, token, "CAR1"))
    printed = ""
    async with asyncio.timeout(PATIENCE):
        while "%" not in printed:
            await asyncio.wait([printing], timeout=0.01)
            printed += capsys.readouterr().out
    printing.cancel()
    await asyncio.wait([printing])
    assert re.fullmatch(r"([\d.]+ %\n)+", printed)
    with pytest.raises(app.api.NotAuthenticated):
        await main(running.url, "0" * 64, "CAR1")


def test_lock_the_car(running: ServerAndCar, capsys: pytest.CaptureFixture[str]) -> None:
    """The simulated car locks with its PIN, not with another; a wrong secret is one line."""
    main = example("lock_the_car.py")
    assert main(running.place, "CAR1", SECRET, "1234") == 0
    assert capsys.readouterr().out == "locked\n"
    assert main(running.place, "CAR1", SECRET, "9999") == 1
    assert capsys.readouterr().err.startswith("not locked: ")
    assert main(running.place, "CAR1", "wrong", "1234") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_history_to_csv(running: ServerAndCar, capsys: pytest.CaptureFixture[str]) -> None:
    """Each record is a line, oldest first."""
    example("history_to_csv.py")(running.place, "CAR1", SECRET, "*-LOG-Trip")
    header, *lines = capsys.readouterr().out.splitlines()
    assert header == "time,number,value"
    assert [line.split(",", 1)[1] for line in lines] == ['1,"trip,1"', '2,"trip,2"']
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00,", line) for line in lines)
