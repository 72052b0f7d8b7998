"""A vehicle and its journeys in the server's database, and the options that all commands have."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal
from zoneinfo import ZoneInfo

import typer

from ovms.base.logs import print_error
from ovms.cli.common import refuse
from ovms.cli.database import find_settings, open_database
from ovms.cli.measures import ShownUnits, find_units
from ovms.cli.times import TIME_FORMS, check_span, parse_time
from ovms.protocol.records import Status
from ovms.server.journeys.values import JourneyKind
from ovms.server.storage import queries
from ovms.server.storage.journey_context import journey_context
from ovms.server.storage.journey_view import JourneyMaking, JourneyState, journey_state
from ovms.server.storage.journeys import list_journeys

if TYPE_CHECKING:
    from ovms.server.settings import ServerSettings
    from ovms.server.storage.database import Database
    from ovms.server.storage.journeys import JourneyRow
    from ovms.server.values import Vehicle

PAGE: Final = 500
"""Journeys that are read at once: some milliseconds, half a MiB."""

TIME_HELP: Final = f"{TIME_FORMS} In the owner's time zone unless it names one."

VehicleArgument = Annotated[
    str, typer.Argument(metavar="VEHICLE", help="The vehicle id, in any case.")
]
SinceOption = Annotated[
    str | None, typer.Option(metavar="TIME", help=f"Begun then or later: {TIME_HELP}")
]
UntilOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="Begun before, in the same spelling.")
]
JourneyFormat = Literal["table", "csv", "json"]
JourneyFormatOption = Annotated[
    JourneyFormat | None,
    typer.Option(
        "--format", show_default="table", help="table; csv; json as /api/v1 has it (km, kWh, UTC)."
    ),
]
TripFormat = Literal["table", "csv", "json", "gpx", "pdf"]
TripFormatOption = Annotated[
    TripFormat | None,
    typer.Option(
        "--format",
        show_default="table",
        help="table; csv; json as /api/v1 has it (km, kWh, UTC); gpx, the tracks; pdf, a trip log.",
    ),
]
UnitsOption = Annotated[
    str,
    typer.Option(
        "--units",
        metavar="UNITS",
        envvar="OVMS_UNITS",
        help="Of tables: car (as it reports), metric, imperial, km or mi.",
    ),
]

WHY_NONE: Final = {
    JourneyState.OFF: "this server makes no journeys (setting journeys)",
    JourneyState.VEHICLE_OFF: "journeys are switched off for this vehicle",
    JourneyState.PARANOID: "the vehicle is in paranoid mode: the server cannot read what it "
    "reports, so no journeys are made",
    JourneyState.NO_TELEMETRY: "no telemetry of this vehicle is kept (log_days is 0), so no "
    "journeys are made",
}

NOT_YET: Final = (
    "no journeys yet: they are made of what the vehicle reports, while a server runs; "
    "ovms journeys rebuild makes them of what is kept"
)


@dataclass(frozen=True, slots=True)
class JourneyReader:
    """A vehicle whose journeys are read."""

    database: Database
    settings: ServerSettings
    vehicle: Vehicle
    zone: ZoneInfo
    """Its owner's."""

    def span(self, since: str | None, until: str | None) -> tuple[int | None, int | None]:
        """Return the span that options name; what is no time is wrong usage."""
        begin, end = self._time(since, "--since"), self._time(until, "--until")
        check_span(begin, end)
        return begin, end

    def _time(self, text: str | None, option: str) -> int | None:
        if text is None:
            return None
        found = parse_time(text, time.time(), self.zone)
        if found is None:
            refuse(f"{option}: {text!r} is no time; write {TIME_HELP}")
        return int(found // 1)

    def rows(
        self,
        kind: JourneyKind,
        since: int | None,
        until: int | None,
        place: int | None = None,
        limit: int | None = None,
    ) -> Iterator[JourneyRow]:
        """Yield journeys, the oldest first; with a limit the newest ones only, so many.

        Each page is a short read of its own. What is made meanwhile may be among them.
        """
        if limit is not None:
            with self.database.reading() as connection:
                newest, _ = list_journeys(
                    connection, self.vehicle.id, kinds=[kind], since=since, until=until,
                    place=place, limit=limit, newest_first=True,
                )  # fmt: skip
            yield from reversed(newest)
            return
        after, is_more = None, True
        while is_more:
            with self.database.reading() as connection:
                page, is_more = list_journeys(
                    connection, self.vehicle.id, kinds=[kind], since=since, until=until,
                    place=place, limit=PAGE, after=after,
                )  # fmt: skip
            yield from page
            after = page[-1].key if page else None

    def units(self, text: str) -> ShownUnits:
        """Return the units of tables: those that an option names, or else those of the car."""
        chosen = find_units(text)
        if chosen.length is not None:
            return chosen
        with self.database.reading() as connection:
            loaded = queries.load_vehicle(connection, self.vehicle.id)
        status = next(
            (each for each in loaded[1] if each.code == "S" and not each.token), None
        ) if loaded else None  # fmt: skip
        unit = None if status is None else Status.parse(status.data).distance_unit
        return find_units(f"{text},{'mi' if unit == 'M' else 'km'}")

    def tell_why_none(self, *, is_empty: bool) -> None:
        """Say on standard error why there are no journeys, or no further ones."""
        making = JourneyMaking(self.settings.journeys, self.settings.log_days)
        with self.database.reading() as connection:
            state = journey_state(connection, self.vehicle.id, making)
            any_kind, _ = list_journeys(connection, self.vehicle.id, limit=1)
        if state is not JourneyState.MADE:
            print_error(f"ovms: {WHY_NONE[state]}")
        elif is_empty and not any_kind:
            print_error(f"ovms: {NOT_YET}")


@contextmanager
def open_reader(
    vehicle: str, data: Path | None, database: str | None, config: Path | None
) -> Iterator[JourneyReader]:
    """Yield a vehicle and its journeys; what is not there ends the command."""
    settings = find_settings(data, database, config)
    with open_database(data, database, config, must_exist=True) as db:
        with db.reading() as connection:
            known = queries.get_vehicle(connection, vehicle)
            zone = journey_context(connection, known.id).zone
        yield JourneyReader(db, settings, known, zone)
