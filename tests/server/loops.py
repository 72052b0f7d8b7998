"""The event loops on which tests run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvloop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run each test once, on the server's loop: a folder takes this whose tests open no socket."""
    return {"uvloop": uvloop.new_event_loop}
