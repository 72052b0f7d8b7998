"""What goes on beside a car: its status can be asked for, and its service manager hears of it."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import nullcontext
from pathlib import Path

import msgspec

from ovms.base.systemd import notifier, watchdog_interval
from ovms.car.service import attended
from ovms.car.status import Reporter
from ovms.car.statussocket import telling_status


async def serving(work: Awaitable[bool], reporter: Reporter, folder: Path | None) -> bool:
    """Await the car's work, and give what it gives; its status is told in a folder, if any."""

    def tell() -> bytes:
        return msgspec.json.encode(reporter.report())

    asked = nullcontext() if folder is None else telling_status(folder, tell)
    async with asked:
        with attended(notifier(), reporter.link, watchdog_interval()):
            return await work
