"""What all tests share: free ports each, logs as a program has them, and no hurry."""

from __future__ import annotations

import gc
import logging
import os
import signal
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from ovms.base import logs

if TYPE_CHECKING:
    from tests.server.migrate.mariadb import MariaDb

for _port in ("TLS", "HTTP", "HTTPS"):
    os.environ.setdefault(f"OVMS_{_port}_PORT", "0")  # many servers run at once

# Programs that tests start would inherit it from `nohup make test`.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Loggers that tests capture with structlog's own helper must be structlog's from the first on.
logs._configure(logging.WARNING, "text", None)

settings.register_profile(
    "gate",
    deadline=None,  # other programs share the processors
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
    print_blob=True,
)
settings.load_profile("gate")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect the tests without looking for garbage, which takes a sixth of the time.

    Later it is looked for in what tests make alone: what is there now stays until the end.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """Run a MariaDB, one a process: it takes two seconds to make."""
    from tests.server.migrate.mariadb import has_user, missing_programs, running

    if missing_programs() or not has_user():
        pytest.skip("MariaDB is not installed here: apt-get install mariadb-server")
    with running() as found:
        yield found
