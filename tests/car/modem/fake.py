"""A modem's other end, on a pty: what it answers is a table, what it heard can be waited for."""

from __future__ import annotations

import os
import pty
import re
import select
import threading
import tty
from contextlib import suppress
from pathlib import Path

from tests.waiting import PATIENCE

Script = dict[str, bytes]

ANSWERS: Script = {
    r"AT\+CSQ": b"\r\n+CSQ: 17,99\r\n\r\nOK\r\n",
    r"AT\+COPS\?": b'\r\n+COPS: 0,0,"Tele,com",7\r\n\r\nOK\r\n',
    r"AT\+CMGS=.*": b"\r\n> ",
    r"AT\+CUSD=1.*": b'\r\nOK\r\n\r\n+CUSD: 0,"Balance:\r\n5,20 EUR",15\r\n',
}
"""What it answers, by patterns; to everything else ``OK``. The script of a test goes first."""


class FakeModem:
    """A modem on a thread of its own, at a path that stays the same over unplugging."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.script: Script = {}
        self.after_text: bytes = b"\r\n+CMGS: 12\r\n\r\nOK\r\n"
        """What it answers to the text of an SMS; where that is empty it says nothing."""
        self.heard: list[str] = []
        """The commands so far, as Latin-1."""
        self.texts: list[bytes] = []
        """The texts of SMS so far, without their end."""
        self.echoes = True
        self._news = threading.Condition()
        self._fds: tuple[int, ...] = ()
        self._thread: threading.Thread | None = None
        self._stop_read, self._stop_write = -1, -1
        self._wants_text = False
        self._in = bytearray()

    def plug_in(self) -> None:
        """Be there."""
        master, slave = pty.openpty()
        tty.setraw(slave)
        self._stop_read, self._stop_write = os.pipe()
        self._fds = (master, slave)
        self._in.clear()
        self._wants_text, self.echoes = False, True
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(slave))
        self._thread = threading.Thread(target=self._run, args=(master,), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Vanish, in the middle of whatever it was."""
        if self._thread is None:
            return
        os.write(self._stop_write, b"x")
        self._thread.join(PATIENCE)
        self._thread = None
        self.path.unlink()
        for fd in (*self._fds, self._stop_read, self._stop_write):
            os.close(fd)

    def say(self, data: bytes) -> None:
        """Say something by itself."""
        os.write(self._fds[0], data)

    def count(self, pattern: str) -> int:
        """Return how often a command was heard."""
        return sum(bool(re.fullmatch(pattern, line)) for line in self.heard)

    def wait_for(self, pattern: str, count: int = 1) -> None:
        """Wait until a command was heard so often."""
        with self._news:
            is_there = self._news.wait_for(lambda: self.count(pattern) >= count, PATIENCE)
        assert is_there, f"no {pattern} in {self.heard}"

    def _run(self, master: int) -> None:
        with suppress(OSError):
            while True:
                ready, _, _ = select.select([master, self._stop_read], [], [])
                if self._stop_read in ready:
                    return
                self._in += os.read(master, 4096)
                self._read(master)

    def _read(self, master: int) -> None:
        while self._in:
            if self._in[:1] == b"\x1b" and not self._wants_text:
                del self._in[:1]
                continue
            end = re.search(rb"[\x1a\x1b]" if self._wants_text else rb"\r", self._in)
            if end is None:
                return
            part = bytes(self._in[: end.start()])
            mark = bytes(self._in[end.start() : end.end()])
            del self._in[: end.end()]
            answer = self._take_text(part, mark) if self._wants_text else self._take_line(part)
            if answer:
                os.write(master, answer)
            with self._news:
                self._news.notify_all()

    def _take_text(self, text: bytes, mark: bytes) -> bytes:
        self._wants_text = False
        if mark == b"\x1b":
            return b"\r\nOK\r\n"
        self.texts.append(text)
        return (text + mark if self.echoes else b"") + self.after_text

    def _take_line(self, data: bytes) -> bytes:
        line = data.decode("latin-1")
        if not line:
            return b""
        echo = data + b"\r" if self.echoes else b""
        if line.startswith("ATE"):
            self.echoes = line.startswith("ATE1")
        table = (*self.script.items(), *ANSWERS.items(), (".*", b"\r\nOK\r\n"))
        answer = next(says for pattern, says in table if re.fullmatch(pattern, line))
        self._wants_text = answer.endswith(b"> ")
        self.heard.append(line)
        return echo + answer
