"""Both event loops, on which no callback may fail, and the log as data: as for the server."""

from tests.server.conftest import _no_failed_callbacks, log, pytest_asyncio_loop_factories

__all__ = ["_no_failed_callbacks", "log", "pytest_asyncio_loop_factories"]
