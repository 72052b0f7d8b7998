from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import can
import pytest

from ovms.base.extras import missing_extra
from ovms.car.frames import Frame
from ovms.car.recordings.errors import RecordingError
from ovms.car.recordings.recording import GAP_LIMIT, Recording

LOGS = Path(__file__).parents[2] / "cases" / "logs"

FRAMES = [
    Frame(0.0181, 0x100, bytes.fromhex("8800030000FF46")),
    Frame(0.5, 0x7FF, b"\0"),
    Frame(12.25, 0x344, bytes(range(8))),
]

BATTERY = bytes.fromhex("5A033C900110")


def write(folder: Path, content: bytes | str, name: str = "some.log") -> Path:
    """Write a recording."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path) -> tuple[list[Frame], list[str]]:
    """Return the frames of a recording and what it tells; the last of that may be an error."""
    frames: list[Frame] = []
    told: list[str] = []
    try:
        recording = Recording(path, note=told.append)
        frames.extend(recording.frames())
    except RecordingError as error:
        told.append(str(error))
    return frames, told


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("candump_tA.log", ("candump", [(0x201, BATTERY), (0x202, b"\5")], ["can0"])),
        (
            "canfd_start.asc",
            ("ASC", [(0x201, BATTERY + bytes(2)), (0x202, b"\1"), (0x202, b"\1")], ["1"]),
        ),
        ("own.crtd", ("CRTD", [(0x202, b"\5"), (0x201, BATTERY)], ["2"])),
        ("semi.csv", ("CSV", [(0x201, BATTERY)], [""])),
    ],
)
def test_the_formats_of_others_are_told_by_content(
    name: str, expected: tuple[str, list[tuple[int, bytes]], list[str]], tmp_path: Path
) -> None:
    """Each is read whatever its name ends in, packed or not, with CR LF and a BOM."""
    kind, frames, channels = expected
    content = (LOGS / name).read_bytes()
    for changed in (content, b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"),
                    content.decode().encode("utf-16"), gzip.compress(content)):  # fmt: skip
        recording = Recording(write(tmp_path, changed, "recording.bin"))
        assert recording.format == kind
        found = list(recording.frames())
        assert [(frame.id, frame.data) for frame in found] == frames
        assert found[0].time == 0
        assert list(recording.channels) == channels


@pytest.mark.parametrize("suffix", [".asc", ".blf", ".log", ".csv", ".trc", ".db"])
def test_what_python_can_writes_is_read(tmp_path: Path, suffix: str) -> None:
    """Logs of python-can give the same frames, times counted from the first one."""
    path = tmp_path / f"log{suffix}"
    with can.Logger(path) as logger:
        for frame in FRAMES:
            logger.on_message_received(
                can.Message(
                    timestamp=1.7e9 + frame.time,
                    arbitration_id=frame.id,
                    data=frame.data,
                    is_extended_id=False,
                    is_rx=True,
                    channel=0,
                )
            )
        logger.on_message_received(
            can.Message(timestamp=1.7e9 + 13, arbitration_id=0x100, is_remote_frame=True, channel=0)
        )
    if suffix != ".db":
        (tmp_path / "log.gz").write_bytes(gzip.compress(path.read_bytes()))
        assert len(list(Recording(tmp_path / "log.gz").frames())) == len(FRAMES)
    frames = list(Recording(path.rename(tmp_path / "log")).frames())
    assert [(f.id, f.data) for f in frames] == [(f.id, f.data) for f in FRAMES]
    times = [frame.time for frame in frames]
    assert times == pytest.approx([f.time - FRAMES[0].time for f in FRAMES], abs=2e-3)


@pytest.mark.parametrize("name", ["none.csv", "none.blf", "folder.csv", "folder.asc"])
def test_a_file_that_is_not_there_is_told_at_once(tmp_path: Path, name: str) -> None:
    """A missing file, or a folder, fails when it is opened, not at the first frame."""
    if name.startswith("folder"):
        (tmp_path / name).mkdir()
    with pytest.raises(RecordingError, match=name):
        Recording(tmp_path / name)


def test_a_missing_library_is_told_as_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without python-can a BLF file needs the extra that brings it."""
    monkeypatch.setitem(sys.modules, "can", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        Recording(write(tmp_path, b"LOGG" + b"\0" * 200))
    assert missing_extra(caught.value) is not None


def test_a_pipe_is_no_recording(tmp_path: Path) -> None:
    """It can be read only once."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RecordingError, match="pipe: it is no file"):
        Recording(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.csv", b"", "1: there is no frame in it"),
        ("empty.log", b"\n\n", "1: there is no frame in it"),
        ("empty.gz", gzip.compress(b"", mtime=0), "1: there is no frame in it"),
        ("remarks.csv", b"~~~\n\nTYPE,TIME,ID,D1,D2,D3,D4,D5,D6,D7,D8\n", "1: there is no frame"),
        ("remote.log", b"(1.0) can0 201#R\n", "1: there is no frame with data in it"),
        ("rubbish.blf", b"\0rubbish" * 9, "1: it is no recording of a known format"),
        ("rubbish.blf", b"LOGG" + b"\0rubbish" * 2, " python-can cannot read it: "),
        ("rubbish.mf4", b"MDF     4.10    " + b"\0" * 90, " python-can cannot read it: "),
        ("rubbish.db", b"SQLite format 3\0" + b"rubbish" * 90, " python-can cannot read it: "),
        ("rubbish.log", b"# hello\n(x) can0 123#zz\n", "2: no frame as candump writes it: "),
        ("rubbish.csv", b"a,b\n1,2\n", "2: no line names the columns"),
        ("rubbish.xyz", b"what", "1: it is no recording of a known format"),
        (
            "cut.log.gz",
            gzip.compress(b"(1.0) can0 123#11\n" * 9999, mtime=0)[:-99],
            " the packed file is dam",
        ),
        ("long.log", b"(1.0) can0 123#11" + b" " * 5000, "1: a line is longer than 4096"),
    ],
)
def test_what_holds_no_frame_is_one_line(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    """A file in which no frame can be found is a clear error with its place."""
    frames, told = read(write(tmp_path, content, name))
    assert not frames or "packed" in reason
    assert len(told) == 1
    assert "\n" not in told[0]
    assert f"{name}:" in told[0]
    assert reason in told[0]


def test_a_recording_that_ends_in_half_a_line_has_all_before_it() -> None:
    """The frames come first, then the error that names the line."""
    frames, told = read(LOGS / "t2.log")
    assert [frame.data[:1] for frame in frames] == [b"\x50", b"\0", b"\x28"]
    assert len(told) == 1
    assert "t2.log:4: " in told[0]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("(1.0) can0 {}#50033C9001", "some.log"),
        ("1.0 1R11 {} 50 03 3C 90 01", "some.crtd"),
    ],
)
def test_a_last_line_that_lost_whole_bytes_is_half_a_line(
    line: str, name: str, tmp_path: Path
) -> None:
    """A frame at the end that is shorter than all of its id before it is none, if ids have one."""
    fixed, free = line.format(201), line.format(202)
    shorter = free[:-2].rstrip()
    start = f"{fixed}\n{free}\n{shorter}\n"
    frames, told = read(write(tmp_path, start + fixed[:-2].rstrip(), name))
    assert len(frames) == 3
    assert len(told) == 1
    assert f"{name}:4: it ends in half a line: 201 has" in told[0]
    assert read(write(tmp_path, start + shorter, name))[1] == []
    assert read(write(tmp_path, start + fixed, name))[1] == []


def test_a_blf_file_that_was_cut_is_told(tmp_path: Path) -> None:
    """What is there is read, and then an error tells that it is not all."""
    path = tmp_path / "log.blf"
    with can.BLFWriter(path) as writer:
        for number in range(9999):
            writer.on_message_received(
                can.Message(timestamp=number / 9, arbitration_id=number % 2048, data=b"\1")
            )
    path.write_bytes(path.read_bytes()[:-999])
    frames, told = read(path)
    assert 0 < len(frames) < 9999
    assert len(told) == 1
    assert "log.blf: it ends too early" in told[0]


def log(*times: float) -> str:
    """Return a candump log with a frame at each time."""
    return "".join(f"({time:.6f}) can0 100#{number:02X}\n" for number, time in enumerate(times))


@pytest.mark.parametrize(
    ("times", "expected", "told"),
    [
        ([1e9, 1e9 + 1, 1e9 + 2], [0, 1, 2], []),
        ([1e9, 1e9 + 3500], [0, 3500], []),
        ([10, 10.2, 10.1, 10.3], [0, 0.2, 0.2, 0.3], []),
        ([10, 11, 1.7e9, 1.7e9 + 2], [0, 1, 1, 3], [":3: the clock was set forward by 1699999989"]),
        (
            [1e9, 1e9 + 1, 1e9 - 3600, 1e9 - 3599],
            [0, 1, 1, 2],
            [":3: the clock was set back by 3601"],
        ),
        (
            [1e9, 1e9 + GAP_LIMIT, 1e9 + 1, 1e9 + 2],
            [0, 0, 0, 1],
            [":2: the clock was set forward by 3600", ":3: the clock was set back by 3599"],
        ),
    ],
)
def test_a_clock_that_is_set_is_skipped_and_told(
    tmp_path: Path, times: list[float], expected: list[float], told: list[str]
) -> None:
    """Neither an hour forward nor any way back is waited for; a silent bus is."""
    frames, notes = read(write(tmp_path, log(*times)))
    assert [frame.time for frame in frames] == pytest.approx(expected, abs=1e-4)
    assert len(notes) == len(told)
    assert all(part in note for note, part in zip(notes, told, strict=True))


def test_each_thing_is_told_once(tmp_path: Path) -> None:
    """A recording that is read again, in a loop, does not tell it again."""
    told: list[str] = []
    recording = Recording(write(tmp_path, log(1, 2, 1e9)), note=told.append)
    assert list(recording.frames()) == list(recording.frames())
    assert len(told) == 1


def test_a_clock_that_starts_over_each_hour_is_told_ten_times(tmp_path: Path) -> None:
    """What is told of a recording is bounded."""
    frames, told = read(write(tmp_path, log(*[1100, 1050] * 50)))
    assert len(frames) == 100
    assert len(told) == 10
