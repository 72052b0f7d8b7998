from __future__ import annotations

from pathlib import Path

import pytest

from ovms.car.alert_file import LONGEST_FILE, read_alert_file, with_written
from ovms.car.alert_limits import DEFAULTS, ChargeLimits
from ovms.car.vehicles.data.problems import VehicleTypeError


def test_what_the_owner_writes_counts(tmp_path: Path) -> None:
    """The file has the table of a vehicle.toml, and changes what the vehicle has."""
    path = tmp_path / "alerts.toml"
    path.write_bytes(
        b"\xef\xbb\xbf[alerts]\r\ncharge = { ends = 120 }\r\n[alerts.soc]\nmargin = 5\n"
    )
    limits = with_written(DEFAULTS, read_alert_file(path))
    assert limits.charge == ChargeLimits(ends=120)
    assert limits.soc.margin == 5
    path.write_text("")
    assert with_written(limits, read_alert_file(path)) == limits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"[alerts.charge]\nbegins = 1\nend = 5\n", "3: no key 'end': there are begins, ends"),
        (b"[charge]\nends = 5\n", "1: no table 'charge': all stand in [alerts]"),
        (b"alerts = 5", "1: alerts should be a table"),
        (b"\n[alerts", "2: no TOML"),
        (b"\xff", "1: it is not UTF-8 text"),
        (b"#" * (LONGEST_FILE + 1), f"1: longer than {LONGEST_FILE} bytes"),
        (None, "1: No such file or directory"),
    ],
)
def test_mistakes_have_their_line(tmp_path: Path, text: bytes | None, expected: str) -> None:
    """Each is told with file and line."""
    path = tmp_path / "alerts.toml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(VehicleTypeError) as caught:
        read_alert_file(path)
    assert str(caught.value).startswith(f"{path}:{expected}")
