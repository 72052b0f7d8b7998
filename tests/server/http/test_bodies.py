from __future__ import annotations

import httpx
import pytest
from starlette.datastructures import UploadFile
from starlette.requests import Request

from ovms.server.http.bodies import VALUES_LIMIT, Values, values_of
from ovms.server.http.errors import CallFailed

MULTIPART = "multipart/form-data; boundary=x"
FORM = "application/x-www-form-urlencoded"
PART = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
PARTS = (
    PART % (b"mode", b"", b"range") + PART % (b"amps", b'; filename="a"', b"1\xc3\xa4") + b"--x--"
)


async def read(body: bytes, kind: str | None) -> Values:
    """Return the values in a body of a kind."""
    headers = [] if kind is None else [(b"content-type", kind.encode())]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body}

    scope = {"type": "http", "method": "PUT", "headers": headers, "app": None}
    return await values_of(Request(scope, receive))


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


async def test_parts_that_were_read_before() -> None:
    """Who looked for a password in the body has left it as it was."""
    scope = {"type": "http", "method": "PUT", "app": None,
             "headers": [(b"content-type", MULTIPART.encode())]}  # fmt: skip

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": PARTS}

    request = Request(scope, receive)
    await request.body()
    part = (await request.form())["amps"]
    assert isinstance(part, UploadFile)
    assert await part.read() == "1ä".encode()
    assert await values_of(request) == [("mode", "range"), ("amps", "1ä")]


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
        (b"rubbish", MULTIPART),
        (PART % (b"a", b"", b"1") * (VALUES_LIMIT + 1) + b"--x--", MULTIPART),
        (PARTS.replace(b"\xc3", b""), MULTIPART),
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
