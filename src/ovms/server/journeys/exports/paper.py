"""The trip log as PDF, by fpdf2: A4 across, a table over all pages, sums at the end.

The font that comes with it has Latin, Greek and Cyrillic script; another character is shown as one
that stands for it, and the log says so. Import this only where a log is made: fpdf2 takes a while.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from ovms.server.journeys.exports.trip_log import (
    WORDS,
    LogSum,
    distance_of,
    driven_between,
    odometers_of,
    sums_of,
    trips_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from zoneinfo import ZoneInfo

    from ovms.server.journeys.exports.rows import ExportRow
    from ovms.server.journeys.exports.trip_log import LogHead
    from ovms.server.journeys.values import Purpose

FONT: Final = "DejaVu"
SIZE: Final = 7.5
LINE: Final = 3.6
"""mm of a line of the table."""
MARGIN: Final = 12.0
PAD: Final = 1.0
"""mm between a cell's text and its edge."""
MISSING: Final = "\N{REPLACEMENT CHARACTER}"
GREY: Final = 0xDD
LINES_LIMIT: Final = 30
"""Lines of a cell: a row is never higher than a page."""

COLUMNS: Final = {
    "date": 17.0,
    "time": 27.0,
    "start": 48.0,
    "end": 48.0,
    "odometer_start": 24.0,
    "odometer_end": 22.0,
    "distance": 16.0,
    "purpose": 18.0,
    "note": 53.0,
}
"""Widths in mm: 273 in all."""
NUMBERS: Final = frozenset({"odometer_start", "odometer_end", "distance"})
SUM_COLUMNS: Final = {"year": 16.0, "purpose": 30.0, "trips": 18.0, "distance": 28.0, "share": 18.0}


def trip_log_pdf(head: LogHead, rows: Iterable[ExportRow]) -> bytes:
    """Return the log of the trips among journeys. Raises :class:`.TooManyTrips`."""
    trips = trips_of(rows)
    return bytes(_Paper(head, trips).output())


class _Paper(FPDF):
    """A log that is being laid out."""

    def __init__(self, head: LogHead, trips: Sequence[ExportRow]) -> None:
        super().__init__(orientation="landscape", format="A4")
        self.log = head
        self.words = WORDS[head.language]
        self.is_table = True
        self.lacks = False
        self._wrapped: dict[tuple[str, float], list[str]] = {}
        self._widths: dict[str, float] = {}
        self._set_up()
        self.add_page()
        for row in self._cells(trips):
            self._row(*row)
        self.is_table = False
        self._end(sums_of(trips, head.zone), None if head.is_part else odometers_of(trips))

    def _set_up(self) -> None:
        folder = files("ovms.server.journeys.exports") / "fonts"
        self.add_font(FONT, "", str(folder / "DejaVuSansCondensed.ttf"))
        self.add_font(FONT, "B", str(folder / "DejaVuSansCondensed-Bold.ttf"))
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(False)
        self.set_font(FONT, size=SIZE)
        self.set_line_width(0.1)
        self.set_draw_color(0x99)
        self.set_title(self._known(f"{self.words['title']} {self.log.vehicle_id}"))
        self.set_creator("ovms")
        self.set_lang(self.log.language)
        self.set_creation_date(datetime.fromtimestamp(self.log.made, UTC))

    # -- each page -------------------------------------------------------------------------

    def header(self) -> None:
        """Write what stands above each page."""
        self.set_font(FONT, "B", 14)
        self.cell(0, 7, self.words["title"], new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font(FONT, size=SIZE)
        log, words = self.log, self.words
        vehicle = f"{log.vehicle_id}  {log.vehicle_name}".strip()
        facts = [(words["vehicle"], vehicle), (words["owner"], log.owner),
                 (words["span"], self._span()), (words["zone"], str(log.zone))]  # fmt: skip
        text = " · ".join(f"{name}: {value}" for name, value in facts if value)
        for line in self._wrap(text, self.epw):
            self.cell(0, LINE + 1, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)
        if self.is_table:
            self._head(COLUMNS)

    def footer(self) -> None:
        """Write what stands below each page."""
        self.set_y(-MARGIN + 1)
        self.set_font(FONT, size=SIZE - 1)
        words = self.words
        made = _local(self.log.made, self.log.zone)
        when = f"{words['made']} {self._date(self.log.made)} {made:%H:%M %z}, ovms"
        self.cell(90, 4, f"{words['edited']}   {words['estimated']}")
        self.cell(self.epw - 180, 4, when, align="C")
        self.cell(90, 4, f"{words['page']} {self.page_no()} {words['of']} {{nb}}", align="R")
        self.set_font(FONT, size=SIZE)

    def _span(self) -> str:
        since, until = self.log.since, self.log.until
        first = "" if since is None else self._date(since)
        # The end is the first second that is not in it.
        last = "" if until is None else self._date(until - 1)
        return f"{first} – {last}" if first or last else ""

    # -- the table -------------------------------------------------------------------------

    def _cells(self, trips: Sequence[ExportRow]) -> Iterable[tuple[list[str], str]]:
        """Yield the texts of each trip, and what is to be said before it."""
        gaps = {} if self.log.is_part else driven_between(trips)
        for row in trips:
            journey = row.journey
            start, end = (_local(each.time, self.log.zone) for each in (journey.start, journey.end))
            later = (end.date() - start.date()).days
            known = {*journey.estimated}
            times = "–".join(
                f"{'~' if name in known else ''}{time:%H:%M}"
                for name, time in (("start", start), ("end", end))
            )
            distance = self._km(distance_of(row))
            mark = "~" if "distance" in known else ""
            star = "*" if row.is_edited else ""
            places = (row.start, row.end) if self.log.has_places else ("", "")
            gap = gaps.get(row.id)
            yield (
                [
                    self._date(journey.start.time),
                    f"{times} +{later}" if later else times,
                    *places,
                    self._km(journey.start.odometer),
                    self._km(journey.end.odometer),
                    f"{mark}{distance}{star}",
                    "" if row.purpose is None else self.words[row.purpose.value],
                    row.note,
                ],
                "" if gap is None else self.words["between"].format(self._km(gap)),
            )

    def _row(self, texts: Sequence[str], before: str) -> None:
        lines = [
            self._wrap(text, width - 2 * PAD)
            for text, width in zip(texts, COLUMNS.values(), strict=True)
        ]
        height = max(map(len, lines)) * LINE + PAD
        self._room(height + (LINE if before else 0))
        if before:
            self.set_fill_color(0xF2)
            self.cell(sum(COLUMNS.values()), LINE, self._known(f"… {before}"), fill=True,
                      new_x=XPos.LMARGIN, new_y=YPos.NEXT)  # fmt: skip
        top, left = self.y, self.l_margin
        for (name, width), of_cell in zip(COLUMNS.items(), lines, strict=True):
            for number, line in enumerate(of_cell):
                shift = width - PAD - self._width(line) if name in NUMBERS else PAD
                self.text(left + shift, top + PAD / 2 + LINE * (number + 0.75), line)
            left += width
        self.set_y(top + height)
        self.line(self.l_margin, self.y, self.l_margin + sum(COLUMNS.values()), self.y)

    def _head(self, columns: dict[str, float]) -> None:
        self.set_font(FONT, "B", SIZE)
        self.set_fill_color(GREY)
        for name, width in columns.items():
            align = "R" if name in NUMBERS or name in ("trips", "share") else "L"
            self.cell(width, LINE + 2, self.words[name], fill=True, align=align)
        self.ln()
        self.set_font(FONT, size=SIZE)

    def _room(self, height: float) -> None:
        """Go to the next page unless there is so much room on this one."""
        if self.y + height > self.h - MARGIN - 1:
            self.add_page()

    # -- the end ---------------------------------------------------------------------------

    def _end(self, sums: Sequence[LogSum], odometers: tuple[float, float] | None) -> None:
        words = self.words
        self._room(LINE * (len(sums) + 12))
        self.ln(3)
        if not sums:
            self._line(words["no_trips"])
        else:
            self.set_font(FONT, "B", SIZE + 2)
            self._line(words["sums"])
            self._head(SUM_COLUMNS)
        years = sorted({each.year for each in sums})
        for year in years:
            self._sum_rows([each for each in sums if each.year == year], str(year))
        if len(years) > 1:
            self._sum_rows(_over_years(sums), words["total"])
        self.ln(2)
        if odometers is not None:
            first, last = odometers
            numbers = map(self._km, (first, last, last - first))
            self._line(words["odometers"].format(*numbers))
        if unknown := sum(each.unknown for each in sums):
            self._line(f"{words['trips']} {words['unknown']}: {unknown}")
        if self.log.is_part:
            self._line(words["part"])
        if not self.log.has_places:
            self._line(words["no_places"])
        if self.lacks:
            self._line(words["no_glyph"])

    def _sum_rows(self, sums: Sequence[LogSum], year: str) -> None:
        words = self.words
        distance = sum(each.distance for each in sums)
        for each in sums:
            name = words["none" if each.purpose is None else each.purpose.value]
            self._sum(year, name, each.trips, each.distance, distance)
        self.set_font(FONT, "B", SIZE)
        self._sum(year, words["total"], sum(each.trips for each in sums), distance, distance)
        self.set_font(FONT, size=SIZE)

    def _sum(self, year: str, name: str, trips: int, distance: float, of: float) -> None:
        self._room(LINE + 1)
        share = f"{self._number(100 * distance / of)} %" if of else ""
        texts = (year, name, str(trips), self._km(distance), share)
        for text, (column, width) in zip(texts, SUM_COLUMNS.items(), strict=True):
            align = "L" if column in ("year", "purpose") else "R"
            self.cell(width, LINE + 1, text, align=align, border="B")
        self.ln()

    def _line(self, text: str) -> None:
        self._room(LINE + 2)
        self.cell(0, LINE + 2, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font(FONT, size=SIZE)

    def _date(self, time: int) -> str:
        return f"{_local(time, self.log.zone):{self.words['date_format']}}"

    def _km(self, value: float | None) -> str:
        return "–" if value is None else self._number(value)

    def _number(self, value: float) -> str:
        return f"{value:.1f}".replace(".", self.words["point"])

    # -- text ------------------------------------------------------------------------------

    def _known(self, text: str) -> str:
        """Return a text with a sign for each character that the font lacks."""
        has = self.fonts[FONT.lower()].cmap  # type: ignore[union-attr]
        shown = "".join(each if ord(each) in has else MISSING for each in text)
        self.lacks = self.lacks or shown != text
        return shown

    def _width(self, text: str) -> float:
        widths = self._widths
        for each in text:
            if each not in widths:
                widths[each] = self.get_string_width(each)
        return sum(widths[each] for each in text)

    def _wrap(self, text: str, width: float) -> list[str]:
        """Return the lines of a text; the same texts occur again and again."""
        if (lines := self._wrapped.get((text, width))) is None:
            known = (self._known(each) for each in text.splitlines() or [""])
            lines = [line for each in known for line in _lines(each, width, self._width)]
            if len(lines) > LINES_LIMIT:
                lines = [*lines[: LINES_LIMIT - 1], "…"]
            self._wrapped[text, width] = lines
        return lines


def _lines(text: str, width: float, width_of: Callable[[str], float]) -> list[str]:
    """Return a text in lines that are not wider, broken at blanks, and within long words."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width_of(longer) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        if width_of(word) <= width:
            lines[-1] = word
            continue
        for letter in word:
            if lines[-1] and width_of(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def _over_years(sums: Sequence[LogSum]) -> list[LogSum]:
    found: dict[Purpose | None, LogSum] = {}
    for each in sums:
        before = found.get(each.purpose)
        found[each.purpose] = (
            each
            if before is None
            else LogSum(
                each.year,
                each.purpose,
                before.trips + each.trips,
                before.distance + each.distance,
                before.unknown + each.unknown,
            )
        )
    return [*found.values()]


def _local(time: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(time, zone)
