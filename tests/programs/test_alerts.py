"""Alerts of a running server: to a real SMTP server and a real HTTP receiver on loopback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from ovms.protocol import Message, Role
from tests.programs.conftest import Program, Server, Start, run_ovms
from tests.programs.test_keeping import Caller
from tests.waiting import PATIENCE, wait_until


class Mailbox:
    """What a mail server was given."""

    def __init__(self) -> None:
        self.mails: Queue[Any] = Queue()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        assert isinstance(envelope.content, bytes)
        self.mails.put(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


class Post(BaseHTTPRequestHandler):
    """Takes what is posted, and answers as Expo does."""

    posts: Queue[Any] = Queue()

    def do_POST(self) -> None:
        """Take a post."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posts.put(json.loads(body))
        answer = b'{"data": [{"status": "ok", "id": "1"}]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """Run a mail server."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def expo() -> Iterator[int]:
    """Run a receiver of posts."""
    server = HTTPServer(("127.0.0.1", 0), Post)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join(PATIENCE)


def test_three_alerts_of_one_event_are_one_mail_and_one_push(
    start: Start, tmp_path: Path, mailbox: tuple[Mailbox, int], expo: int
) -> None:
    """Mail and push come once, in UTF-8, also when the server was killed in between."""
    box, port = mailbox
    env = {
        "OVMS_MAIL_HOST": "127.0.0.1",
        "OVMS_MAIL_PORT": str(port),
        "OVMS_MAIL_TLS": "none",
        "OVMS_MAIL_FROM": "ovms@example.org",
        "OVMS_EXPO_URL": f"http://127.0.0.1:{expo}/push",
        "OVMS_ALERT_WINDOW": "2",
    }

    def begin(*arguments: str) -> Program:
        return start(*arguments, env=env)

    server = Server(begin, tmp_path / "data", ("CAR1",))
    added = run_ovms(
        "notify", "add", "CAR1", "--type", "mail", "--key", "owner@example.org",
        "--data", str(server.data),
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    app = Caller(server, Role.APP, "car1")
    app.say(Message("p", b"app-1,expo,simple,ExponentPushToken[abc]"), Message("A"))
    app.hear("a")
    app.leave()
    car = Caller(server, Role.CAR)
    car.say(*(Message("P", text.encode()) for text in ("AUnplugged – für immer", "IDone", "IDone")))
    car.say(Message("P", b"ETR,25,100"), Message("A"))
    car.hear("a")
    wait_until(lambda: "expo" in run_ovms("notify", "list", "--data", str(server.data)).stdout)
    server.program.kill()
    car.leave()
    server.run()
    mail = box.mails.get(timeout=PATIENCE)
    post = Post.posts.get(timeout=PATIENCE)
    text = mail.get_body().get_content()
    assert "Unplugged – für immer" in text
    assert text.count("Done") == 1
    assert "Unplugged – für immer" in json.dumps(post, ensure_ascii=False)
    assert server.program.stop() == 0
    assert box.mails.empty()
    assert Post.posts.empty()
    assert "ExponentPushToken" not in server.program.output()
