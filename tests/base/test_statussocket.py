"""The socket of the status: real sockets, in folders of all kinds."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest
import structlog

from ovms.base import logs, private_socket, statussocket
from ovms.base.statussocket import CLIENTS_LIMIT, STATUS_LIMIT, NotRunning, telling_status
from tests.waiting import PATIENCE


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """Catch what is logged."""
    logs.configure("debug", "text")
    with structlog.testing.capture_logs() as entries:
        yield entries


NAME = "car.sock"

STATUS = b'{"pid": 1}'


async def status() -> bytes:
    """Return the status of a car."""
    return STATUS


async def big() -> bytes:
    """Return more than the system takes for somebody who does not read."""
    return bytes(8 << 20)


def ask(folder: Path) -> bytes:
    """Ask the car of a folder."""
    return statussocket.ask(folder, NAME, "car")


async def asked(folder: Path) -> bytes:
    """Ask, while the loop that answers goes on."""
    return await asyncio.to_thread(ask, folder)


async def test_whoever_asks_is_told(tmp_path: Path) -> None:
    """Each gets the status of the moment; the socket is its owner's, and goes with the car."""
    count = 0

    async def counted() -> bytes:
        nonlocal count
        count += 1
        return b"%d" % count

    async with telling_status(tmp_path, NAME, counted):
        assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
        assert [await asked(tmp_path) for _ in range(3)] == [b"1", b"2", b"3"]
    assert not (tmp_path / NAME).exists()
    with pytest.raises(NotRunning, match=r"no car runs there$"):
        ask(tmp_path)


def test_the_mask_for_new_files_is_as_before(tmp_path: Path) -> None:
    """Making the socket changes nothing for other files."""

    async def run() -> None:
        async with telling_status(tmp_path, NAME, status):
            (tmp_path / "other").touch()

    before = os.umask(0o022)
    try:
        asyncio.run(run())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "other").stat().st_mode) == 0o644


async def test_a_killed_cars_socket_is_replaced(tmp_path: Path) -> None:
    """It answers nobody, is told from a car that runs, and does not keep the next one away."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / NAME))
    with pytest.raises(NotRunning, match="did not end in order"):
        ask(tmp_path)
    async with telling_status(tmp_path, NAME, status):
        assert await asked(tmp_path) == STATUS


async def test_a_long_path_is_none_too_long(tmp_path: Path) -> None:
    """A folder whose name no address of a socket has room for is served like others."""
    folder = tmp_path / ("x" * 200) / ("y" * 200)
    folder.mkdir(parents=True)
    async with telling_status(folder, NAME, status):
        assert await asked(folder) == STATUS
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("what", ["file", "folder", "link"])
async def test_what_is_no_socket_is_left_alone(
    tmp_path: Path, what: str, logged: list[structlog.typing.EventDict]
) -> None:
    """Something else of that name is not removed; the car does without, and says so."""
    path = tmp_path / NAME
    if what == "file":
        path.write_text("mine")
    elif what == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "elsewhere")
    async with telling_status(tmp_path, NAME, status):
        assert [entry["event"] for entry in logged] == ["the status socket cannot be opened"]
    assert path.is_symlink() if what == "link" else path.exists()
    with pytest.raises((OSError, NotRunning)):
        ask(tmp_path)


async def test_where_there_can_be_no_socket_the_car_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: list[structlog.typing.EventDict]
) -> None:
    """A file system without sockets is told once."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(private_socket, "socket_address", refuse)
    async with telling_status(tmp_path, NAME, status):
        assert logged[0]["reason"] == "Operation not permitted"


async def test_so_many_at_a_time_and_no_more(tmp_path: Path) -> None:
    """Who is one too many is sent away with nothing; when the others have left he is told."""
    answer = await big()

    async def tell() -> bytes:
        return answer

    async with telling_status(tmp_path, NAME, tell):
        with ExitStack() as stack:
            for _ in range(CLIENTS_LIMIT):
                slow = stack.enter_context(socket.socket(socket.AF_UNIX))
                slow.setblocking(False)
                await asyncio.get_running_loop().sock_connect(slow, str(tmp_path / NAME))
                assert await asyncio.get_running_loop().sock_recv(slow, 1)
            assert await refused(tmp_path)
        answer = STATUS
        while await refused(tmp_path):  # noqa: ASYNC110 (it happens on a socket)
            await asyncio.sleep(0)
        assert await asked(tmp_path) == STATUS


async def refused(folder: Path) -> bool:
    """Return whether somebody who asks is sent away."""
    try:
        return await asked(folder) == b""
    except NotRunning:  # he was sent away before he had looked
        return True


async def test_who_does_not_take_it_is_sent_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time a client that does not read is cut, and its place is free."""
    monkeypatch.setattr(statussocket, "TELLING_TIMEOUT", 0.01)
    cut = asyncio.get_running_loop().create_future()
    lost = statussocket._Client.connection_lost

    def note(client: statussocket._Client, error: Exception | None) -> None:
        lost(client, error)
        cut.set_result(None)

    monkeypatch.setattr(statussocket._Client, "connection_lost", note)
    async with telling_status(tmp_path, NAME, big):
        with socket.socket(socket.AF_UNIX) as slow:
            slow.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(slow, str(tmp_path / NAME))
            total = 0
            async with asyncio.timeout(PATIENCE):
                await cut
                while data := await loop.sock_recv(slow, 1 << 20):
                    total += len(data)
            assert total < 8 << 20


async def test_the_end_does_not_wait_for_clients(tmp_path: Path) -> None:
    """A car that ends cuts whoever has not taken the status."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX) as slow:
        slow.setblocking(False)
        async with telling_status(tmp_path, NAME, big):
            await loop.sock_connect(slow, str(tmp_path / NAME))
            assert await loop.sock_recv(slow, 1)
        async with asyncio.timeout(PATIENCE):
            while await loop.sock_recv(slow, 1 << 20):
                pass


@asynccontextmanager
async def other_program(
    folder: Path, answer: bytes, is_silent: bool = False
) -> AsyncIterator[None]:
    """Be something else that listens at the socket."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        if is_silent:
            await reader.read()
        writer.close()

    async with await asyncio.start_unix_server(serve, str(folder / NAME)):
        yield


async def test_an_endless_answer_is_cut(tmp_path: Path) -> None:
    """Whoever asks takes as much as a status can be, and no more."""
    async with other_program(tmp_path, bytes(STATUS_LIMIT + 1)):
        assert len(await asked(tmp_path)) == STATUS_LIMIT


async def test_an_answer_that_does_not_come_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A car that hangs is told from one that does not run."""
    monkeypatch.setattr(statussocket, "ASKING_TIMEOUT", 0.05)
    async with other_program(tmp_path, b"", is_silent=True):
        with pytest.raises(TimeoutError):
            await asked(tmp_path)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """A path that leads nowhere has no car, and one that is a file no socket."""
    with pytest.raises(NotRunning):
        ask(tmp_path / "missing")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        ask(tmp_path / "file")


async def test_a_status_that_fails(
    tmp_path: Path, logged: list[structlog.typing.EventDict]
) -> None:
    """Whoever asks gets nothing, and the log says why; the program goes on."""

    async def fail() -> bytes:
        raise RuntimeError("broken")

    async with telling_status(tmp_path, NAME, fail):
        assert await asked(tmp_path) == b""
    assert [entry["reason"] for entry in logged] == ["broken"]
