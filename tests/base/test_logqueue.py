"""The log of a running program: bounded, counted, and written in the background."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ovms.base import logs
from ovms.base.clock import ManualClock
from ovms.base.loglimit import DEBUG_RATES, FAILURE_RATES, USUAL_RATES

CLOCK = ManualClock().monotonic
"""No time passes, so no more lines than at once."""


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging for other tests as it was."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    yield
    root.handlers[:] = handlers
    logs._configure(logging.WARNING, "text", None)


def read(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what was logged as JSON."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_flood_is_some_lines_and_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    """Any event is bounded for each source, and what is left out is told at the end."""
    log = logs.get_logger("ovms.test")
    with logs.running("info", "json", clock=CLOCK):
        for number in range(1000):
            log.warning("flood", vehicle="DEMO", number=number)
        log.info("other", vehicle="DEMO")
    lines = read(capsys)
    burst = USUAL_RATES.source.burst
    assert [line.get("number") for line in lines] == [*range(burst), None, None]
    told = lines[-1]
    del told["timestamp"]
    assert told == {
        "event": "log lines left out", "level": "warning", "logger": "ovms.test",
        "of": "flood", "left_out": 1000 - burst, "mostly": "DEMO",
    }  # fmt: skip


@pytest.mark.parametrize("name", logs.SOURCES)
def test_each_source_has_its_own_lines(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Vehicles, servers and connections are told apart."""
    log = logs.get_logger("ovms.test")
    with logs.running("info", "json", clock=CLOCK):
        for source in ("A", "B"):
            for _ in range(50):
                log.info("flood", **{name: source})
    lines = [line[name] for line in read(capsys) if line["event"] == "flood"]
    assert lines == ["A"] * USUAL_RATES.source.burst + ["B"] * USUAL_RATES.source.burst


def test_debug_may_be_long(capsys: pytest.CaptureFixture[str]) -> None:
    """At DEBUG more passes, within a bound."""
    log = logs.get_logger("ovms.test")
    with logs.running("debug", "json", clock=CLOCK):
        for _ in range(200):
            log.debug("flood", vehicle="DEMO")
    lines = [line for line in read(capsys) if line["event"] == "flood"]
    assert len(lines) == DEBUG_RATES.source.burst


def test_no_flood_hides_an_error_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    """Errors of one event are told apart by their place; the same one is bounded as well."""
    log = logs.get_logger("ovms.test")

    def fail(kind: type[Exception]) -> None:
        try:
            raise kind
        except kind as error:
            log.error("unexpected", exc_info=error)

    with logs.running("info", "json", clock=CLOCK):
        for _ in range(100):
            fail(KeyError)
        fail(IndexError)
        try:
            raise RuntimeError
        except RuntimeError:
            log.exception("unexpected")
    lines = read(capsys)
    found = [line["exception"].splitlines()[-1] for line in lines if "exception" in line]
    assert found == ["KeyError"] * FAILURE_RATES.kind.burst + ["IndexError", "RuntimeError"]
    assert lines[-1]["place"].startswith("KeyError /")


def test_libraries_are_bounded_by_their_logger(capsys: pytest.CaptureFixture[str]) -> None:
    """A library's texts may differ each time; its lines are bounded all the same."""
    with logs.running("info", "json", clock=CLOCK):
        for number in range(500):
            logging.getLogger("some.library").warning("trouble %d", number)
        logging.getLogger("another").warning("trouble")
    lines = read(capsys)
    assert sum("left_out" not in line for line in lines) == USUAL_RATES.kind.burst + 1
    assert lines[-1]["left_out"] == 500 - USUAL_RATES.kind.burst


def test_text_for_a_journal_has_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines about missing lines look like the others, and libraries' lines are redacted alike."""
    log = logs.get_logger("ovms.test")
    with logs.running("warning", "text", has_time=False):
        for _ in range(20):
            log.warning("flood", vehicle="DEMO", token="secret")
        log.info("silent")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "[warning  ] flood [ovms.test] token=*** vehicle=DEMO"
    assert lines[-1] == (
        "[warning  ] log lines left out [ovms.test] left_out=10 mostly=DEMO of=flood"
    )


@pytest.mark.parametrize(
    ("level", "told_at"), [("debug", "warning"), ("error", "error"), ("critical", "critical")]
)
def test_lost_lines_are_told_at_any_level(
    capsys: pytest.CaptureFixture[str], level: str, told_at: str
) -> None:
    """The count of lines that could not be written is a warning, or the least that is logged."""
    with logs.running(level, "json", clock=CLOCK) as queue:
        line = json.loads(queue._lost(3))
    assert (line["level"], line["lost"]) == (told_at, 3)


def test_afterwards_lines_are_written_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """After the run, and after a failure in it, logging goes on without the queue."""
    log = logs.get_logger("ovms.test")

    def fail() -> None:
        with logs.running("info", "json", clock=CLOCK):
            log.info("before")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    log.info("after")
    assert [line["event"] for line in read(capsys)] == ["before", "after"]


def test_output_comes_behind_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """What a program prints beside its log comes behind what it has logged before."""
    log = logs.get_logger("ovms.test")
    with logs.running("info", "json", clock=CLOCK) as queue, queue.beside(sys.stderr) as output:
        log.info("ready")
        output.put('{"event": "printed"}')
        output.settle()
        log.info("later")
    assert [line["event"] for line in read(capsys)] == ["ready", "printed", "later"]


def test_what_a_program_says_at_its_end_comes_last(capsys: pytest.CaptureFixture[str]) -> None:
    """A line of the program's own waits behind its log, and without a log is printed at once."""
    with logs.running("info", "text"):
        for number in range(100):
            logs.get_logger("ovms.test").info("log", number=number)
        logs.print_error("the end")
    logs.print_error("after the end")
    lines = capsys.readouterr().err.splitlines()
    assert lines[-2:] == ["the end", "after the end"]


def test_a_flood_below_the_level_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """What would not be written is not told as left out."""
    log = logs.get_logger("ovms.test")
    with logs.running("info", "json", clock=CLOCK):
        for _ in range(2 * DEBUG_RATES.kind.burst):
            log.debug("flood")
    assert read(capsys) == []


def test_a_flood_of_many_sources_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    """All lines beyond those of the kind count as left out, whoever has caused them."""
    log = logs.get_logger("ovms.test")
    with logs.running("info", "json", clock=CLOCK):
        for number in range(1000):
            log.info("flood", vehicle=f"CAR{number}")
    *lines, told = read(capsys)
    assert len(lines) == USUAL_RATES.kind.burst
    assert (told["of"], told["left_out"]) == ("flood", 1000 - len(lines))
