"""What a command takes, out of a call's body: a form, multipart parts, or a JSON object.

Which of them it is shows in the body itself, whatever its type is said to be: scripts send JSON as
a form, and forms without a type.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.exceptions import HTTPException

from ovms.server.http.errors import CallFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.datastructures import UploadFile
    from starlette.requests import Request

logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
# It warns of each body that is malformed, with bytes of it.

VALUES_LIMIT: Final = 20
"""Values in a body; no command takes more than two."""

Values = list[tuple[str, str]]
"""Names and values in their order. A name may occur twice."""


async def values_of(request: Request) -> Values:
    """Return the values in a call's body. Raises :class:`CallFailed` (422)."""
    body = await request.body()
    try:
        if request.headers.get("content-type", "").lower().startswith("multipart/"):
            return await _parts(request)
        if body.lstrip()[:1] == b"{":
            return [*_json_values(body)]
        return parse_qsl(
            body.decode().strip(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=VALUES_LIMIT,
        )
    except (ValueError, LookupError, HTTPException):
        raise CallFailed(422, "The body must be a form or a JSON object") from None


def _json_values(body: bytes) -> Iterable[tuple[str, str]]:
    values = msgspec.json.decode(body, type=dict[str, bool | int | float | str | None])
    for name, value in values.items():
        if isinstance(value, float) and value.is_integer():
            yield name, str(int(value))
        elif value is not None:
            yield name, str(value)


async def _parts(request: Request) -> Values:
    form = request.form(max_files=VALUES_LIMIT, max_fields=VALUES_LIMIT)
    async with form as parts:
        return [(name, await _text(value)) for name, value in parts.multi_items()]


async def _text(value: UploadFile | str) -> str:
    """Return the text of a part, which may have been read before."""
    if isinstance(value, str):
        return value
    await value.seek(0)
    return (await value.read()).decode()
