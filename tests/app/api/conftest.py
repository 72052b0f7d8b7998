from __future__ import annotations

from tests.server.http.v1.conftest import pytest_asyncio_loop_factories, v1

__all__ = ["pytest_asyncio_loop_factories", "v1"]
