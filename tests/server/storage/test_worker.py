from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.errors import DamagedDatabase, DatabaseLocked, StoreClosed
from ovms.server.storage.worker import Worker
from tests.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Resource:
    """A connection that remembers what was done to it, and where."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @contextmanager
    def opened(self) -> Iterator[Resource]:
        """Remember the thread of each job."""
        self.events.append(threading.current_thread().name)
        yield self

    def release(self) -> None:
        """Remember the thread of the release."""
        self.events.append(f"released in {threading.current_thread().name}")


@pytest.fixture
def resource() -> Resource:
    """Return a connection that nobody has used."""
    return Resource()


@pytest.fixture
async def worker(resource: Resource) -> AsyncIterator[Worker[Resource]]:
    """Start a worker."""
    worker = Worker("test", resource.opened, resource.release)
    yield worker
    await worker.close()


async def test_one_thread(worker: Worker[Resource], resource: Resource) -> None:
    """Each job gets the connection, in the worker's thread."""
    assert await worker.run(lambda connection: connection) is resource
    assert await worker.run(lambda _: threading.current_thread().name) == "test_0"
    assert resource.events == ["test_0", "test_0"]


async def test_error(worker: Worker[Resource]) -> None:
    """A job's error reaches who asked, and the next job runs."""
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda _: 1 / 0)
    assert await worker.run(lambda _: 1) == 1


async def test_a_locked_database_is_waited_for_once(resource: Resource) -> None:
    """Who waits behind a job that finds it locked is told the same, untried; later ones try."""
    tried: list[int] = []
    may_fail = threading.Event()

    @contextmanager
    def locked() -> Iterator[Resource]:
        tried.append(1)
        if len(tried) == 1:
            assert may_fail.wait(PATIENCE)
            raise DatabaseLocked("database x is locked")
        yield resource

    worker = Worker("test", locked, resource.release)
    jobs = [asyncio.ensure_future(worker.run(lambda _: 1)) for _ in range(5)]
    await until(lambda: tried)
    may_fail.set()
    found = await asyncio.gather(*jobs, return_exceptions=True)
    assert [str(each) for each in found] == ["database x is locked"] * 5
    assert all(isinstance(each, DatabaseLocked) for each in found)
    assert len(tried) == 1
    assert await worker.run(lambda _: 2) == 2
    await worker.close()


async def test_damage_is_noted(resource: Resource) -> None:
    """Who is to know of damage hears of it, and whoever has asked gets the error."""
    found: list[DamagedDatabase] = []
    worker = Worker("test", resource.opened, resource.release, on_damage=found.append)
    error = DamagedDatabase("database x is damaged")

    def read(connection: Resource) -> None:
        raise error

    with pytest.raises(DamagedDatabase):
        await worker.run(read)
    assert found == [error]
    await worker.close()


async def test_close(worker: Worker[Resource], resource: Resource) -> None:
    """The connection is released once, in its thread, and nothing runs afterwards."""
    await worker.close()
    await worker.close()
    assert resource.events == ["released in test_0"]
    with pytest.raises(StoreClosed):
        await worker.run(lambda _: 1)


async def test_closing_interrupts(resource: Resource) -> None:
    """A job that runs is interrupted where the connection can be, before it is waited for."""
    started, interrupted = threading.Event(), threading.Event()

    def work(connection: Resource) -> None:
        started.set()
        assert interrupted.wait(PATIENCE)
        connection.events.append("interrupted")

    worker = Worker("test", resource.opened, resource.release, interrupted.set)
    job = asyncio.ensure_future(worker.run(work))
    assert await asyncio.to_thread(started.wait, PATIENCE)
    await worker.close()
    await job
    assert resource.events == ["test_0", "interrupted", "released in test_0"]


async def test_closing_interrupts_again(resource: Resource) -> None:
    """An interruption that comes before the job's statement does nothing; so more of them come."""
    asked, interrupted = threading.Event(), threading.Event()

    def interrupt() -> None:
        if asked.is_set():
            interrupted.set()
        asked.set()

    worker = Worker("test", resource.opened, resource.release, interrupt)
    job = asyncio.ensure_future(worker.run(lambda _: interrupted.wait(PATIENCE)))
    await asyncio.sleep(0)
    await worker.close()
    assert await job
