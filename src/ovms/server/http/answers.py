"""Answers as the field's clients know them: JSON with sorted keys and a newline, or plain text."""

from __future__ import annotations

import math
from typing import Final

import msgspec
from starlette.responses import Response

JSON_TYPE: Final = "application/json"

CHALLENGE: Final = 'Basic realm="ovms", charset="UTF-8"'
"""What an answer without right credentials says: some programs send none until they are asked."""

_encoder: Final = msgspec.json.Encoder(order="sorted")


def encode_json(value: object) -> bytes:
    """Return a value in JSON, on one line, keys sorted."""
    return _encoder.encode(value)


def json_answer(value: object, status: int = 200) -> Response:
    """Return an answer in JSON."""
    return Response(encode_json(value) + b"\n", status, media_type=JSON_TYPE)


def text_answer(text: str, status: int = 200, wait: float | None = None) -> Response:
    """Return an answer in plain text; ``wait`` in seconds goes into ``Retry-After``."""
    headers = {} if wait is None else {"retry-after": str(max(1, math.ceil(wait)))}
    if status == 401:
        headers["www-authenticate"] = CHALLENGE
    return Response(f"{text}\n", status, headers, media_type="text/plain")
