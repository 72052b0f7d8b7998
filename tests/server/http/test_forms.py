from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies
from starlette.requests import Request

from ovms.server.http import forms as module
from ovms.server.http.errors import CallFailed
from ovms.server.http.forms import fields_of

if TYPE_CHECKING:
    from collections.abc import Sequence

FORM = "application/x-www-form-urlencoded"
PARTS = 'multipart/form-data; boundary="b"'


def _request(body: bytes, kind: str | None, sizes: Sequence[int] = ()) -> Request:
    chunks = []
    for size in sizes:
        chunks.append(body[:size])
        body = body[size:]
    chunks.append(body)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    headers = [] if kind is None else [(b"content-type", kind.encode("latin-1"))]
    scope = {"type": "http", "method": "POST", "headers": headers, "app": None}
    return Request(scope, receive)


def _part(name: str, value: bytes, more: str = "") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


@pytest.mark.parametrize(
    ("body", "kind", "fields"),
    [
        (b"a=1&b=2", FORM, {"a": "1", "b": "2"}),
        (b"a=1&b=2", f"{FORM}; charset=UTF-8", {"a": "1", "b": "2"}),
        (b"a=1", FORM.upper(), {"a": "1"}),
        (b"a=1", None, {"a": "1"}),
        (b"a=x+y%2Bz%26%3D&b=%C3%A4&c=\xc3\xa4", FORM, {"a": "x y+z&=", "b": "ä", "c": "ä"}),
        (b"a=%E4&b=\xff", FORM, {"a": "\ufffd", "b": "\ufffd"}),
        (b"a=1;b=2", FORM, {"a": "1;b=2"}),
        (b"a=1&a=2&b=&c", FORM, {"a": "1", "b": "", "c": ""}),
        (b"", FORM, {}),
        (b"", None, {}),
        (b'{"a":"1","b":2,"c":null,"d":[1]}', "application/json", {"a": "1", "b": "2"}),
        (b'{"a":"\\u0026"}', "application/json; charset=utf-8", {"a": "&"}),
        (b"a=1", "text/plain", {}),
        (_part("a", b"1") + _part("b", b"\xc3\xa4") + b"--b--\r\n", PARTS, {"a": "1", "b": "ä"}),
        (
            _part("a", b"x", '; filename="permit.txt"\r\nContent-Type: text/plain') + b"--b--\r\n",
            PARTS,
            {"a": "x"},
        ),
        (_part("a", b"1") + _part("a", b"2") + b"--b--\r\n", PARTS, {"a": "1"}),
    ],
)
async def test_fields(body: bytes, kind: str | None, fields: dict[str, str]) -> None:
    """Each kind of body gives its fields, the first of each name, also when it is read again."""
    request = _request(body, kind, sizes=[1] * (len(body) - 1))
    assert await fields_of(request) == fields
    assert await fields_of(request) == fields


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b"\xff", "application/json"),
        (b"a=1", "multipart/form-data"),
        (b"no boundary in here", PARTS),
        (_part("a", b"1").replace(b"name", b"size") + b"--b--\r\n", PARTS),
        (b"--b\r\n\r\n1\r\n--b--\r\n", PARTS),
    ],
)
async def test_wrong_bodies(body: bytes, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A body that is not what it says is refused, and nothing is logged of it."""
    with pytest.raises(CallFailed) as caught:
        await fields_of(_request(body, kind))
    assert caught.value.status == 400
    assert not caplog.records


async def test_too_many_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many fields are read; a form with one more is refused."""
    monkeypatch.setattr(module, "FIELDS_LIMIT", 3)
    for count in (3, 4):
        bodies = {
            FORM: b"&".join(b"a%d=1" % n for n in range(count)),
            PARTS: b"".join(_part(f"a{n}", b"1") for n in range(count)) + b"--b--\r\n",
        }
        for kind, body in bodies.items():
            if count == 3:
                assert len(await fields_of(_request(body, kind))) == 3
                continue
            with pytest.raises(CallFailed):
                await fields_of(_request(body, kind))


GOOD = {
    FORM: b"a=%C3%A4&b=+&c",
    "application/json": b'{"a":"1","b":2}',
    PARTS: _part("a", b"1", '; filename="f"') + _part("b", b"2") + b"--b--\r\n",
}


@given(strategies.sampled_from(sorted(GOOD)), strategies.data())
async def test_anything(kind: str, data: strategies.DataObject) -> None:
    """Whatever bytes come, they give fields or are refused, and nothing else happens."""
    body = bytearray(GOOD[kind])
    for place in data.draw(strategies.lists(strategies.integers(0, len(body) - 1), max_size=4)):
        body[place] = data.draw(strategies.integers(0, 255))
    with suppress(CallFailed):
        await fields_of(_request(bytes(body), kind))
