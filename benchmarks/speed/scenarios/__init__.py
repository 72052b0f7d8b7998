"""What is measured, a module a family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure
from benchmarks.speed.scenarios import acked, commands, logins, messages


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
}
