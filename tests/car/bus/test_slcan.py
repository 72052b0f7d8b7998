from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.bus.slcan import (
    DONE,
    LONGEST_LINE,
    WRONG,
    Adapter,
    SlcanPort,
    frame_line,
    parse_frame,
)
from ovms.car.frames import Frame
from tests.waiting import PATIENCE

FRAMES = st.one_of(
    st.builds(
        Frame, st.just(0.0), st.integers(0, 0x7FF), st.binary(min_size=1, max_size=8),
        st.just(False), st.just(""),
    ),
    st.builds(
        Frame, st.just(0.0), st.integers(0, 0x1FFFFFFF), st.binary(min_size=1, max_size=8),
        st.just(True), st.just(""),
    ),
)  # fmt: skip


@given(FRAMES)
def test_a_frame_comes_back(frame: Frame) -> None:
    """What is written as a line is read as the same frame."""
    assert parse_frame(frame_line(frame).removesuffix(b"\r")) == frame


@pytest.mark.parametrize(
    "line",
    [b"", b"t", b"t1002A", b"t1002AABBCC", b"t8001AA", b"t1009", b"T100 1AA", b"T200000001AA",
     b"t1000", b"r1001", b"t1001GG"],
)  # fmt: skip
def test_what_is_no_frame(line: bytes) -> None:
    """Ids and lengths are within bounds, and the data is there."""
    assert parse_frame(line) is None


def test_a_closed_adapter_takes_nothing() -> None:
    """Frames go in only while it is open, and not only to listen."""
    adapter, frame = Adapter(), Frame(0, 0x102, b"\x0a")
    line = frame_line(frame)
    assert (list(adapter.receive(line)), adapter.is_open) == ([WRONG], False)
    assert (list(adapter.receive(b"S8\rO\r")), adapter.is_open) == ([DONE, DONE], True)
    assert list(adapter.receive(line + b"\r")) == [frame, DONE]
    assert list(adapter.receive(b"C\rL\r" + line)) == [DONE, DONE, WRONG]
    assert list(adapter.receive(b"V\r")) == [WRONG]


@given(st.lists(st.binary(max_size=20)))
def test_nothing_upsets_an_adapter(chunks: list[bytes]) -> None:
    """Whatever comes, it goes on, and keeps no more than a line."""
    adapter = Adapter()
    for chunk in chunks:
        list(adapter.receive(chunk))
    assert len(adapter._rest) <= LONGEST_LINE
    assert list(adapter.receive(b"\rO\r"))[-1] == DONE


@given(FRAMES, st.integers(0, 30))
def test_splitting_does_not_matter(frame: Frame, at: int) -> None:
    """A line may come in pieces."""
    adapter, data = Adapter(), b"O\r" + frame_line(frame)
    assert [*adapter.receive(data[:at]), *adapter.receive(data[at:])] == [DONE, frame, DONE]


async def test_a_port_is_reached_by_its_link(tmp_path: Path) -> None:
    """Bytes go in and out by a name that stays, which is gone in the end."""
    link, taken = tmp_path / "adapter", asyncio.Queue[Frame]()
    link.symlink_to("/nowhere")
    port = SlcanPort(taken.put_nowait, link)
    port.open()
    try:
        fd = os.open(link, os.O_RDWR | os.O_NOCTTY)
        port.send(Frame(0, 1, b"\x01"))
        os.write(fd, b"O\rt1021FF\r")
        assert await asyncio.wait_for(taken.get(), PATIENCE) == Frame(0, 0x102, b"\xff")
        port.send(Frame(0, 0x100, b"\x80\x50"))
        got = b""
        while len(got) < len(b"\r\rt10028050\r"):
            got += await asyncio.to_thread(os.read, fd, 100)
        assert got == b"\r\rt10028050\r"
        os.close(fd)
    finally:
        port.close()
    assert not link.is_symlink()


async def test_a_name_that_is_a_file_is_left_alone(tmp_path: Path) -> None:
    """Only another link is replaced."""
    link = tmp_path / "precious"
    link.write_text("data")
    with pytest.raises(FileExistsError):
        SlcanPort(lambda frame: None, link)
    assert link.read_text() == "data"


async def test_a_name_that_somebody_else_has_taken_is_left(tmp_path: Path) -> None:
    """Of two simulated cars of one name the first to end does not take it from the other."""
    link = tmp_path / "adapter"
    first, second = (SlcanPort(lambda frame: None, link) for _ in range(2))
    first.open()
    first.close()
    assert str(link.readlink()) == second.path
    second.open()
    second.close()
    assert not link.is_symlink()
