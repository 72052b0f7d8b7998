"""Logs: levels, shapes and what they never show."""

import io
import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import structlog

from ovms.base import logs

SECRET = "s3cr3t-value"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging for other tests as it was."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    yield
    root.handlers[:] = handlers
    logs._configure(logging.WARNING, "text", None)


def logged(level: str, **values: object) -> dict[str, Any]:
    """Log one event at that level, with everything on, and give the JSON object written."""
    out = io.StringIO()
    logs.configure("debug", "json", out)
    getattr(logs.get_logger("ovms.test"), level)("event", **values)
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


def test_json_line_has_time_level_and_name() -> None:
    """A JSON line carries a UTC time, the level, the logger's name and the fields."""
    line = logged("info", vehicle="DEMO", count=3)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", line.pop("timestamp"))
    assert line == {
        "event": "event", "level": "info", "logger": "ovms.test", "vehicle": "DEMO", "count": 3,
    }  # fmt: skip


def test_text_is_plain_on_a_file_and_coloured_on_a_terminal() -> None:
    """Escape sequences go to terminals only."""
    for stream in (io.StringIO(), Terminal()):
        logs.configure("info", "text", stream)
        logs.get_logger("ovms.test").info("opened", vehicle="DEMO")
        assert ("\x1b[" in stream.getvalue()) == stream.isatty()
    logs.configure("info", "text", plain := io.StringIO())
    logs.get_logger("ovms.test").info("opened", vehicle="DEMO")
    line = r"\S+Z \[info +\] opened \[ovms\.test\] vehicle=DEMO\n"
    assert re.fullmatch(line, plain.getvalue())


@pytest.mark.parametrize(("form", "is_told"), [("text", False), ("json", True)])
def test_a_journal_is_told_no_time(form: Literal["text", "json"], is_told: bool) -> None:
    """Text for a journal has no time of its own; JSON, which others read, always has."""
    logs.configure("info", form, out := io.StringIO(), has_time=False)
    logs.get_logger("ovms.test").info("opened", vehicle="DEMO")
    assert bool(re.search(r"\d{4}-\d\d-\d\dT", out.getvalue())) == is_told
    assert "opened" in out.getvalue()


@pytest.mark.parametrize("level", logs.LEVELS)
@pytest.mark.parametrize(
    "name",
    [*sorted(logs.SECRETS), "api_key", "owner-password", "newSecret", "TOKEN", "OVMS_PASSWORD"],
)
def test_secrets_are_hidden_at_every_level(level: str, name: str) -> None:
    """A value with a secret's name is replaced, also at DEBUG and inside other values."""
    line = logged(level, **{name: SECRET}, inner={name: SECRET}, many=[{name: SECRET}])
    assert line[name] == line["inner"][name] == line["many"][0][name] == "***"
    assert SECRET not in json.dumps(line)


@pytest.mark.parametrize("name", [*sorted(logs.POSITIONS | logs.CONTENTS), "car_latitude"])
def test_contents_are_for_debug(name: str) -> None:
    """Positions and contents are dropped from INFO on, and kept at DEBUG."""
    assert logged("debug", **{name: "x"}, inner={name: "x"})["inner"] == {name: "x"}
    for level in ("info", "warning", "error", "critical"):
        line = logged(level, **{name: "x"}, inner={name: "x"})
        assert name not in line
        assert line["inner"] == {}


def test_names_that_only_sound_alike_are_kept() -> None:
    """Names are compared in whole parts."""
    kept = {"data_dir": "d", "monkey": "m", "message_count": 1, "code": "S"}
    assert kept.items() <= logged("info", **kept).items()
    assert not logs.is_secret("keyboard")


def test_exceptions_show_no_variables() -> None:
    """A traceback is written in both shapes, without the values of the frames."""
    for form in ("text", "json"):
        logs.configure("info", form, out := io.StringIO())
        try:
            hidden = SECRET.upper()
            raise RuntimeError("broken" + hidden[:0])
        except RuntimeError:
            logs.get_logger("ovms.test").exception("failed")
        assert "RuntimeError: broken" in out.getvalue()
        assert SECRET.upper() not in out.getvalue()


def test_a_peer_cannot_forge_a_line() -> None:
    """Line ends and escapes in a value stay inside its line."""
    logs.configure("info", "text", out := io.StringIO())
    logs.get_logger("ovms.test").info("welcome\n", vehicle="X\r\n2024 [info] forged \x1b[2J")
    assert out.getvalue().count("\n") == 1
    assert "\x1b" not in out.getvalue()


def test_level_bounds_what_is_written() -> None:
    """Calls below the level write nothing; a level that does not exist is refused."""
    logs.configure("warning", "json", out := io.StringIO())
    log = logs.get_logger("ovms.test")
    log.debug("no")
    log.info("no")
    log.warning("yes")
    assert [json.loads(line)["event"] for line in out.getvalue().splitlines()] == ["yes"]
    with pytest.raises(ValueError, match="no log level 'loud'"):
        logs.configure("loud", "text")


def test_call_below_the_level_does_no_work() -> None:
    """After its first use a silent call is structlog's empty method, found without a detour."""
    logs.configure("info", "json", io.StringIO())
    log = logs.get_logger("ovms.test")
    log.debug("first use")
    assert vars(log)["debug"].__name__ == "_nop"


def test_loggers_follow_a_new_configuration() -> None:
    """A logger made before `configure`, and already used, obeys it."""
    log = logs.get_logger("ovms.test")
    log.info("unseen")
    logs.configure("info", "json", first := io.StringIO())
    log.info("one")
    logs.configure("info", "json", second := io.StringIO())
    log.info("two")
    assert (first.getvalue().count("one"), second.getvalue().count("two")) == (1, 1)
    assert "two" not in first.getvalue()


def test_one_name_is_one_logger_and_can_be_bound() -> None:
    """Asking again gives the same logger; bound fields are redacted like others."""
    logs.configure("info", "json", out := io.StringIO())
    assert logs.get_logger("ovms.a") is logs.get_logger("ovms.a")
    logs.get_logger("ovms.a").bind(vehicle="DEMO", token=SECRET).info("bound")
    assert json.loads(out.getvalue())["token"] == "***"


def test_warnings_of_libraries_come_out_alike() -> None:
    """Standard logging is written in our shape from WARNING on, and only once."""
    logs.configure("debug", "json", io.StringIO())
    logs.configure("debug", "json", out := io.StringIO())
    library = logging.getLogger("some.library")
    library.info("%s", "chatter")
    library.warning("%d retries", 3)
    library.log(35, "own level")
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        library.exception("failed")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["3 retries", "own level", "failed"]
    assert [line["level"] for line in lines] == ["warning", "warning", "error"]
    assert {line["logger"] for line in lines} == {"some.library"}
    assert "RuntimeError: broken" in lines[2]["exception"]


def test_library_record_that_cannot_be_formatted_raises_nothing() -> None:
    """A library's wrong log call does not reach its caller, and is told in the log."""
    logs.configure("info", "json", out := io.StringIO())
    handler = next(h for h in logging.getLogger().handlers if isinstance(h, logs._FromLibraries))
    handler.handle(logging.LogRecord("library", logging.ERROR, "", 1, "%d", ("x",), None))
    line = json.loads(out.getvalue())
    assert (line["event"], line["logger"]) == (
        "a library's log record cannot be formatted", "library"
    )  # fmt: skip
    assert "TypeError" in line["exception"]


def test_long_values_are_cut() -> None:
    """A value that somebody else has chosen does not make a line as long as that."""
    limit = logs.LONGEST_VALUE
    line = logged("info", one="x" * limit, inner={"more": "y" * (limit + 1)})
    assert line["one"] == "x" * limit
    assert line["inner"]["more"] == "y" * limit + "…"


def test_without_stderr_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program whose stderr was closed before it started logs nothing and runs."""
    monkeypatch.setattr(sys, "stderr", None)
    logs.configure("info", "text")
    logs.get_logger("ovms.test").info("into the void")
    with logs.running("info", "text"):
        logs.get_logger("ovms.test").info("into the void")


def test_before_configure_warnings_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Without set-up nothing reaches stdout, and stderr is the one of the moment."""
    log = logs.get_logger("ovms.test")
    log.info("quiet")
    log.warning("loud")
    captured = capsys.readouterr()
    assert (captured.out, "loud" in captured.err, "quiet" in captured.err) == ("", True, False)


def test_importing_configures_nothing() -> None:
    """In a fresh program warnings go to stderr, redacted, and structlog is not configured."""
    script = (
        "import sys; from ovms.base.logs import get_logger; assert 'structlog' not in sys.modules;"
        f"log = get_logger('ovms.test'); log.info('quiet'); log.warning('loud', token={SECRET!r});"
        "import structlog, logging; assert not structlog.is_configured();"
        "assert not logging.getLogger().handlers"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert re.fullmatch(r"\S+Z \[warning *\] loud .*token=\*\*\*\n", done.stderr), done.stderr


def test_a_broken_log_stops_nobody() -> None:
    """A stream that is closed or full makes no error."""
    logs.configure("info", "text", out := io.StringIO())
    out.close()
    logs.get_logger("ovms.test").info("into the void")


def test_capture_logs_sees_our_loggers() -> None:
    """The test helper of structlog itself works with loggers that were used before."""
    logs.configure("info", "text", io.StringIO())
    log = logs.get_logger("ovms.test")
    log.info("before")
    with structlog.testing.capture_logs() as lines:
        log.info("seen")
    assert [line["event"] for line in lines] == ["seen"]


@pytest.mark.parametrize("format", ["text", "json"])
def test_the_last_error_is_kept(format: logs.Format) -> None:  # noqa: A002
    """An operator is shown the last error and its reason; warnings and fields are none."""
    logs.configure("info", format, io.StringIO())
    before = time.time()
    logger = logs.get_logger("ovms.test")
    logger.error("first", reason="a")
    logger.error("cannot save", reason="disk full", password="geheim", vehicle="CAR1")
    logger.warning("later", reason="b")
    found = logs.last_error()
    assert found is not None
    assert found.text == "cannot save: disk full"
    assert before <= found.time <= time.time()
    logger.critical("without a reason")
    found = logs.last_error()
    assert found is not None
    assert found.text == "without a reason"
