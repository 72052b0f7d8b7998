from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol.errors import LineTooLong
from ovms.protocol.framing import LINE_LIMIT, WELCOME_LINE_LIMIT, LineReader

CASES = [
    (b"", [], 0),
    (b"a", [], 1),
    (b"a\r", [], 2),
    (b"a\r\n", [b"a"], 0),
    (b"a\n", [b"a"], 0),
    (b"a\r\nb\nc", [b"a", b"b"], 1),
    (b"\n\r\n\n\r\na\n\n", [b"a"], 0),
    (b"\r\r\n", [b"\r"], 0),
    (b"a\rb\r\n", [b"a\rb"], 0),
    (b" a \n", [b" a "], 0),
    (b"\x00\xff\n", [b"\x00\xff"], 0),
]


def lines_of(reader: LineReader, *chunks: bytes) -> list[bytes]:
    """Feed a reader and take every line out of it."""
    lines = []
    for chunk in chunks:
        reader.feed(chunk)
        while (line := reader.next_line()) is not None:
            lines.append(line)
    return lines


@pytest.mark.parametrize(("data", "lines", "left"), CASES)
def test_lines(data: bytes, lines: list[bytes], left: int) -> None:
    """CR LF and LF end a line, empty lines are left out, and splitting does not matter."""
    for chunks in ([data], [data[i : i + 1] for i in range(len(data))]):
        reader = LineReader(WELCOME_LINE_LIMIT)
        assert lines_of(reader, *chunks) == lines
        assert reader.waiting == left


@pytest.mark.parametrize(("data", "lines", "left"), CASES)
def test_more_behind(data: bytes, lines: list[bytes], left: int) -> None:
    """What comes behind changes nothing of what was there."""
    reader = LineReader(WELCOME_LINE_LIMIT)
    assert lines_of(reader, data + b"!\n!!")[: len(lines)] == lines
    assert reader.waiting == 2


@given(chunks=st.lists(st.binary(max_size=20) | st.sampled_from([b"\n", b"\r\n", b"\r", b""])))
def test_splitting(chunks: list[bytes]) -> None:
    """Lines are what Python's own split makes of the whole, wherever it was cut."""
    reader = LineReader(LINE_LIMIT)
    *ended, rest = b"".join(chunks).split(b"\n")
    lines = [line.removesuffix(b"\r") for line in ended]
    assert lines_of(reader, *chunks) == [line for line in lines if line]
    assert reader.waiting == len(rest)


@given(chunks=st.lists(st.binary(max_size=20) | st.sampled_from([b"\n", b"a\nb\n", b""])))
def test_waiting(chunks: list[bytes]) -> None:
    """Lines that nobody takes wait in order, and every byte of them is counted."""
    reader = LineReader(LINE_LIMIT)
    for chunk in chunks:
        reader.feed(chunk)
    whole = b"".join(chunks)
    assert reader.waiting == len(whole)
    assert lines_of(reader, b"") == lines_of(LineReader(LINE_LIMIT), whole)


@pytest.mark.parametrize("limit", [8, WELCOME_LINE_LIMIT, LINE_LIMIT])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_longest_line(limit: int, end: bytes) -> None:
    """A line may have as many bytes as the limit, its end included, and not one more."""
    longest = b"x" * (limit - len(end))
    assert lines_of(LineReader(limit), longest + end) == [longest]
    assert lines_of(LineReader(limit), longest, end) == [longest]
    for chunks in ([longest + b"x" + end], [longest, b"x", end]):
        reader = LineReader(limit)
        with pytest.raises(LineTooLong) as caught:
            lines_of(reader, *chunks)
        assert caught.value.limit == limit


def test_longest_unfinished_line() -> None:
    """A line without an end is refused as soon as no end could save it."""
    reader = LineReader(8)
    assert lines_of(reader, b"x" * 7) == []
    with pytest.raises(LineTooLong):
        lines_of(reader, b"x")


def test_lines_before_a_long_one() -> None:
    """Lines before the one that is too long are given first."""
    reader = LineReader(8)
    reader.feed(b"a\nb\n" + b"x" * 8)
    assert [reader.next_line(), reader.next_line()] == [b"a", b"b"]
    with pytest.raises(LineTooLong):
        reader.next_line()


def test_limit_may_grow() -> None:
    """A limit that grows counts for what waits already."""
    reader = LineReader(8)
    reader.feed(b"a\n" + b"x" * 100 + b"\n")
    assert reader.next_line() == b"a"
    reader.limit = 200
    assert reader.next_line() == b"x" * 100


def test_the_beginning_of_a_line_may_be_taken() -> None:
    """So many bytes of a line without its end are given once, and the rest is a line of its own."""
    reader = LineReader(8)
    reader.feed(b"a\nbcd")
    assert reader.next_line() == b"a"
    assert reader.take_begun(4) is None
    assert reader.take_begun(3) == b"bcd"
    assert reader.take_begun(1) is None
    reader.feed(b"ef\n\n\n")
    assert reader.next_line() == b"ef"
    assert reader.next_line() is None
    reader.feed(b"gh")
    assert reader.take_begun(2) == b"gh"
    reader.feed(b"\r\n\r\nij\n")
    assert [reader.next_line(), reader.next_line()] == [b"", b"ij"]


def test_the_rest_of_a_line_may_be_given_back() -> None:
    """It is the next line; nothing is not."""
    reader = LineReader(8)
    reader.feed(b"abcd\nef\n")
    assert reader.next_line() == b"abcd"
    reader.unread(b"cd")
    assert reader.next_line() == b"cd"
    reader.unread(b"")
    assert reader.next_line() == b"ef"


def test_what_has_begun() -> None:
    """It is what stands behind the last line, within the limit."""
    reader = LineReader(4)
    reader.feed(b"a\nbcdefg")
    assert reader.begun == b"bcde"


@given(
    chunks=st.lists(
        st.binary(max_size=20) | st.sampled_from([b"\n", b"\r\n", b"\r", b"", b"x" * 30, b"\n\n"])
    ),
    count=st.integers(1, 6),
)
def test_many_lines_at_once(chunks: list[bytes], count: int) -> None:
    """They are those that come one by one, up to one that is too long."""
    many, single = LineReader(30), LineReader(30)
    for chunk in chunks:
        many.feed(chunk)
        single.feed(chunk)
    found: list[bytes] = []
    while lines := many.look_ahead(count):
        assert len(lines) <= count
        assert many.look_ahead(count) == lines
        many.skip()
        found += lines
    expected: list[bytes] = []
    is_too_long = False
    try:
        while (line := single.next_line()) is not None:
            expected.append(line)
    except LineTooLong:
        is_too_long = True
    assert found == expected
    if is_too_long:
        with pytest.raises(LineTooLong):
            many.next_line()
    else:
        assert many.waiting == single.waiting


@given(
    held=st.sampled_from([b"", b"", b"", b"x", b"x\n"]),
    data=st.lists(st.sampled_from([b"ab", b"\r\n", b"\r\n", b"\n", b"\r", b"x" * 9])).map(b"".join),
)
def test_whole_lines(held: bytes, data: bytes) -> None:
    """They are those that come one by one, and nothing is kept of what they were in."""
    whole, single = LineReader(30), LineReader(30)
    whole.feed(held)
    single.feed(held)
    lines = whole.split_whole(data)
    assert whole.waiting == single.waiting
    assert lines is None or not held
    if lines is not None and data.count(b"\n") == len(lines):
        single.feed(data)
        assert lines == [single.next_line() for _ in lines]
        assert (single.next_line(), single.waiting) == (None, 0)


def test_what_is_no_whole_lines() -> None:
    """A part of a line, an empty one, none, one that is too long, or what comes behind a part."""
    reader = LineReader(30)
    assert reader.split_whole(b"a\r\nbc\r\n") == [b"a", b"bc"]
    for data in (b"", b"a", b"a\r\nb", b"a\n", b"\r\n", b"a\r\n\r\n", b"x" * 28 + b"\r\n"):
        assert not reader.split_whole(data)
    reader.feed(b"a")
    assert reader.split_whole(b"b\r\n") is None
    reader.feed(b"\n")
    assert reader.split_whole(b"b\r\n") is None
    assert reader.next_line() == b"a"
    assert reader.split_whole(b"b\r\n") == [b"b"]
    reader.feed(b"ab")
    assert reader.take_begun(2) == b"ab"
    assert reader.split_whole(b"b\r\n") is None


def test_a_line_too_long_ahead() -> None:
    """Those before it can be had; it is told as one alone."""
    reader = LineReader(30)
    reader.feed(b"a\nb\n" + b"x" * 30 + b"\nc\n")
    assert reader.look_ahead(3) == [b"a", b"b"]
    reader.skip()
    assert reader.look_ahead(3) == []
    with pytest.raises(LineTooLong):
        reader.next_line()
