from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ovms.app.listings import (
    HistoryRow,
    SummaryRow,
    UtilisationRow,
    is_nothing,
    parse_time,
    wire_time,
)
from ovms.protocol.commands import Answer

TIME = "2025-06-01 18:00:00"
AT = datetime(2025, 6, 1, 18, tzinfo=UTC)
ROW = {HistoryRow: 32, SummaryRow: 31, UtilisationRow: 30}


def answer(data: str) -> Answer:
    """Read an answer as it stands on the wire."""
    parsed = Answer.parse(data.encode("latin-1"))
    assert parsed is not None
    return parsed


def test_rows_are_read() -> None:
    """The three shapes of the protocol; the value of a record keeps its commas."""
    record = HistoryRow.parse(answer(f"32,0,1,2,*-LOG-Trip,{TIME},1,1,48.1,,\xe4"))
    assert record == HistoryRow("*-LOG-Trip", AT, 1, "1,48.1,,ä")
    assert record.as_json()["time"] == "2025-06-01T18:00:00Z"
    summary = SummaryRow.parse(answer(f"31,0,1,1,*-LOG-Trip,1,7,900,{TIME},{TIME}"))
    assert summary == SummaryRow("*-LOG-Trip", 1, 7, 900, AT, AT)
    assert summary.as_json()["newest"] == "2025-06-01T18:00:00Z"
    day = UtilisationRow.parse(answer("30,0,1,90,2025-06-01,1,2,3,4"))
    assert day == UtilisationRow(AT.date(), 1, 2, 3, 4)
    assert day.as_json() == {
        "date": "2025-06-01", "car_received": 1, "car_sent": 2, "apps_received": 3, "apps_sent": 4,
    }  # fmt: skip
    assert HistoryRow.parse(answer(f"32,0,1,1,T,{TIME},-1,")).value == ""


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (HistoryRow, "1,1,T"),
        (HistoryRow, f"1,1,T,{TIME},x,v"),
        (HistoryRow, ""),
        (SummaryRow, f"1,1,T,1,x,3,{TIME},{TIME}"),
        (SummaryRow, f"1,1,T,1,2,3,{TIME}"),
        (UtilisationRow, "1,1,2025-06-01,1,2,3"),
        (UtilisationRow, "1,1,2025-06-01,1,2,3,4,5"),
    ],
)
def test_other_rows_are_refused(
    kind: type[HistoryRow] | type[SummaryRow] | type[UtilisationRow], text: str
) -> None:
    """Too few fields, or a word for a number."""
    with pytest.raises(ValueError, match=r"."):
        kind.parse(answer(f"{ROW[kind]},0,{text}"))
    with pytest.raises(ValueError, match="not a row"):
        kind.parse(answer(f"{ROW[kind]},1,1,1,T,{TIME},1,v,x,y"))


def test_nothing() -> None:
    """What the server says when there are no rows is told from other failures."""
    assert is_nothing(answer("30,1,No GPRS utilisation data available"))
    assert is_nothing(answer("32,1,No historical data available"))
    assert not is_nothing(answer("32,1,database is away"))
    assert not is_nothing(answer("32,0,No historical data available"))


def test_times() -> None:
    """Commands carry UTC; a time that is none is ``None``, and shown as it came."""
    assert wire_time(datetime(2025, 6, 1, 18)) == TIME  # noqa: DTZ001 (no zone is what is tested)
    assert wire_time(datetime(2025, 6, 1, 20, tzinfo=timezone(timedelta(hours=2)))) == TIME
    assert wire_time(datetime(2025, 6, 1, 18, 0, 0, 999, tzinfo=UTC)) == TIME
    assert parse_time("yesterday") is None
    row = HistoryRow.parse(answer("32,0,1,1,T,yesterday,1,x"))
    assert (row.time, row.as_json()["time"]) == (None, "yesterday")
    summary = SummaryRow.parse(answer("31,0,1,1,T,1,7,900,0000-00-00 00:00:00,never"))
    assert (summary.oldest, summary.as_json()["oldest"]) == (None, "0000-00-00 00:00:00")
    assert (summary.newest, summary.as_json()["newest"]) == (None, "never")
    day = UtilisationRow.parse(answer("30,0,1,1,someday,1,2,3,4"))
    assert (day.date, day.as_json()["date"]) == (None, "someday")
