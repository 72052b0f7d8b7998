"""Which sentence of which document a case stands for; docs/conformance.md is made of this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Sentence:
    """Words of a document: ``source`` is ``guide: <heading>`` or ``interop <section>``.

    ``text`` is as it stands there; a long sentence or list is named by its beginning.
    """

    source: str
    text: str


@dataclass(frozen=True)
class Elsewhere:
    """A sentence that this suite does not run: why, and the tests that do, if any."""

    source: str
    text: str
    reason: str
    tests: tuple[str, ...] = ()


def stands_for(source: str, *texts: str) -> Callable[[F], F]:
    """Mark a case with the sentences that it stands for."""

    def mark(case: F) -> F:
        found: list[Sentence] = vars(case).setdefault("sentences", [])
        found[:0] = [Sentence(source, text) for text in texts]
        return case

    return mark


def sentences_of(case: Callable[..., Any]) -> list[Sentence]:
    """Return the sentences that a case stands for, from the top decorator down."""
    return list(vars(case).get("sentences", []))
