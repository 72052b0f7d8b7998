from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from ovms.base import logs
from ovms.car.parameter_file import LARGEST_FILE, ParameterFile


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """Catch what is logged."""
    logs.configure("info", "text")
    with structlog.testing.capture_logs() as entries:
        yield entries


def test_what_is_saved_is_there_again(tmp_path: Path) -> None:
    """A folder is made, private; another start reads the same values, of any letters."""
    folder = tmp_path / "a" / "b"
    assert ParameterFile(folder).load() == {}
    values = {9: 'se"cret, ü', 2: "K"}
    ParameterFile(folder).save(values)
    assert ParameterFile(folder).load() == values
    (file,) = folder.iterdir()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, file)] == [0o700, 0o600]
    assert [line.strip()[:3] for line in file.read_text().splitlines()] == ["{", '"2"', '"9"', "}"]


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"1", b'{"x": "1"}', b'{"2": 5}', b"\xff", b"\0" * 100, b"[" * 60_000,
     b'{"2": "K"}' + b" " * LARGEST_FILE],
)  # fmt: skip
def test_a_damaged_file_is_set_aside(
    tmp_path: Path, data: bytes, logged: list[structlog.typing.EventDict]
) -> None:
    """It is kept under another name and logged, without a word of it; the module starts anew."""
    file = tmp_path / "parameters.json"
    file.write_bytes(data)
    keeper = ParameterFile(tmp_path)
    assert keeper.load() == {}
    assert (tmp_path / "parameters.json.damaged").read_bytes() == data
    assert not file.exists()
    (entry,) = logged
    assert entry["event"] == "damaged parameters set aside"
    keeper.save({2: "M"})
    assert keeper.load() == {2: "M"}


def test_a_file_that_cannot_be_read_is_not_taken_for_none(tmp_path: Path) -> None:
    """What is there, but cannot be read, is an error: the next save would overwrite it."""
    (tmp_path / "parameters.json").mkdir()
    with pytest.raises(OSError):  # noqa: PT011 (which one is the system's choice)
        ParameterFile(tmp_path).load()
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        ParameterFile(tmp_path / "file")


def test_what_cannot_be_saved_leaves_the_old(tmp_path: Path) -> None:
    """A failed save raises, and the former values are still there."""
    keeper = ParameterFile(tmp_path / "state")
    keeper.save({2: "K"})
    (tmp_path / "state").rename(tmp_path / "moved")
    with pytest.raises(OSError, match="No such file"):
        keeper.save({2: "M"})
    assert ParameterFile(tmp_path / "moved").load() == {2: "K"}
