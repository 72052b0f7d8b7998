"""How far something long is, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress, TaskID

if TYPE_CHECKING:
    from enum import Enum
    from types import TracebackType


class StepProgress:
    """Shows each step as a bar on standard error, if that is a terminal."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(console=console, transient=True, disable=not console.is_terminal)
        self._tasks: dict[Enum, TaskID] = {}

    def report(self, step: Enum, done: int, total: int) -> None:
        """Show how much of a step is done, which is called what it stands for."""
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(step.value)
        self._progress.update(self._tasks[step], completed=done, total=max(total, 1))

    def __enter__(self) -> StepProgress:
        """Begin to show."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bars away."""
        self._progress.stop()
