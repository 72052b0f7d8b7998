from __future__ import annotations

from pathlib import Path

import can
import pytest

from ovms.car.frames import Frame
from ovms.car.replay import RecordingError, open_recording, parse_csv, write_csv

HEADER = "~~~\ndrive - Hexadecimal\n~~~\n\nTYPE,TIME,ID,D1,D2,D3,D4,D5,D6,D7,D8\n"
FRAMES = [
    Frame(0.0181, 0x100, bytes.fromhex("8800030000FF46")),
    Frame(0.5, 0x7FF, b"\0"),
    Frame(12.25, 0x344, bytes(range(8))),
]


def test_the_dialect_is_read_past_headers_remarks_and_legend(tmp_path: Path) -> None:
    """Only frame lines count; CR LF, remarks and a legend with odd characters do not disturb."""
    path = tmp_path / "drive.csv"
    body = "TD11,0,1,\t\t;remark\nRD11,0.0181,100,88,0,3,0,0,FF,46\n\nRD11,0.5,7FF,0,,\n"
    legend = "RD11,12.25,344,0,1,2,3,4,5,6,7\nRD = Receive Data\n\u00a9 caf\u00e9\n"
    path.write_bytes((HEADER + body + legend).replace("\n", "\r\n").encode("latin-1"))
    assert list(open_recording(path)) == FRAMES


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("RD11,", "data bytes"),
        ("RD11,1", "data bytes"),
        ("RD11,1.0,100", "data bytes"),
        ("RD11,1.0,100,1,2,3,4,5,6,7,8,9", "data bytes"),
        ("RD11,x,100,1", "time"),
        ("RD11,nan,100,1", "time"),
        ("RD11,-1,100,1", "time"),
        ("RD11,1.0,800,1", "up to 7FF"),
        ("RD11,1.0,,1", "up to 7FF"),
        ("RD11,1.0,1G0,1", "up to 7FF"),
        ("RD11,1.0,100,100", "up to FF"),
        ("RD11,1.0,100,1,,2", "up to FF"),
        ("RD11,1.0,100,-1", "up to FF"),
    ],
)
def test_a_damaged_frame_line_is_told_with_its_number(line: str, reason: str) -> None:
    """A frame line that is no frame ends the reading with the line's number and the reason."""
    lines = parse_csv(["header", "RD11,0.1,100,1", line], Path("some.csv"))
    assert next(lines).data == b"\1"
    with pytest.raises(RecordingError, match=rf"some\.csv, line 3: .*{reason}") as caught:
        next(lines)
    assert caught.value.line == 3


@pytest.mark.parametrize("suffix", [".asc", ".blf", ".log", ".csv"])
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
    frames = list(open_recording(path))
    assert [(f.id, f.data) for f in frames] == [(f.id, f.data) for f in FRAMES]
    assert not any(f.is_extended for f in frames)
    times = [frame.time for frame in frames]
    assert times == pytest.approx([f.time - FRAMES[0].time for f in FRAMES], abs=1e-3)


@pytest.mark.parametrize("name", ["none.csv", "none.blf", "folder.csv", "folder.asc"])
def test_a_file_that_is_not_there_is_told_at_once(tmp_path: Path, name: str) -> None:
    """A missing file, or a folder, fails when it is opened, not at the first frame."""
    if name.startswith("folder"):
        (tmp_path / name).mkdir()
    with pytest.raises(RecordingError, match=name):
        open_recording(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("remarks.csv", HEADER.encode()),
        ("rubbish.blf", b"\0rubbish" * 9),
        ("rubbish.log", b"(x) can0 123#zz\n"),
        ("rubbish.xyz", b"what"),
    ],
)
def test_a_recording_without_a_frame_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """A file in which no frame can be found is a clear error, whatever its format."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=name):
        open_recording(path)


def test_what_is_written_reads_back() -> None:
    """Writing and reading the dialect are inverse."""
    assert list(parse_csv(write_csv(FRAMES, "title"), Path("x.csv"))) == FRAMES
