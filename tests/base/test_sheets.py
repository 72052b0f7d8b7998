from __future__ import annotations

import pytest

from ovms.base.sheets import csv_lines


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, b""), (True, b"true"), (-1.5, b"-1.5"), ("-1.5", b"-1.5"), ("@a", b"'@a"),
     ("+1+2", b"'+1+2"), ('a"b', b'"a""b"'), ([1.5, None], b"1.5;"), ("a\0b", b"ab"),
     ("＝1", "'＝1".encode())],
)  # fmt: skip
def test_cells(value: object, cell: bytes) -> None:
    """A cell says the value, and begins no formula."""
    assert csv_lines([[0, value]]) == b"0," + cell + b"\r\n"
