"""The car as a service: reports to the service manager that it is alive, and how its link is.

It is ready once it runs, not once it is connected: a car in a garage has no network. The event
loop's own timer sends the signs of life, so a loop that hangs sends none, and is restarted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ovms.base.systemd import SystemdNotifier, signs_of_life
from ovms.car.linkstate import LinkState


@contextmanager
def attended(notifier: SystemdNotifier, link: LinkState, interval: float | None) -> Iterator[None]:
    """Report that the car runs, each change of its link, and a sign of life every ``interval`` s.

    Call it on the event loop that the signs of life stand for.
    """
    notifier.tell(READY=1, STATUS=link.line)
    link.observe(lambda: notifier.tell(STATUS=link.line))
    with signs_of_life(notifier, interval):
        yield
