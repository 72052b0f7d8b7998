"""Every format's lines, and what is wrong with those that are none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ovms.car.frames import Frame
from ovms.car.recordings.cando import parse_lines, write_csv
from ovms.car.recordings.errors import RecordingError
from ovms.car.recordings.formats import FORMATS
from ovms.car.recordings.recording import Recording

BATTERY = "5A033C900110"
CASES = Path(__file__).parents[2] / "cases" / "logs"


def read(path: Path, text: str | bytes) -> tuple[str, list[Frame], str]:
    """Return the format, the frames and the error of a recording."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    frames: list[Frame] = []
    try:
        recording = Recording(path, note=str)
        frames.extend(recording.frames())
    except RecordingError as error:
        return "", frames, str(error)
    return recording.format, frames, ""


def plain(frame: Frame) -> str:
    """Return a frame as a text: id (with x if it is an extended one), data and channel."""
    return f"{frame.id:X}{'x' * frame.is_extended}#{frame.data.hex().upper()}@{frame.channel}"


CANDUMP = [
    # the file format
    (f"(1605793322.823716) can0 201#{BATTERY}", f"201#{BATTERY}@can0"),
    (f"(1605793322.823716) vcan0 201#{BATTERY} R", f"201#{BATTERY}@vcan0"),
    (f"(1605793322.8) slcan0 201#{BATTERY} # the battery", f"201#{BATTERY}@slcan0"),
    ("(1605793322.823716) can0 00000201#5a.03", "201x#5A03@can0"),
    ("(1605793322.823716) can0 18DAF110#5A03", "18DAF110x#5A03@can0"),
    ("(1605793322.823716) can0 98DAF110#5A03", "18DAF110x#5A03@can0"),
    ("(1605793322.823716) can0 201##1" + "00" * 64, "201#" + "00" * 64 + "@can0"),
    ("(1605793322.823716) can0 201#1122334455667788_E", "201#1122334455667788@can0"),
    ("(1605793322.823716) can0 201#R", None),
    ("(1605793322.823716) can0 201#R8", None),
    ("(1605793322.823716) can0 201#", None),
    ("(1605793322.823716) can0 20000004#0004000000000000", None),
    ("(1605793322.823716) can0 00123#81:00:12345678#11223344.556677", None),
    (f"can0 201#{BATTERY}", f"201#{BATTERY}@can0"),
    # what it prints
    ("  can0  201   [6]  5A 03 3C 90 01 10", f"201#{BATTERY}@can0"),
    (" (1605793322.823716)  can0       201   [6]  5A 03 3C 90 01 10", f"201#{BATTERY}@can0"),
    (" (2018-12-06 09:31:30.572475)  can0  201   [6]  5A 03 3C 90 01 10 ", f"201#{BATTERY}@can0"),
    (" (000.000000)  can0  201   [6]  5A 03 3C 90 01 10   'Z.<...'", f"201#{BATTERY}@can0"),
    (" (000.000000)  can0  RX - -  201   [6]  5A 03 3C 90 01 10", f"201#{BATTERY}@can0"),
    (" (000.000000)  can0  TX B E  201   [6]  5A 03 3C 90 01 10", f"201#{BATTERY}@can0"),
    (" (000.000000)  can0  RX  201   [6]  5A 03 3C 90 01 10", f"201#{BATTERY}@can0"),
    ("  can0  18DAF110   [2]  5A 03", "18DAF110x#5A03@can0"),
    ("  can0  201  [12]  " + "11 " * 12, "201#" + "11" * 12 + "@can0"),
    ("  can0  201  [06]  5A 03 3C 90 01 10", f"201#{BATTERY}@can0"),
    ("  can0  201   [2]  01011010 00000011", "201#5A03@can0"),
    ("\x1b[32m  can0  201   [2]  5A 03\x1b[0m", "201#5A03@can0"),
    ("  can0  201   [8]  remote request", None),
    ("  can0  201   [0] ", None),
    ("  can0  20000088   [8]  00 00 80 00 00 00 00 00   ERRORFRAME", None),
    # and between the frames
    ("# candump can0", None),
    ("; by hand", None),
    ("// by hand", None),
    ("\tcontroller-problem{rx-error-warning}", None),
    ("\tbus-error", None),
    ("DROPCOUNT: dropped 3 CAN frames on 'can0' socket (total drops 3)", None),
    ("$ candump can0", None),
    ("^C", None),
    ("", None),
]

CRTD = [
    ("1542473901.020305 1R11 213 00 00 00 00 c0 01 00 00", "213#00000000C0010000@1"),
    ("1542473901.020305 R11 213 c0", "213#C0@1"),
    ("1542473901.020 3T29 18DAF110 2 1 c", "18DAF110x#02010C@3"),
    ("169.971289 R29 201 01", "201x#01@1"),
    ("1542473901.020305 2R11 213", None),
    ("169.971289 CXX Info Type:crtd; Path:'/sd/can3.crtd'; Filter:3:0-ffffffff;", None),
    ("169.971289 1CEV vehicle.alert this is a textual vehicle alert", None),
    ("169.971289 CVR 3.1", None),
    ("169.971289 1CST intr=0 rxpkt=0", None),
    ("169.971289 1CBC L 500000", None),
    ("169.971289 CDP", None),
    ("169.971289 NEW of a version to come", None),
    ("# by hand", None),
]

ASC = [
    ("date Mon Mai 05 06:24:08.927 2024", None),
    ("base hex  timestamps absolute", None),
    ("internal events logged", None),
    ("no internal events logged", None),
    ("// version 9.0.0", None),
    ("Begin Triggerblock Fri May 05 06:24:08.846 PM 2024", None),
    ("   0.000000 Start of measurement", None),
    ("   0.000000 CANFD   Start of measurement", None),
    ("   0.100000 1  201             Rx   d 6 5A 03 3C 90 01 10", f"201#{BATTERY}@1"),
    ("   0.100000 2  201             Tx   d 2 5A 03  Length = 1 BitCount = 4 ID = 5", "201#5A03@2"),
    ("   1 1  201             Rx   d 2 5A 03", "201#5A03@1"),
    ("   0.100000 1  18DAF110x       Rx   d 2 5A 03", "18DAF110x#5A03@1"),
    ("   0.200000 CANFD   1 Rx        201  Battery  1 0 2 2 5A 03  0 0 32 0 0 0 0 0", "201#5A03@1"),
    (f"   0.200000 CANFD  12 Tx   18DAF110x  1 0 9 12 {'11 ' * 12} 0", f"18DAF110x#{'11' * 12}@12"),
    ("   0.200000 CANFD   1 Rx        201   0 0 8 0  0 0 10", None),
    ("   0.200000 CANFD   1 Rx   ErrorFrame  Not Acknowledge error, dominant error flag", None),
    ("   0.300000 1  ErrorFrame", None),
    ("   0.300000 1  201             Rx   r", None),
    ("   0.300000 1  201             Rx   r 8", None),
    ("   0.300000 1  201             Rx   d 0", None),
    ("   0.300000 CAN 1 Status:chip status error active", None),
    ("   0.300000 1  Statistic: D 0 R 0 XD 0 XR 0 E 0 O 0 B 0.00%", None),
    ("   0.300000 1  J1939TP FEE3p   6  0  0   -   Rx   d 9 01 02 03 04 05 06 07 08 09", None),
    ("   0.300000 J1939TP FEE3p 6  0  0 -  Rx d 3 01 02 03", None),
    ("   0.300000 SV: 1 0 1 ::Speed = 5", None),
    ("End TriggerBlock", None),
]  # fmt: skip
ASC_UNPADDED = [
    ("   0.100000 1  0x2A0           Rx   d D 1 2 3 4 5 6 7 8", "2A0#0102030405060708@1"),
    ("   0.200000 1  201             Rx   d 2 5A 3", "201#5A03@1"),
    ("   0.300000 1  201             Rx   d 1 0", "201#00@1"),
]

GVRET = [
    ("Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8", None),
    ("166064000,00000201,false,Rx,0,6,5A,03,3C,90,01,10,", f"201#{BATTERY}@0"),
    ("166064001,18DAF110,true,Tx,1,2,5A,03,,,,,,,", "18DAF110x#5A03@1"),
    ("166064002,00000201,true,Rx,1,1,5A", "201x#5A@1"),
    ("166064002,00000201,false,Rx,1,0,", None),
]
GVRET_OLD = [
    ("time stamp,id,extended,bus,len,d1,d2,d3,d4,d5,d6,d7,d8", None),
    ("166.064,0x201,0,0,6,5a,3,3c,90,1,10,0,0", f"201#{BATTERY}@0"),
]
GVRET_BARE = [
    ("166064000,00000201,false,Rx,0,6,5A,03,3C,90,01,10,", f"201#{BATTERY}@0"),
    ("166064000,00000201,false,1,6,5A,03,3C,90,01,10,", None),
]
PYTHON_CAN = [
    ("Timestamp;Arbitration_ID;EXTENDED;remote;error;dlc;data;channel", None),
    ('"1,5";0x201;0;0;0;6;WgM8kAEQ;can0', f"201#{BATTERY}@can0"),
    ("1.6;0x18daf110;1;0;0;2;WgM=;can0", "18DAF110x#5A03@can0"),
    ("1.6;0x201;0;0;0;6;5A 03 3C 90 01 10;can0", f"201#{BATTERY}@can0"),
    ("1.6;0x201;0;1;0;0;;can0", None),
    ("1.6;0x201;0;0;1;2;WgM=;can0", None),
    ("", None),
]
BARE_DATA = [
    ("time,id,channel,data", None),
    ("1.5,0x201,can0,5A033C900110", f"201#{BATTERY}@can0"),
    ("1.6,201,can0,0x5A 0x03", "201#5A03@can0"),
]
TRC = [
    (";$FILEVERSION=1.3", None),
    (";   Start time: 24.11.2020 13:42:02.823.0", None),
    ("     1)      1059.9 1  Rx        0201 -  6    5A 03 3C 90 01 10", f"201#{BATTERY}@1"),
    ("     2)      1059.9  Rx         0201  2  5A 03", "201#5A03@"),
    ("     3)      1841    0201  2  5A 03", "201#5A03@"),
    ("     4)      1841.0 2  Tx    18DAF110 -  1    5A", "18DAF110x#5A@2"),
    ("     5)      1841.0 1  Rx        0201 -  0    RTR", None),
    ("     6)      1842.0  Warng  FFFFFFFF  4  00 00 00 08 BUSLIGHT", None),
    ("     7)     17540  FFFFFFFF  4  00 00 00 08 -- -- -- -- BUSHEAVY", None),
]
TRC2 = [
    (";$FILEVERSION=2.1", None),
    (";$COLUMNS=N,O,T,B,I,d,R,L,D", None),
    ("      1      1059.900 DT 1      0201 Rx -  6    5A 03 3C 90 01 10", f"201#{BATTERY}@1"),
    ("      2      1059.900 FB 2  18DAF110 Rx -  9    " + "11 " * 12, f"18DAF110x#{'11' * 12}@2"),
    ("      3      1059.900 RR 1      0201 Rx -  8", None),
    ("      4      1059.900 ST 1           Rx -  4    00 00 00 04", None),
    ("      4     17540.300 ST          Rx    00 00 00 08", None),
    ("      5      1059.900 EV    User-defined event", None),
]


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("candump", CANDUMP),
        ("CRTD", CRTD),
        ("ASC", ASC),
        ("ASC", ASC_UNPADDED),
        ("CSV", GVRET),
        ("CSV", GVRET_OLD),
        ("CSV", PYTHON_CAN),
        ("CSV", BARE_DATA),
        ("TRC", TRC),
        ("TRC", TRC2),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_read(
    kind: str, lines: list[tuple[str, str | None]], end: str, tmp_path: Path
) -> None:
    """Each line is a frame, or something that is skipped."""
    text = end.join(line for line, _ in lines) + end
    found, frames, error = read(tmp_path / "recording", text)
    assert error == ""
    assert found == kind
    assert [plain(frame) for frame in frames] == [each for _, each in lines if each is not None]


@pytest.mark.parametrize(
    "text", ["\xe4\xf6\xfc".encode("cp1252"), "\xe4\u20ac".encode(), b"\0\xff"]
)
def test_remarks_may_be_in_any_encoding(text: bytes, tmp_path: Path) -> None:
    """What is not ASCII stands in remarks and names, and disturbs nothing."""
    asc = b"date Mo M\xe4r 05 " + text + b"\n// " + text + b"\n0.1 1 201 Rx d 1 5A\n"
    assert [plain(each) for each in read(tmp_path / "x", asc)[1]] == ["201#5A@1"]
    log = b"# " + text + b"\n(1.0) can0 201#5A\n"
    assert [plain(each) for each in read(tmp_path / "x", log)[1]] == ["201#5A@can0"]


def times(path: Path, text: str) -> list[float]:
    """Return the times of a recording's frames."""
    _, frames, error = read(path, text)
    assert error == ""
    return [round(frame.time, 6) for frame in frames]


def test_times_may_be_steps(tmp_path: Path) -> None:
    """What candump prints with -t d counts from the frame before; with -t z from the start."""
    path = tmp_path / "recording"
    line = " ({:010.6f})  can0  201   [1]  5A\n"
    steps = [0, 0.1, 0.05, 1.0, 0.2]
    assert times(path, "".join(map(line.format, steps))) == [0, 0.1, 0.15, 1.15, 1.35]
    assert times(path, "".join(map(line.format, [0, 1, 1, 1]))) == [0, 1, 2, 3]
    assert times(path, "".join(map(line.format, [0, 1, 2, 2, 3]))) == [0, 1, 2, 2, 3]
    assert times(path, "  can0  201   [1]  5A\n" * 3) == [0, 0.001, 0.002]
    dates = " (2018-12-06 09:31:{})  can0  201   [1]  5A\n"
    assert times(path, dates.format("59.5") + dates.format("59.75")) == [0, 0.25]


def test_an_asc_with_relative_times(tmp_path: Path) -> None:
    """Its times count from the line before, of events too, by its header or without one."""
    path = tmp_path / "recording"
    body = "0.5 1 201 Rx d 1 5A\n0.25 1 Statistic: D 0\n0.25 1 201 Rx d 1 5A\n"
    assert times(path, "base hex  timestamps relative\n" + body) == [0, 0.5]
    assert times(path, body + "1.0 1 201 Rx d 1 5A\n0.1 1 201 Rx d 1 5A\n") == [0, 0.5, 1.5, 1.6]
    assert times(path, "base hex timestamps absolute\n" + body.replace("0.25", "0.75")) == [0, 0.25]


def test_an_asc_in_decimals(tmp_path: Path) -> None:
    """With base dec ids, lengths and data are decimal."""
    text = "base dec timestamps absolute\n0.1 1 513 Rx d 2 90 3\n0,2 1 417001744x Rx d 1 255\n"
    _, frames, _ = read(tmp_path / "x", text)
    assert [plain(each) for each in frames] == ["201#5A03@1", "18DAF110x#FF@1"]


def test_a_gvret_file_without_names(tmp_path: Path) -> None:
    """Old and new are told apart by the direction; times are microseconds."""
    path = tmp_path / "x"
    new = "1000000,00000201,false,Rx,0,1,5A,\n1500000,00000201,false,Rx,1,1,5A,\n"
    assert [plain(each) for each in read(path, new)[1]] == ["201#5A@0", "201#5A@1"]
    assert times(path, new) == [0, 0.5]
    assert [plain(each) for each in read(path, new.replace("Rx,", ""))[1]] == [
        "201#5A@0", "201#5A@1",
    ]  # fmt: skip


GOOD = {
    "log": "(1.0) can0 201#5A03\n",
    "crtd": "1.0 1R11 201 5A 03\n",
    "asc": "1.0 1 201 Rx d 2 5A 03\n",
    "csv": "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2\n1,201,false,Rx,0,2,5A,03\n",
    "trc": "1) 1 0201 2 5A 03\n",
}


@pytest.mark.parametrize(
    ("kind", "line", "reason"),
    [
        ("log", "(1.0) can0 201#5A0\n", "'5A0' ends in half a byte"),
        ("log", "(1.0) can0 201#5G\n", "'5G' is no data"),
        ("log", "(1.0) can0 201#" + "00" * 9 + "\n", "at most 8 data bytes, not 9"),
        ("log", "(1.0) can0 201##0" + "00" * 65 + "\n", "at most 64 data bytes"),
        ("log", "(1.0) can0 FFF#00\n", "up to 7FF"),
        ("log", "(1.x) can0 201#00\n", "no frame as candump writes it"),
        ("log", "(1.0.1) can0 201#00\n", "no time"),
        ("log", "(2018-13-06 09:31:30.5) can0 201#00\n", "2018-13-06 09:31:30.5 is no time"),
        ("log", "can0  201   [3]  5A 03\n", "3 data bytes are announced, 2 are there"),
        ("log", "can0  201   [2]  5A 3\n", "'3' is no byte of two digits"),
        ("log", "can0  201   [99]  5A 03\n", "at most 64"),
        ("log", "(1.0) can0 202##1", "the line ends before the data"),
        ("log", "hello\n", "no frame as candump writes it: 'hello'"),
        ("log", "(1.0) can0 201#", "the line ends before the data"),
        ("log", "(1.0) can0 2", "it ends in half a line"),
        ("log", "can0  201   [2]  5A", "2 data bytes"),
        ("crtd", "1.0 1R11 201 5A 03 G0\n", "'G0' is no hexadecimal number"),
        ("crtd", "1.0 1R11 1201 5A\n", "up to 7FF"),
        ("crtd", "1.0 1R11 201 1 2 3 4 5 6 7 8 9\n", "at most 8"),
        ("crtd", "1.0 1R11\n", "'' is no hexadecimal number"),
        ("crtd", "1.0\n", "no CRTD record"),
        ("crtd", "1.0.0 1R11 201 5A\n", "no time"),
        ("crtd", "1.0 1R11 201 5A 0", "the line ends in half a byte"),
        ("crtd", "1.0 1R11 201 5A 03 1\n", "'1' is no byte of two digits"),
        ("crtd", "1.0 1R11 201", "the line ends before its data"),
        ("crtd", "1.0 1R", "the line ends before its data"),
        ("asc", "1.0 1 Battery Rx d 2 5A 03\n", "'Battery' is no id: record with numeric ids"),
        ("asc", "1.0 1 201 Rx d 3 5A 03\n", "3 data bytes are announced, 2 are there"),
        ("asc", "1.0 1 201 Rx d 2 5A 0G\n", "'0G' is no hexadecimal number"),
        ("asc", "1.0 1 201 Rx d 1 5\n", "'5' is no byte of two digits"),
        ("asc", "1.0 CANFD 1 Rx 201 1 0 2 2 5A 3 0 0\n", "'3' is no byte of two digits"),
        ("asc", "1.0 1 201 Rx d\n", "'' is no number"),
        ("asc", "1.0 CANFD 1 Rx 201 1 0 9 13 5A\n", "no frame has 13 data bytes"),
        ("asc", "1.0 CANFD 1 Rx 201 1 0 9 12 5A\n", "12 data bytes are announced, 1 are there"),
        ("asc", "1.0 CANFD 1 Rx 201 1\n", "has no flags and length"),
        ("asc", "1.0 1 20", "the line ends too early: '1 20'"),
        ("asc", "1.0", "the line ends too early"),
        ("asc", "1.", "the line ends too early"),
        ("asc", "1", "the line ends too early"),
        ("asc", "1.0 CAN", "the line ends too early"),
        ("asc", "1.0 CANFD 1 R", "the line ends too early"),
        ("asc", "1.0 1 201 Rx d 2 5A 0", "half a byte"),
        ("csv", "1,201,false,Rx,0,2,5A\n", "2 data bytes are announced, 1 are there"),
        ("csv", "1,201,false,Rx,0,3,5A,03,1,\n", "'1' is no byte of two digits"),
        ("csv", "1,201,false,Rx,0,x,5A\n", "'x' is no number of data bytes"),
        ("csv", "1,201,false,Rx,0,65,5A\n", "'65' is no number of data bytes"),
        ("csv", "1,201,perhaps,Rx,0,1,5A\n", "'perhaps' is neither 0 nor 1"),
        ("csv", "t,201,false,Rx,0,1,5A\n", "'t' is no time"),
        ("csv", "1,2G1,false,Rx,0,1,5A\n", "'2G1' is no hexadecimal number"),
        ("csv", "1,201,false,Rx", "6 columns are expected, 4 are there"),
        ("csv", "1,201,false,Rx,0,2,5A,0", "half a byte"),
        ("trc", "2) 1 0201 2 5A\n", "2 data bytes"),
        ("trc", "2) 1 0201 1 5\n", "'5' is no byte of two digits"),
        ("trc", "2) 1 02\n", "no frame as TRC has it"),
        ("trc", "2) 1 0201 2 5A 0", "half a byte"),
        ("trc", ";$COLUMNS=N,O,T,I,d,l,D\n1 1.0 DT 0201\n", "ends too early"),
        ("trc", ";$COLUMNS=N,O,T,I,d,l,D\n1 1.0 D", "ends too early"),
        ("trc", ";$COLUMNS=N,O,T,I,d,l,D\n1 1.0 DT 0201 Rx x 5A\n", "'x' is no length"),
    ],
)
def test_a_damaged_line_is_told_with_its_number(
    kind: str, line: str, reason: str, tmp_path: Path
) -> None:
    """What comes before it is read, then the file, the line and what is wrong are told."""
    text = GOOD[kind] + line
    _, frames, error = read(tmp_path / "some", text)
    assert [frame.data for frame in frames] == [b"\x5a\3"]
    assert error.startswith(f"{tmp_path / 'some'}:{len(text.splitlines())}: ")
    assert reason in error
    assert "\n" not in error


HEADER = "~~~\ndrive - Hexadecimal\n~~~\n\nTYPE,TIME,ID,D1,D2,D3,D4,D5,D6,D7,D8\n"
FRAMES = [
    Frame(0.0181, 0x100, bytes.fromhex("8800030000FF46")),
    Frame(0.5, 0x7FF, b"\0"),
    Frame(12.25, 0x344, bytes(range(8))),
]


def test_cando_is_read_past_headers_remarks_and_legend(tmp_path: Path) -> None:
    """Only frame lines count; CR LF, remarks and a legend with odd characters do not disturb."""
    body = "TD11,0,1,\t\t;remark\nRD11,0.0181,100,88,0,3,0,0,FF,46\n\nRD11,0.5,7FF,0,,\n"
    legend = "RD11,12.25,344,0,1,2,3,4,5,6,7\nRD = Receive Data\n\u00a9 caf\u00e9\n"
    content = (HEADER + body + legend).replace("\n", "\r\n").encode("latin-1")
    assert read(tmp_path / "drive.csv", content) == ("CANdo", FRAMES, "")


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
def test_a_damaged_line_of_cando_is_told(line: str, reason: str, tmp_path: Path) -> None:
    """A frame line that is no frame ends the reading with the line's number and the reason."""
    _, frames, error = read(tmp_path / "some.csv", f"header\nRD11,0.1,100,1\n{line}\n")
    assert [frame.data for frame in frames] == [b"\1"]
    assert "some.csv:3: " in error
    assert reason in error


def test_what_is_written_reads_back() -> None:
    """Writing and reading CANdo's dialect are inverse."""
    assert list(parse_lines(write_csv(FRAMES, "title"))) == FRAMES


def test_formats_do_not_take_each_others_lines() -> None:
    """A line that tells a format tells no other."""
    for lines in (CANDUMP, CRTD, ASC, GVRET, GVRET_OLD, PYTHON_CAN, TRC, TRC2):
        for line, _ in lines:
            assert sum(each.recognises(line) for each in FORMATS) <= 1, line


@pytest.mark.parametrize(
    "line",
    ["End TriggerBlock", "1.0 Start of measurement", "1.0 1 ErrorFrame", "1.0 1 201 Rx r",
     "1.0 CANFD   Start of measurement", "1.0 1 Statistic: D 0", "// end"],
)  # fmt: skip
def test_an_event_may_end_an_asc(line: str, tmp_path: Path) -> None:
    """A last line without an end is no damage if it is no part of a frame."""
    _, frames, error = read(tmp_path / "some", GOOD["asc"] + line)
    assert (len(frames), error) == (1, "")


LINES = st.sampled_from(
    [line for lines in (CANDUMP, CRTD, ASC, GVRET, PYTHON_CAN, TRC, TRC2) for line, _ in lines]
)
WORDS = LINES.flatmap(lambda line: st.sampled_from(line.split(" ") or [""]))
PIECES = st.one_of(
    LINES,
    WORDS,
    LINES.flatmap(lambda line: st.integers(0, len(line)).map(lambda end: line[:end])),
    st.text(max_size=20),
    st.sampled_from(["\n", "\r\n", " ", ",", ";", "\t", "\0", "(", "#", "1e999", "-1", "\ufeff"]),
)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pieces=st.lists(PIECES, max_size=12), first=LINES)
def test_no_text_breaks_it(pieces: list[str], first: str, tmp_path: Path) -> None:
    """Whatever the text, there are frames with sound values, then at most one line of error."""
    text = first + "\n" + "".join(pieces)
    check(tmp_path, text.encode("utf-8", "surrogatepass"))


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(sorted(path.name for path in CASES.iterdir())),
    change=st.sampled_from([bytes.upper, bytes.lower, bytes.swapcase, bytes.strip]),
    cut=st.floats(0, 1),
    at=st.floats(0, 1),
    junk=st.binary(max_size=20),
)
def test_no_damage_breaks_it(
    name: str, change: Callable[[bytes], bytes], cut: float, at: float, junk: bytes, tmp_path: Path
) -> None:
    """The same for real recordings that are cut, and have junk in them."""
    content = change((CASES / name).read_bytes())
    content = content[: round(cut * len(content))]
    place = round(at * len(content))
    check(tmp_path, content[:place] + junk + content[place:])


@pytest.mark.parametrize("magic", [b"LOGG", b"MDF ", b"SQLite format 3\0", b"\x1f\x8b"])
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rest=st.binary(max_size=400))
def test_no_binary_breaks_it(magic: bytes, rest: bytes, tmp_path: Path) -> None:
    """The same for what only begins like a binary format."""
    check(tmp_path, magic + rest)


def check(folder: Path, content: bytes) -> None:
    """Check what is read of a content."""
    _, frames, error = read(folder / "some.log", content)
    assert "\n" not in error
    now = 0.0
    for frame in frames:
        assert now <= frame.time < 1e12
        now = frame.time
        assert 1 <= len(frame.data) <= 64
        assert 0 <= frame.id <= (0x1FFFFFFF if frame.is_extended else 0x7FF)
