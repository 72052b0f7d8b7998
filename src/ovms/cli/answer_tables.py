"""Answers that are listings: features and parameters with names, and what the server keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ovms.app.listings import HistoryRow, SummaryRow, UtilisationRow
from ovms.cli.app_listings import SUMMARY, UTILISATION
from ovms.cli.record_listing import RECORD
from ovms.protocol.commands import Answer, Result
from ovms.protocol.records import legible
from ovms.protocol.settings_names import FEATURE_NAMES, PARAMETER_NAMES

Rows = tuple[Sequence[str], list[list[str]]]


def named_rows(answers: Sequence[Answer], *, is_whole: bool) -> Rows | None:
    """Return columns and rows of a listing that commands answer; ``None`` if it is none.

    If it is not whole, features and parameters are left out that have neither name nor value.
    """
    number = answers[0].number
    if any(answer.result != Result.OK for answer in answers):
        return None
    try:
        if number in NAMES:
            settings = _settings(answers, NAMES[number])
            rows = [row for row in settings if is_whole or _tells(*row)]
            return ("number", "name", "value"), rows
        if number in LISTINGS:
            columns, kind = LISTINGS[number]
            listed = [kind.parse(answer).as_json().values() for answer in answers]
            return columns, [list(map(str, row)) for row in listed]
    except ValueError:
        return None  # what is no row is printed as it came
    return None


def _settings(answers: Sequence[Answer], names: Mapping[int, str]) -> Iterator[list[str]]:
    """Yield number, name and value of each feature or parameter."""
    for answer in answers:
        number, _, value = answer.text.split(",", 2)
        yield [number, names.get(int(number), ""), legible(value)]


def _tells(number: str, name: str, value: str) -> bool:
    """Return whether a row tells something. Parameters that are features are always empty."""
    return value.strip() not in ("", "0") or (bool(name) and not name.startswith("feature "))


NAMES = {1: FEATURE_NAMES, 3: PARAMETER_NAMES}
"""The names of what a command lists, by the number of the command."""

LISTINGS: dict[int, tuple[Sequence[str], type[UtilisationRow | SummaryRow | HistoryRow]]] = {
    30: (UTILISATION, UtilisationRow),
    31: (SUMMARY, SummaryRow),
    32: (RECORD, HistoryRow),
}
"""Columns and rows of the server's listings, by the number of the command."""
