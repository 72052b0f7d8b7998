"""Reads of a PromQL query which metrics and labels it uses; no more of the language."""

from __future__ import annotations

import re
from dataclasses import dataclass

KEYWORDS = frozenset(("and", "or", "unless", "bool", "offset", "group_left", "group_right"))

GROUPING = re.compile(r"\b(by|without|on|ignoring)\s*\(([^)]*)\)")

SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?")


@dataclass(frozen=True, slots=True)
class Query:
    """What a query uses."""

    metrics: dict[str, set[str]]
    """The names of samples, and the labels by which each is selected."""
    groups: set[str]
    """The labels by which results are grouped or matched."""
    is_quantile: bool


def read_query(text: str) -> Query:
    """Read a query. Raises :class:`ValueError` if its brackets do not match."""
    for pair in ("()", "[]", "{}"):
        if text.count(pair[0]) != text.count(pair[1]):
            raise ValueError(f"brackets {pair} do not match in {text}")
    bare = re.sub(r'"[^"]*"', '""', text)
    bare = re.sub(r"\[[^\]]*\]", "", bare)
    groups = {
        label.strip() for found in GROUPING.finditer(bare) for label in found[2].split(",") if label
    }
    bare = GROUPING.sub("", bare)
    metrics: dict[str, set[str]] = {}
    for found in SELECTOR.finditer(bare):
        rest = bare[found.end() :].lstrip()
        is_number = found.start() > 0 and (bare[found.start() - 1].isdigit())
        if rest.startswith("(") or found[1] in KEYWORDS or is_number:
            continue
        labels = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", found[2] or "")
        metrics.setdefault(found[1], set()).update(labels)
    return Query(metrics, groups, "histogram_quantile" in bare)
