"""What a call says in its body: a form, multipart parts, or a JSON object.

Which of them it is shows in the body itself, whatever its type is said to be: scripts send JSON as
a form, and forms without a type. Parts are read alike with a file's name and without.
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
    from collections.abc import Iterable

    from starlette.requests import Request

logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
# It warns of each body that is malformed, with bytes of it.

VALUES_LIMIT: Final = 100
"""Values in a body. No call takes more than five; a broker's plugin may send some of its own."""

OPTIONS_LIMIT: Final = 1024
"""Bytes of a ``Content-Type`` or ``Content-Disposition``, with a file's name in it. What reads them
takes time by the square of their length: 15 ms for 8 KiB."""

Values = list[tuple[str, str]]
"""Names and values in their order. A name may occur twice."""


async def values_of(request: Request) -> Values:
    """Return the values in a call's body. Raises :class:`CallFailed` (422)."""
    return await _read(request, "strict")


async def fields_of(request: Request) -> dict[str, str]:
    """Return the values in a call's body by their names; what is no text gets a mark instead.

    Of a name that comes twice the first counts: an old plugin for brokers puts its client's id, as
    it is, behind the values that matter. Raises :class:`CallFailed` (422).
    """
    return dict(reversed(await _read(request, "replace")))


async def _read(request: Request, errors: str) -> Values:
    body = await request.body()
    kind = request.headers.get("content-type", "")
    try:
        if kind.lower().startswith("multipart/"):
            return _Parts(_options(kind.encode("latin-1"))[b"boundary"], errors).read(body)
        if body.lstrip()[:1] == b"{":
            return [*_json_values(body)]
        return parse_qsl(
            body.decode(errors=errors).strip(),
            keep_blank_values=True,
            errors=errors,
            max_num_fields=VALUES_LIMIT,
        )
    except (ValueError, LookupError, FormParserError):
        raise CallFailed(422, "The body must be a form or a JSON object") from None


def _json_values(body: bytes) -> Iterable[tuple[str, str]]:
    values = msgspec.json.decode(body, type=dict[str, bool | int | float | str | None])
    for name, value in values.items():
        if isinstance(value, float) and value.is_integer():
            yield name, str(int(value))
        elif value is not None:
            yield name, str(value)


def _options(header: bytes) -> dict[bytes, bytes]:
    """Return what stands behind the first word of a header. Raises :class:`ValueError`."""
    if len(header) > OPTIONS_LIMIT:
        raise ValueError("too long")
    return parse_options_header(header)[1]


class _Parts:
    """The parts of a multipart body, in memory: none of them ever lies on a disk."""

    def __init__(self, boundary: bytes, errors: str) -> None:
        self._errors = errors
        self._values: Values = []
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = self._data = b""
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

    def read(self, body: bytes) -> Values:
        """Return the values of a whole body."""
        self._parser.write(body)
        self._parser.finalize()
        return self._values

    def _begin(self) -> None:
        self._headers, self._data = {}, b""

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
        options = _options(self._headers.get(b"content-disposition", b""))
        name, text = options[b"name"], self._data.decode(errors=self._errors)
        self._values.append((name.decode(errors=self._errors), text))
        if len(self._values) > VALUES_LIMIT:
            raise ValueError("too many parts")
