from __future__ import annotations

from contextlib import suppress

import httpx
import pytest
from hypothesis import given, strategies
from starlette.requests import Request

from ovms.server.http.bodies import OPTIONS_LIMIT, VALUES_LIMIT, Values, fields_of, values_of
from ovms.server.http.errors import CallFailed

MULTIPART = "multipart/form-data; boundary=x"
FORM = "application/x-www-form-urlencoded"
PART = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
PARTS = (
    PART % (b"mode", b"", b"range") + PART % (b"amps", b'; filename="a"', b"1\xc3\xa4") + b"--x--"
)


def _request(body: bytes, kind: str | None) -> Request:
    headers = [] if kind is None else [(b"content-type", kind.encode())]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body}

    return Request({"type": "http", "method": "PUT", "headers": headers, "app": None}, receive)


async def read(body: bytes, kind: str | None) -> Values:
    """Return the values in a body of a kind."""
    return await values_of(_request(body, kind))


@pytest.mark.parametrize("kind", [FORM, None, "text/plain", "application/json", "APPLICATION/X"])
@pytest.mark.parametrize(
    ("body", "values"),
    [
        (b"", []),
        (b"pin=1234", [("pin", "1234")]),
        (b"pin=1234\r\n", [("pin", "1234")]),
        (b"mode=range&amps=16+A&mode=", [("mode", "range"), ("amps", "16 A"), ("mode", "")]),
        (b"value=%C3%A4%2B", [("value", "ä+")]),
        ("value=ä".encode(), [("value", "ä")]),
        (b"{}", []),
        (b' {"pin":"0123","on":null}', [("pin", "0123")]),
        (b'{"a":1234,"b":true,"c":16.0,"d":1.5}',
         [("a", "1234"), ("b", "True"), ("c", "16"), ("d", "1.5")]),
    ],
)  # fmt: skip
async def test_bodies(body: bytes, values: Values, kind: str | None) -> None:
    """A form or an object is read whatever its type is said to be, and without a type."""
    assert await read(body, kind) == values


async def test_parts() -> None:
    """Parts are read with and without the name of a file."""
    assert await read(PARTS, MULTIPART) == [
        ("mode", "range"),
        ("amps", "1ä"),
    ]
    made = httpx.Request("PUT", "http://x", files={"pin": ("pin.txt", b"12")}, data={"a": "b"})
    found = await read(made.read(), made.headers["content-type"])
    assert sorted(found) == [("a", "b"), ("pin", "12")]


async def test_twice() -> None:
    """A body may be read by who looks for a password in it, and then by who needs it."""
    for body, kind in ((PARTS, MULTIPART), (b"mode=range&amps=1%C3%A4", FORM)):
        request = _request(body, kind)
        fields = await fields_of(request)
        assert fields == {"mode": "range", "amps": "1ä"}
        assert dict(await values_of(request)) == fields


@pytest.mark.parametrize(
    ("body", "kind", "fields"),
    [
        (b"a=1&a=2&b=&c", FORM, {"a": "1", "b": "", "c": ""}),
        (b"a=x+y%2Bz%26%3D", FORM, {"a": "x y+z&="}),
        (b"a=%E4&b=\xff", FORM, {"a": "\ufffd", "b": "\ufffd"}),
        (b"a=1;b=2", FORM, {"a": "1;b=2"}),
        (b'{"a":"\\u0026","b":2}', "application/json", {"a": "&", "b": "2"}),
        (PART % (b"a", b"", b"\xff") + PART % (b"a", b"", b"2") + b"--x--", MULTIPART,
         {"a": "\ufffd"}),
    ],
)  # fmt: skip
async def test_fields(body: bytes, kind: str, fields: dict[str, str]) -> None:
    """Of each name the first value counts, and what is no text gets a mark."""
    assert await fields_of(_request(body, kind)) == fields


GOOD = {
    FORM: b"a=%C3%A4&b=+&c",
    "application/json": b'{"a":"1","b":2}',
    MULTIPART: PARTS,
}


@given(strategies.sampled_from(sorted(GOOD)), strategies.data())
async def test_anything(kind: str, data: strategies.DataObject) -> None:
    """Whatever bytes come, they give values or are refused, and nothing else happens."""
    body = bytearray(GOOD[kind])
    for place in data.draw(strategies.lists(strategies.integers(0, len(body) - 1), max_size=4)):
        body[place] = data.draw(strategies.integers(0, 255))
    for look in (values_of, fields_of):
        with suppress(CallFailed):
            await look(_request(bytes(body), kind))


async def test_a_long_file_name() -> None:
    """The headers of a part, and the type of a body, may be as long as the bound."""
    kind = MULTIPART + "; " + "y" * (OPTIONS_LIMIT - len(MULTIPART) - 2)
    said = b'form-data; name="a"; filename='
    name = b"; filename=" + b"y" * (OPTIONS_LIMIT - len(said))
    assert await read(PART % (b"a", name, b"1") + b"--x--", kind) == [("a", "1")]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", None),
        (b'{"pin":[1]}', None),
        (b'{"pin":1', "application/json"),
        (b"pin=%FF", FORM),
        (b"pin=\xff", FORM),
        (b"a=1&" * (VALUES_LIMIT + 1), FORM),
        (PARTS, "multipart/form-data"),
        (PARTS, MULTIPART + ";" + "x" * OPTIONS_LIMIT),
        (PART % (b"a", b"; filename=" + b"x" * OPTIONS_LIMIT, b"1") + b"--x--", MULTIPART),
        (b"rubbish", MULTIPART),
        (PART % (b"a", b"", b"1") * (VALUES_LIMIT + 1) + b"--x--", MULTIPART),
        (PARTS.replace(b"\xc3", b""), MULTIPART),
        (PARTS.replace(b"name=", b"size="), MULTIPART),
        (b"--x\r\n\r\n1\r\n--x--", MULTIPART),
    ],
)  # fmt: skip
async def test_what_is_none(
    body: bytes, kind: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Anything else is refused; neither the text nor a log repeats anything of it."""
    with pytest.raises(CallFailed) as error:
        await read(body, kind)
    assert (error.value.status, str(error.value)) == (
        422, "The body must be a form or a JSON object",
    )  # fmt: skip
    assert caplog.records == []
