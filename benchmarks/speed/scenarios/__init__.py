"""What is measured, a module a family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure
from benchmarks.speed.scenarios import (
    acked,
    commands,
    connected,
    large,
    logins,
    long_work,
    messages,
    restart,
)


@dataclass(frozen=True)
class Scenario:
    """What one name of the command line measures."""

    measure: Callable[[Bench], list[Figure]]
    in_short: bool = True
    """The short form measures it, too."""


SCENARIOS = {
    "messages": Scenario(messages.messages),
    "acked": Scenario(acked.acked_50),
    "acked-1000": Scenario(acked.acked_1000),
    "forward": Scenario(messages.forward),
    "logins": Scenario(logins.logins),
    "commands": Scenario(commands.commands),
    "memory": Scenario(connected.memory),
    "many": Scenario(connected.many),
    "writer": Scenario(large.writer),
    "restart": Scenario(restart.restart, in_short=False),
    "acked-5m": Scenario(large.acked_large, in_short=False),
    "postgres": Scenario(large.acked_postgres, in_short=False),
    "start": Scenario(large.start, in_short=False),
    "history": Scenario(long_work.history, in_short=False),
    "expiry": Scenario(long_work.expiry, in_short=False),
}
