"""What a proxy in front says of who asked it for a WebSocket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ForwardedCaller:
    """Who called a proxy; ``None`` is what it does not say."""

    peer: str | None
    """As host:port."""
    is_tls: bool | None
    """The caller spoke TLS with the proxy."""


UNCHANGED: Final = ForwardedCaller(None, None)
"""Nothing is said, or nobody is believed."""

ReadForwarded = Callable[[str, Callable[[str], list[str]]], ForwardedCaller]
"""Reads an HTTP head. It gets who sent that, as host:port, and what returns a header's values."""


def read_nothing(_peer: str, _values_of: Callable[[str], list[str]]) -> ForwardedCaller:
    """Believe nobody."""
    return UNCHANGED
