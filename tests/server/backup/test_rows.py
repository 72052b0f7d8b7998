from __future__ import annotations

from pathlib import Path

from ovms.server.backup.rows import Fingerprint, fingerprint, read_rows, stored_columns
from ovms.server.storage.opening import open_standing
from ovms.server.storage.schema import metadata, vehicles

ROWS = [(1, "a", None, b"\0"), (2, "b", 0.5, b"")]


def test_fingerprint() -> None:
    """It is the same in any order and in any pieces, and another for other rows."""
    one, other, piecewise = Fingerprint(), Fingerprint(), Fingerprint()
    one.add(ROWS)
    other.add(reversed(ROWS))
    for row in ROWS:
        piecewise.add([row])
    assert one == other == piecewise
    assert (one.rows, len(one.text)) == (2, 32)


def test_other_rows() -> None:
    """A changed value, a row twice and a value of another type are seen."""
    sums = []
    for rows in (ROWS, ROWS[:1], [*ROWS, ROWS[0]], [ROWS[0], ROWS[0]], [ROWS[1], ROWS[1]],
                 [ROWS[0], (2, "b", 0.5, "")], [ROWS[0], (2, "b", 0.25, b"")], []):  # fmt: skip
        found = Fingerprint()
        found.add(rows)
        sums.append((found.rows, found.text))
    assert len(set(sums)) == 8
    assert sums[-1] == (0, "0" * 32)


def test_there_and_back(tmp_path: Path) -> None:
    """Truth is a number in a row, whatever the table calls it; computed columns are left out."""
    (tmp_path / "file").touch()
    standing = open_standing(tmp_path / "file")
    with standing.writing() as connection:
        metadata.create_all(connection)
        columns = stored_columns(connection, "vehicles")
        assert columns == [each.name for each in vehicles.columns]
        assert "month" not in stored_columns(connection, "journeys")
        assert stored_columns(connection, "sqlite_sequence") == ["name", "seq"]
        values = {"id": "A", "secret": "x", "type": "car", "created": 1.0, "changed": 1.0,
                  "tls_only": 1, "journeys": 0, "deleted": 2.0, "name": "", "paranoid_token": "",
                  "server": "*"}  # fmt: skip
        row = tuple(values.get(each) for each in columns)
        standing.write_rows(connection, "vehicles", columns, [row])
        assert [*read_rows(connection, "vehicles", columns)] == [[row]]
        assert fingerprint(connection, "vehicles", columns).rows == 1
