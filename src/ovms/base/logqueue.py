"""Where log lines of a running program go: those that the limiter lets pass wait for the writer.

What is missing is counted, and the counts are written as lines of their own: ``log lines left out``
by the limiter, ``log lines lost`` by the writer.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TextIO

from ovms.base.linewriter import LineWriter
from ovms.base.loglimit import (
    DEBUG_RATES,
    FAILURE_RATES,
    KINDS_LIMIT,
    USUAL_RATES,
    LeftOut,
    LogKind,
    LogLimiter,
    LogRates,
)

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

OUR_LOGGERS = "ovms"
"""How the names of our loggers begin; their events are constants."""


class LogQueue:
    """The logger of structlog to which lines go, and the processor that bounds them.

    ``renderer`` is a logger whose methods return a line in place of writing it. ``sources`` are the
    fields that say who has caused a line. Call :meth:`start` once, and :meth:`drain` at the end.
    """

    def __init__(
        self,
        stream: TextIO | None,
        renderer: Any,
        sources: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._renderer = renderer
        self._sources = sources
        self._limiter = LogLimiter(clock)
        self._writer = LineWriter(stream, note=self._lost, on_turn=self._tell)

    def start(self) -> None:
        """Begin to write."""
        self._writer.start()

    def beside(self, stream: TextIO) -> LineWriter:
        """Return a writer for the program's own output, in order with the log."""
        return LineWriter(stream, before=self._writer.settle)

    def drain(self) -> bool:
        """Write what waits, within the writer's time-outs, and no more; return whether all was."""
        self._tell(at_once=True)
        return self._writer.close()

    def limit(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Drop a line if there are too many of its kind (a structlog processor)."""
        from ovms.base.plain_structlog import structlog

        name, place = str(event.get("logger", "")), _place(event.get("exc_info"))
        kind = _kind(name, method, str(event.get("event")), place)
        if not self._limiter.passes(kind, self._source(event), _rates(kind)):
            raise structlog.DropEvent
        return event

    def drops(self, name: str, level: str, event: str, values: Mapping[str, object]) -> bool:
        """Return whether :meth:`limit` would drop a line in any case; it is counted then.

        Asked before structlog has the line: of the thousands a second that a flood makes, nothing
        else is done.
        """
        if "exc_info" in values:
            return False
        kind = _kind_of_ours(name, level, event)
        return self._limiter.drops(kind, self._source(values), _rates(kind))

    def _source(self, values: Mapping[str, object]) -> str | None:
        """Return who has caused a line."""
        for each in self._sources:
            if source := values.get(each):
                return str(source)
        return None

    def msg(self, line: str) -> None:
        """Write a line soon."""
        self._writer.put(line)

    def debug(self, line: str) -> None:
        """Write a line soon, if there is room beside the others."""
        self._writer.put(line, is_minor=True)

    info = warning = error = critical = msg

    def _lost(self, count: int) -> str:
        text = "log lines lost: nobody read them, or the disk was full"
        for level in ("warning", "error", "critical"):
            line = getattr(self._renderer, level)(text, logger="ovms.log", lost=count)
            if line is not None:  # else it is below the level
                return str(line)
        return ""

    def _tell(self, *, at_once: bool = False) -> None:
        for each in self._limiter.collect(at_once=at_once):
            log = getattr(self._renderer, each.kind.level)
            self._writer.put(log("log lines left out", logger=each.kind.logger, **_facts(each)))


def _kind(name: str, level: str, event: str, place: str = "") -> LogKind:
    # The texts of libraries are not constant: all lines of one of their loggers are one kind.
    is_ours = name == OUR_LOGGERS or name.startswith(f"{OUR_LOGGERS}.")
    return LogKind(name, level, event if is_ours else "", place)


@lru_cache(maxsize=KINDS_LIMIT)
def _kind_of_ours(name: str, level: str, event: str) -> LogKind:
    return _kind(name, level, event)


def _rates(kind: LogKind) -> LogRates:
    return FAILURE_RATES if kind.place else DEBUG_RATES if kind.level == "debug" else USUAL_RATES


def _facts(left_out: LeftOut) -> dict[str, object]:
    kind = left_out.kind
    facts = {
        "of": kind.event,
        "left_out": left_out.count,
        "mostly": left_out.busiest,
        "place": kind.place,
    }
    return {name: value for name, value in facts.items() if value}


def _place(exc_info: object) -> str:
    """Return where an exception that is logged was raised; empty if none is logged."""
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    error = exc_info if isinstance(exc_info, BaseException) else sys.exc_info()[1]
    if not exc_info or error is None:
        return ""
    trace, place = error.__traceback__, type(error).__name__
    while trace is not None:
        place = f"{type(error).__name__} {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
