"""The car as a service: tells the service manager that it lives, and how its link stands.

It is ready once it runs, not once it is connected: a car in a garage has no network. A sign of life
is given by the event loop's own timer, so one that hangs gives none and is started anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from ovms.base.systemd import SystemdNotifier
from ovms.car.linkstate import LinkState


@contextmanager
def attended(notifier: SystemdNotifier, link: LinkState, interval: float | None) -> Iterator[None]:
    """Tell that the car runs, each change of its link, a sign of life each ``interval`` seconds.

    To be used on the event loop whose life it is.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None

    def live() -> None:
        nonlocal timer
        assert interval is not None
        notifier.tell(WATCHDOG=1)
        timer = loop.call_later(interval, live)

    notifier.tell(READY=1, STATUS=link.line)
    link.observe(lambda: notifier.tell(STATUS=link.line))
    if interval is not None:
        live()
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
