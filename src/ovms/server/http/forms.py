"""What a call says in its body: a form, multipart parts (with or without file names), or JSON.

Of a field that comes twice the first counts: an old plugin for brokers puts a word of its client's
choice, as it is, behind the fields that matter.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from ovms.server.http.errors import CallFailed

if TYPE_CHECKING:
    from starlette.requests import Request

FIELDS_LIMIT: Final = 100
"""Fields or parts of a form; our calls know a dozen."""

# It tells at WARNING of each byte that is wrong, and anybody can send some.
logging.getLogger("python_multipart").setLevel(logging.ERROR)

_PLAIN_FORM: Final = ("", "application/x-www-form-urlencoded")
"""A program that says no kind sends a form, too."""


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a call's body, none of a body of another kind. Reads it only once.

    Raises :class:`CallFailed` (400) for a body that is not what it says.
    """
    if not hasattr(request.state, "fields"):
        request.state.fields = await _read(request)
    fields: dict[str, str] = request.state.fields
    return fields


async def _read(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    try:
        if kind == "multipart/form-data":
            _, options = parse_options_header(request.headers["content-type"])
            return _Parts(options[b"boundary"]).read(body)
        if kind == "application/json":
            return _json_fields(body)
        return _form_fields(body) if kind in _PLAIN_FORM else {}
    except (FormParserError, ValueError, KeyError):
        raise CallFailed(400, "The body is not what its Content-Type says") from None


def _form_fields(body: bytes) -> dict[str, str]:
    text = body.decode(errors="replace")
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_LIMIT)
    return dict(reversed(pairs))  # so that the first counts


class _Parts:
    """The parts of a multipart body, by name; each in memory, also one with a file name."""

    def __init__(self, boundary: bytes) -> None:
        self.fields: dict[str, str] = {}
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = self._data = b""
        self._count = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._name_came,
                "on_header_value": self._value_came,
                "on_header_end": self._header_ended,
                "on_part_data": self._data_came,
                "on_part_end": self._ended,
            },
        )

    def read(self, body: bytes) -> dict[str, str]:
        """Return the fields of a whole body."""
        self._parser.write(body)
        self._parser.finalize()
        return self.fields

    def _begin(self) -> None:
        self._headers, self._data = {}, b""
        self._count += 1
        if self._count > FIELDS_LIMIT:
            raise ValueError("too many parts")

    def _name_came(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _value_came(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ended(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _data_came(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _ended(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"name")
        if name is None:
            raise ValueError("a part without a name")
        self.fields.setdefault(name.decode(errors="replace"), self._data.decode(errors="replace"))


def _json_fields(body: bytes) -> dict[str, str]:
    found = msgspec.json.decode(body, type=dict[str, object])
    return {name: str(value) for name, value in found.items() if isinstance(value, str | int)}
