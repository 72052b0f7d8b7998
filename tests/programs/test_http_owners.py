"""Who calls by HTTP, at the real server's sockets: sessions, tokens, revocation, brokers."""

from __future__ import annotations

import json
import re
import socket
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.programs.conftest import Server, Start, run_ovms
from tests.waiting import PATIENCE, wait_until

PASSWORD = "a-password-of-the-tests"
OTHER_PASSWORD = "another-password"
BY_PASSWORD = urlencode({"username": "tester", "password": PASSWORD})

BROKER = (
    "POST /mqapi/{question} HTTP/1.1\r\nHost: localhost:6868\r\n"
    "User-Agent: mosquitto-go-auth-2.1.0\r\nContent-Length: {length}\r\n"
    "Content-Type: {kind}\r\nAccept-Encoding: gzip\r\n\r\n{body}"
)
"""A question as mosquitto-go-auth writes it: Go's HTTP client, one connection for many."""


@pytest.fixture
def owned(start: Start, tmp_path: Path) -> Server:
    """Run a server whose owner has a password."""
    server = Server(start, tmp_path / "data", ("CAR1",))
    _ovms(server, "owner", "passwd", "tester", "--password", PASSWORD)
    return server


def _ovms(server: Server, *arguments: str) -> str:
    """Run a command on the server's data; return what it prints."""
    done = run_ovms(*arguments, "--data", str(server.data))
    assert done.returncode == 0, done.stderr
    return done.stdout


def _call(
    server: Server, method: str, path: str, body: str | None = None, **headers: str
) -> tuple[int, str, HTTPMessage]:
    connection = HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def _status(server: Server, credentials: str = "", **headers: str) -> int:
    return _call(server, "GET", f"/api/vehicles?{credentials}", **headers)[0]


def _cookie(server: Server) -> str:
    return _call(server, "GET", f"/api/cookie?{BY_PASSWORD}")[2]["Set-Cookie"]


def _say(server: Server, *requests: str) -> str:
    """Send requests over one connection; return all that is answered until the last is."""
    with socket.create_connection(("127.0.0.1", server.http_port), timeout=PATIENCE) as connection:
        heard = b""
        for number, request in enumerate(requests, start=1):
            connection.sendall(request.encode())
            # The bodies of all these answers are short, so they come whole.
            while heard.count(b"\r\n\r\n") < number or heard.endswith(b"\r\n\r\n"):
                data = connection.recv(65536)
                assert data, heard
                heard += data
    return heard.decode()


def test_a_session(owned: Server) -> None:
    """Its cookie has nothing behind it, and is over with the session, or with the server."""
    heard = _say(owned, f"GET /api/cookie/?{BY_PASSWORD} HTTP/1.1\r\nHost: here\r\n\r\n")
    head, _, body = heard.partition("\r\n\r\n")
    assert body == "Login ok\n"
    (cookie,) = re.findall(r"\r\nSet-Cookie: (ovmsapisession=[0-9a-f-]{36})\r\n", head + "\r\n")
    assert _status(owned, Cookie=cookie) == 200
    assert _status(owned, Cookie=f"{cookie}; Path=/api") == 200
    assert _call(owned, "DELETE", "/api/cookie", Cookie=cookie)[:2] == (200, "Logout ok\n")
    assert _status(owned, Cookie=cookie) == 404
    cookie = _cookie(owned)
    assert _status(owned, Cookie=cookie) == 200
    owned.program.stop()
    owned.run()
    assert _status(owned, Cookie=cookie) == 404
    assert _status(owned, BY_PASSWORD, Cookie=cookie) == 200


def test_tokens(owned: Server) -> None:
    """A token is made by parts with file names, used, listed and removed; no log has any of it."""
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.txt"\r\n'
        f"Content-Type: text/plain\r\n\r\n{value}\r\n"
        for name, value in (("application", "evcc"), ("purpose", "wall box"), ("permit", "auth"))
    )
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    status, body, _ = _call(
        owned, "POST", f"/api/token//?{BY_PASSWORD}", f"{parts}--b--\r\n", **kind
    )
    made = json.loads(body)
    assert (status, made["application"], made["purpose"]) == (201, "evcc", "wall box")
    token = made["token"]
    assert _status(owned, urlencode({"username": "tester", "password": token})) == 200
    assert token in _call(owned, "GET", f"/api/token?{BY_PASSWORD}")[1]
    for path, status in ((token, 200), (token, 404), ("", 404)):
        assert _call(owned, "DELETE", f"/api/token/{path}?{BY_PASSWORD}")[0] == status
    owned.program.stop()
    for secret in (token, token[:16], PASSWORD, "evcc"):
        assert secret not in owned.program.output()


def _has_car2(server: Server, credentials: str, **headers: str) -> bool:
    return "CAR2" in _call(server, "GET", f"/api/vehicles?{credentials}", **headers)[1]


def test_revocation(owned: Server) -> None:
    """What the command line changes is noticed by the running server, in sessions and elsewhere."""
    token = _ovms(owned, "token", "add", "--owner", "tester").splitlines()[-1].split()[-1]
    by_token = urlencode({"username": "tester", "password": token})
    cookie = _cookie(owned)
    for credentials in (by_token, BY_PASSWORD):
        assert _status(owned, credentials) == 200

    _ovms(owned, "vehicle", "add", "CAR2", "--owner", "tester")
    wait_until(lambda: _has_car2(owned, BY_PASSWORD))
    wait_until(lambda: _has_car2(owned, by_token))
    wait_until(lambda: _has_car2(owned, "", Cookie=cookie))
    _ovms(owned, "token", "remove", token, "--yes")
    wait_until(lambda: _status(owned, by_token) == 401)
    assert _status(owned, Cookie=cookie) == 200
    _ovms(owned, "owner", "passwd", "tester", "--password", OTHER_PASSWORD)
    wait_until(lambda: _status(owned, Cookie=cookie) == 404)
    assert _status(owned, BY_PASSWORD) == 401


def test_a_broker(start: Start, tmp_path: Path) -> None:
    """A plugin's questions, byte by byte as it writes them, are answered over one connection."""
    data = tmp_path / "data"
    server = Server(start, data, ("CAR1",))
    server.program.stop()
    (data / "ovms.toml").write_text('mqtt_superuser = "bridge"\n')
    server.run()
    token = _ovms(server, "token", "add", "--owner", "tester", "--permit", "v3").split()[-1]
    form, kinds = "application/x-www-form-urlencoded", "application/json"
    asked = [
        ("auth", form, f"clientid=m&password={token}&username=tester", 200),
        ("auth", form, "clientid=m&password=wrong%26&username=tester", 403),
        ("auth", kinds, f'{{"clientid":"m","password":"{token}","username":"tester"}}', 200),
        ("superuser", form, "username=tester", 403),
        ("superuser", kinds, '{"username":"bridge"}', 200),
        ("acl", form, "acc=4&clientid=m&topic=ovms%2Ftester%2F%23&username=tester", 200),
        ("acl", form, "acc=4&clientid=m&topic=ovms%2F%23&username=tester", 403),
        ("acl", kinds, '{"acc":2,"clientid":"m","topic":"ovms/tester/x","username":"tester"}', 200),
        (
            "acl",
            kinds,
            '{"acc":2,"clientid":"m","topic":"ovms/tester2/x","username":"tester"}',
            403,
        ),
        ("acl", kinds, '{"acc":2,"clientid":"m","topic":"a","username":"bridge"}', 200),
        ("acl", form, "acc=1", 404),
    ]
    requests = [
        BROKER.format(question=question, kind=kind, length=len(body), body=body)
        for question, kind, body, _ in asked
    ]
    heard = _say(server, *requests)
    found = [int(each) for each in re.findall(r"HTTP/1\.1 (\d+) ", heard)]
    assert found == [status for *_, status in asked]
    server.program.stop()
    assert token[:16] not in server.program.output()


def test_too_many_calls(start: Start, tmp_path: Path) -> None:
    """Past the limit of the settings a call is told when to come again; wrong ones do not count."""
    data = tmp_path / "data"
    server = Server(start, data, ("CAR1",))
    server.program.stop()
    (data / "ovms.toml").write_text("limit_calls_burst = 5\nlimit_calls = 0.1\n")
    server.run()
    _ovms(server, "owner", "passwd", "tester", "--password", PASSWORD)
    assert [_status(server, "username=tester&password=x") for _ in range(3)] == [401] * 3
    assert [_status(server, BY_PASSWORD) for _ in range(5)] == [200] * 5
    status, text, headers = _call(server, "GET", f"/api/vehicles?{BY_PASSWORD}")
    assert (status, text) == (429, "Too many calls\n")
    assert 0 < int(headers["Retry-After"]) <= 10
