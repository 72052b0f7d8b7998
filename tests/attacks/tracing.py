"""What a process asked of the system, in order, as ``strace`` saw it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

CALLS = "write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync"
LONGEST = 1 << 20
"""Bytes of what a call wrote that are seen."""

_LINE = re.compile(r"(?P<thread>\d+) +(?:<\.\.\. \w+ resumed>|(?P<call>\w+)\()(?P<rest>.*)")
_FILE = re.compile(r"\d+<(?P<file>.*?)>(?=[,)]|$| <unf)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True, slots=True)
class SystemCall:
    """A call to the system; the numbers of its begin and its end order all that was seen."""

    name: str
    file: str
    """What it was about: a path, or ``TCP:[address->address]``."""
    data: bytes
    """What it wrote."""
    begin: int
    end: int


def needs_strace() -> pytest.MarkDecorator:
    """Return the mark that skips a test where no process can be traced, and says why."""
    return pytest.mark.skipif(_missing() is not None, reason=_missing() or "")


@cache
def _missing() -> str | None:
    if shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return None if done.returncode == 0 else "processes may not be traced here"


@contextmanager
def traced(output: Path, *pids: int) -> Iterator[None]:
    """Have what processes and their threads do written into a file; it is whole at the end."""
    words = ["strace", "-f", "-xx", "-yy", f"-s{LONGEST}", f"-etrace={CALLS}", f"-o{output}"]
    pairs = (("-p", str(pid)) for pid in pids)
    words += [word for pair in pairs for word in pair]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        waiting = set(map(str, pids))
        for line in strace.stderr:
            waiting -= set(re.findall(r"Process (\d+) attached", line))
            if not waiting:
                break
        assert not waiting, "strace has ended"
        try:
            yield
        finally:
            strace.terminate()
            strace.communicate()


def calls(output: Path) -> Iterator[SystemCall]:
    """Yield the calls that were made, in the order of their ends."""
    begun: dict[str, tuple[int, str, str]] = {}
    for number, line in enumerate(output.read_text().splitlines()):
        found = _LINE.match(line)
        if found is None:
            continue  # a signal, an exit
        thread, name, rest = found["thread"], found["call"], found["rest"]
        begin, text = number, ""
        if name is None:
            begin, name, text = begun.pop(thread)
        text += rest
        if rest.endswith("<unfinished ...>"):
            begun[thread] = begin, name, text
            continue
        file = _FILE.match(text)
        if file is not None and not re.search(r"= -\d+ E", text):
            data = b"".join(map(_bytes, _TEXT.findall(text.partition(file[0])[2])))
            yield SystemCall(name, _plain(file["file"]), data, begin, number)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _plain(name: str) -> str:
    """Return a name that may be written as what a call writes is."""
    return re.sub(r"(?:\\x[0-9a-f]{2})+", lambda found: _bytes(found[0]).decode(), name)
