"""What breaks: the network, the server, the power."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.programs.conftest import CHARGE, DRIVE, Server, Start, needs_recordings, status_of


class Wire:
    """A cable between a caller and a server that can be cut, and mended."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = []
        self._is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self._is_cut:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._target))
                self._ends += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Break every connection, and let no new one through."""
        self._is_cut = True
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def close(self) -> None:
        """Take the cable away."""
        self.cut()
        self._listener.close()


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    """Lay a cable to the server."""
    cable = Wire(server.port)
    yield cable
    cable.close()


@needs_recordings
def test_the_car_comes_back_after_the_network_was_cut(
    server: Server, start: Start, wire: Wire
) -> None:
    """Apps see Z0 when the car's network goes and Z1 when it is back, and the drive goes on."""
    watcher = start("app", "log", "--json", *server.link())
    watcher.wait_for('"code":"Z".*"count":0')
    car = start(
        "car", "--type", "roadster", "--replay", str(DRIVE), "--speed", "60",
        *server.link(address=f"127.0.0.1:{wire.port}"),
    )  # fmt: skip
    watcher.wait_for('"code":"Z".*"count":1')
    watcher.wait_for('"code":"S"')
    wire.cut()
    watcher.wait_for('"code":"Z".*"count":0')
    wire.mend()
    watcher.wait_for('"code":"Z".*"count":1')
    watcher.wait_for('"code":"S"')
    assert car.end() == 0, car.output()
    assert _soc(server) == 93


@needs_recordings
@pytest.mark.parametrize("is_killed", [False, True], ids=["restart", "kill -9"])
def test_everybody_comes_back_after_the_server(
    server: Server, start: Start, is_killed: bool
) -> None:
    """A restarted or killed server meets its car and apps again, and no state is lost."""
    watcher = start("app", "log", "--json", *server.link())
    watcher.wait_for('"code":"Z".*"count":0')
    car = start(
        "car", "--type", "roadster", "--replay", str(CHARGE), "--speed", "120", *server.link()
    )
    watcher.wait_for('"code":"Z".*"count":1')
    watcher.wait_for('"charge_state":"charging"')
    if is_killed:
        server.program.kill()
    else:
        assert server.program.stop() == 0
    watcher.wait_for("trying again")
    server.run()
    watcher.wait_for('"code":"Z".*"count":1')
    assert car.end() == 0, car.output()
    assert _soc(server) == 96


@needs_recordings
@pytest.mark.parametrize("is_killed", [False, True], ids=["restart", "kill -9"])
def test_the_last_state_survives_the_server(server: Server, start: Start, is_killed: bool) -> None:
    """What a car told before the server stopped or was killed is shown after it runs again."""
    car = start("car", "--type", "roadster", "--replay", str(DRIVE), "--speed", "0", *server.link())
    assert car.end() == 0, car.output()
    before = status_of(server)
    if is_killed:
        server.program.kill()
    else:
        assert server.program.stop() == 0
    server.run()
    after = status_of(server)
    assert _fields(after) == _fields(before)


def test_a_full_speed_replay_waits_while_the_server_is_away(
    server: Server, start: Start, tmp_path: Path
) -> None:
    """At speed 0 no change is skipped: the recording stands still until the link is back."""
    recording = tmp_path / "acceptors.csv"
    frames = [f"RD11,{t}.0,100,96,{0x61 if t % 2 else 0x60:X},0,2,21,C,0,0" for t in range(1, 4000)]
    recording.write_text("\r\n".join(frames) + "\r\n")
    car = start("car", "--type", "roadster", "--replay", str(recording), "--speed", "0",
                *server.link())  # fmt: skip
    server.program.wait_for("connected .*role=car")
    server.program.kill()
    assert car.process.poll() is None
    server.run()
    assert car.end() == 0, car.output()
    assert _fields(status_of(server))["D"]["left_door"] is True


def _fields(status: dict[str, object]) -> dict[str, dict[str, object]]:
    messages = status["messages"]
    assert isinstance(messages, dict)
    return {code: seen["fields"] for code, seen in messages.items()}


def _soc(server: Server) -> object:
    return _fields(status_of(server))["S"]["soc"]
