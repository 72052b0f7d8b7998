"""Logging: structured, in UTC, and without secrets.

Rule: a secret is never written. Positions and message contents are written at DEBUG only.
The *name* of a value decides (``log.info("welcome", token=...)`` writes ``***``). So put such
values into fields with a fitting name, never into the text of the event.

Rule: others cause most lines, and must neither fill the disk nor stop the program. A program that
runs for long logs by :func:`running`: each kind of line has a rate (:mod:`ovms.base.loglimit`), a
thread writes (:mod:`ovms.base.linewriter`), and counts say what is missing. A new log call need do
nothing for it, if its event is a constant and its source is in one of the fields :data:`SOURCES`.

Until :func:`configure` or :func:`running` is called, or the program configures structlog itself,
warnings and worse go to stderr as text. Importing this module configures nothing, and imports
structlog only when something is logged.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

    from ovms.base.logqueue import LogQueue

Format = Literal["text", "json"]

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}

# Each part of a name counts: `api_key` and `owner-password` are secrets too.
SECRETS = frozenset(
    (
        *("secret", "password", "passwd", "passphrase", "paranoid", "netpass"),
        *("token", "digest", "key", "authorization", "cookie"),
    )
)
POSITIONS = frozenset(("latitude", "longitude", "position", "lat", "lon", "lng"))
# These only as the whole name: `data_dir` and `message_count` are harmless.
CONTENTS = frozenset(("data", "payload", "message", "line"))

HIDDEN = "***"

SOURCES = ("vehicle", "server", "peer")
"""Fields that say who has caused a line; the first that a line has counts."""

LONGEST_VALUE = 2000
"""Characters of a value; the rest is cut."""


def configure(
    level: str,
    format: Format,  # noqa: A002
    stream: TextIO | None = None,
    *,
    has_time: bool = True,
) -> None:
    """Set up logging for the whole process; a later call replaces an earlier one.

    ``level`` is a name of :data:`LEVELS`, else :class:`ValueError`. Without a ``stream``, lines
    go to the stderr of the moment when they are written. Warnings of libraries that use the
    standard ``logging`` are written in the same way. Without ``has_time`` text lines have no time,
    because a journal adds it.
    """
    if level not in LEVELS:
        raise ValueError(f"no log level {level!r}: use one of {', '.join(LEVELS)}")
    _configure(LEVELS[level], format, stream, has_time=has_time or format == "json")
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _FromLibraries)]:
        root.removeHandler(handler)
    root.addHandler(_FromLibraries(max(logging.WARNING, LEVELS[level])))


@contextmanager
def running(
    level: str,
    format: Format,  # noqa: A002
    *,
    has_time: bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[LogQueue]:
    """Log as :func:`configure` sets up, but bounded and without ever waiting for a reader.

    Yields where the lines go. At the end what waits is written, within the time-outs of
    :class:`~ovms.base.linewriter.LineWriter`. If that fails nothing more is logged.
    """
    from ovms.base.logqueue import LogQueue
    from ovms.base.plain_structlog import structlog

    configure(level, format, has_time=has_time)
    has_time = has_time or format == "json"
    settings = _settings(LEVELS[level], format, None, has_time=has_time)
    renderer = structlog.wrap_logger(_Identity(), **settings)
    queue = LogQueue(sys.stderr, renderer, SOURCES, clock)
    queue.start()
    _queues.append(queue)
    _configure(LEVELS[level], format, None, has_time=has_time, queue=queue)
    try:
        yield queue
    finally:
        _queues.remove(queue)
        if queue.drain():
            configure(level, format, has_time=has_time)


def print_error(line: str) -> None:
    """Print a line of the program's own to stderr, behind what it has logged before."""
    if _queues:
        _queues[-1].msg(line)
    else:
        _Output(None).msg(line)


@dataclass(frozen=True, slots=True)
class LoggedError:
    """An error that was logged, as one line without fields but its reason."""

    time: float
    """Unix seconds."""
    text: str


def last_error() -> LoggedError | None:
    """Return the last error that this process has logged; ``None`` without one."""
    return _last_errors[-1] if _last_errors else None


def get_logger(name: str) -> FilteringBoundLogger:
    """Return the logger of that name; it can be made before :func:`configure`, and kept."""
    return cast("FilteringBoundLogger", _loggers.setdefault(name, _Logger(name)))


def is_secret(name: str) -> bool:
    """Return whether a value of that name must not be shown."""
    return not SECRETS.isdisjoint(_parts(name))


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Hide what must not be logged at this level (a structlog processor)."""
    return _redact(event, contents=method == "debug")


def _redact(values: Mapping[Any, Any], *, contents: bool) -> dict[Any, Any]:
    return {
        key: HIDDEN if is_secret(str(key)) else _redact_value(value, contents=contents)
        for key, value in values.items()
        if contents or not _is_content(str(key))
    }


def _redact_value(value: object, *, contents: bool) -> object:
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        return value[:LONGEST_VALUE] + "…"
    if isinstance(value, Mapping):
        return _redact(value, contents=contents)
    if isinstance(value, list):
        return [_redact_value(item, contents=contents) for item in value]
    return value


def _is_content(name: str) -> bool:
    return name.lower() in CONTENTS or not POSITIONS.isdisjoint(_parts(name))


@lru_cache(maxsize=1024)
def _parts(name: str) -> frozenset[str]:
    """Split `ownerPassword`, `owner_password` and `owner-password` alike."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return frozenset(re.split(r"[^a-z0-9]+", spaced.lower()))


class _Logger:
    """Finds the method for a level on first use, and keeps it until the next `configure`.

    structlog's own proxy either builds a logger at each call (2.7 µs, also below the level) or
    keeps the first configuration for ever.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        logger = _base_logger().bind(logger=self._name)
        found = getattr(logger, attribute)
        if attribute in LEVELS:
            if _queues and logger.is_enabled_for(LEVELS[attribute]):
                found = self._bounded(attribute, found, _queues[-1])
            self.__dict__[attribute] = found
        return found

    def _bounded(
        self, level: str, method: Callable[..., None], queue: LogQueue
    ) -> Callable[..., None]:
        """Return the method of a level that passes on only what the queue may take."""

        def log(event: str, *args: object, **values: object) -> None:
            if not queue.drops(self._name, level, event, values):
                method(event, *args, **values)

        return log

    def forget(self) -> None:
        """Drop what was found."""
        for level in LEVELS:
            self.__dict__.pop(level, None)


class _Output:
    """Writes lines. A stream that is broken or closed must not stop the program."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        stream = self._stream or sys.stderr
        if stream is not None:  # Python has no stderr if it was closed at the start
            with suppress(OSError, ValueError):  # ValueError: closed
                stream.write(line + "\n")
                stream.flush()

    debug = info = warning = error = critical = msg


class _Identity:
    """Returns lines in place of writing them."""

    def msg(self, line: str) -> str:
        return line

    debug = info = warning = error = critical = msg


class _FromLibraries(logging.Handler):
    """Passes records of the standard ``logging`` to our log."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            level = min(record.levelno // 10 * 10, logging.CRITICAL)
            logger = _base_logger().bind(logger=record.name)
            logger.log(level, record.getMessage(), exc_info=record.exc_info)
        except Exception as error:  # handleError() would wait for the reader of stderr
            with suppress(Exception):
                text = "a library's log record cannot be formatted"
                _base_logger().bind(logger=record.name).error(text, exc_info=error)


def _base_logger() -> Any:
    """Return structlog's logger, or one of our own until structlog is configured."""
    from ovms.base.plain_structlog import structlog

    if structlog.is_configured():
        return structlog.get_logger()
    return structlog.wrap_logger(_Output(None), **_settings(logging.WARNING, "text", None))


def _configure(
    level: int,
    format: Format,  # noqa: A002
    stream: TextIO | None,
    *,
    has_time: bool = True,
    queue: LogQueue | None = None,
) -> None:
    from ovms.base.plain_structlog import structlog

    settings = _settings(level, format, stream, has_time=has_time)
    if queue is not None:
        settings["processors"].insert(0, queue.limit)
    structlog.configure(logger_factory=lambda *_: queue or _Output(stream), **settings)
    for logger in _loggers.values():
        logger.forget()


def _settings(
    level: int,
    format: Format,  # noqa: A002
    stream: TextIO | None,
    *,
    has_time: bool = True,
) -> dict[str, Any]:
    """Return structlog's settings, except where lines go."""
    from ovms.base.plain_structlog import structlog

    shown_on = stream or sys.stderr
    colours = shown_on is not None and shown_on.isatty()
    return {
        "processors": [
            structlog.processors.add_log_level,
            *([structlog.processors.TimeStamper(fmt="iso", utc=True)] if has_time else []),
            redact,
            _note_error,
            *(_json() if format == "json" else _text(colours)),
        ],
        "wrapper_class": structlog.make_filtering_bound_logger(level),
        "cache_logger_on_first_use": False,
    }


def _note_error(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Keep an error for :func:`last_error` (a structlog processor)."""
    if LEVELS.get(method, 0) >= logging.ERROR:
        reason = event.get("reason")
        text = f"{event.get('event', '')}{f': {reason}' if reason else ''}"
        _last_errors[:] = [LoggedError(time.time(), text)]
    return event


def _json() -> list[Processor]:
    from ovms.base.plain_structlog import structlog

    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _text(colours: bool) -> list[Processor]:
    from ovms.base.plain_structlog import structlog

    # The default traceback shows the variables of each frame, and so secrets.
    plain = structlog.dev.plain_traceback
    return [
        _one_line,
        structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0, exception_formatter=plain),
    ]


def _one_line(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Escape characters that could forge a line or control the terminal."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[key] = repr(value)[1:-1]
    return event


_loggers: dict[str, _Logger] = {}
_last_errors: list[LoggedError] = []
"""The last one, or none."""
_queues: list[LogQueue] = []
"""Those of the programs that run in this process: one, or none."""
