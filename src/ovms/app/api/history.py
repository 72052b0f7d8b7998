"""Calls about what the server keeps of a vehicle: records, alerts, series and tracks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any

from ovms.app.api.calls import ApiCalls, ApiModel, span, vehicle_path
from ovms.app.api.link import Query


class ApiRecordType(ApiModel, frozen=True, kw_only=True):
    """What the history holds of one type."""

    type: str
    records: int
    numbers: int
    """How many different record numbers there are."""
    bytes: int
    """A record counts its data, its type, the vehicle's id, and 20."""
    first: datetime
    """When the oldest was made."""
    last: datetime
    holds_position: bool
    """Its records may say where the car was: to read them needs the right ``location``."""


class ApiRecord(ApiModel, frozen=True, kw_only=True):
    """A record."""

    time: datetime
    """When it was made."""
    number: int
    data: str
    """As the car has sent it."""
    fields: dict[str, Any] | None = None
    """What the data say, by name, in km and km/h; null for a type that the server cannot read."""


class ApiAlert(ApiModel, frozen=True, kw_only=True):
    """An alert."""

    time: datetime
    """When the server had it."""
    kind: str
    """``alert``, ``information`` or ``error``, or the letter of another kind."""
    text: str | None = None
    """Null if it may say where the car was, for callers without the right ``location``."""


class ApiVehicleAlert(ApiAlert, frozen=True, kw_only=True):
    """An alert, and whose."""

    vehicle_id: str


class ApiSeriesField(ApiModel, frozen=True, kw_only=True):
    """A field that there are series of."""

    name: str
    unit: str | None = None
    """Null if it has none."""
    meaning: str
    code: str
    """The message that the car tells it with."""
    needs_location: bool
    """It says where the car was: it needs the right ``location``."""


class ApiSeriesValues(ApiModel, frozen=True, kw_only=True):
    """The values of a field, one of each list a bucket. A bucket in which none came has null."""

    unit: str | None = None
    """Of all its numbers; null if it has none."""
    min: list[float | None]
    """The lowest values, in ``unit``."""
    max: list[float | None]
    """The highest values, in ``unit``."""
    mean: list[float | None]
    """In ``unit``, of the values as they came: one that stays the same is not logged again."""
    last: list[float | None]
    """The last values, in ``unit``."""


class ApiSeries(ApiModel, frozen=True, kw_only=True):
    """Fields over time."""

    since: datetime
    until: datetime
    width: int
    """Seconds of a bucket."""
    times: list[datetime]
    """When each bucket begins."""
    fields: dict[str, ApiSeriesValues]


class ApiTrackGeometry(ApiModel, frozen=True, kw_only=True):
    """The lines: longitude, latitude, and the altitude in metres where it is known."""

    type: str
    coordinates: list[list[list[float]]]
    """Degrees, and metres."""


class ApiTrackProperties(ApiModel, frozen=True, kw_only=True):
    """What is known of the track."""

    vehicle_id: str
    since: datetime
    until: datetime
    tolerance: float
    """Metres."""
    distance: float
    """km along the lines."""
    positions: int
    """How many positions there were before the track was thinned."""
    times: list[list[datetime]]
    """When the car was at each point of each line."""
    next: datetime | None = None
    """There are more positions than one answer takes: the ``since`` of a call for the rest."""


class ApiTrack(ApiModel, frozen=True, kw_only=True):
    """A track as GeoJSON (RFC 7946)."""

    type: str
    geometry: ApiTrackGeometry | None = None
    """Null without a position."""
    properties: ApiTrackProperties


class _Deleted(ApiModel, frozen=True, kw_only=True):
    deleted: int


class HistoryCalls(ApiCalls):
    """Calls about what the server keeps. Spans lie behind ``since``, and end with ``until``."""

    async def history(
        self, vehicle_id: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[ApiRecordType]:
        """Return the types of records that the server keeps of a vehicle."""
        path = vehicle_path(vehicle_id, "/history")
        return await self._link.ask("GET", path, list[ApiRecordType], query=span(since, until))

    def records(
        self,
        vehicle_id: str,
        type: str,  # noqa: A002 (the protocol's word)
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        number: int | None = None,
        newest_first: bool = False,
    ) -> AsyncGenerator[ApiRecord, None]:
        """Yield the records of a type, the oldest first unless told otherwise, page by page."""
        query = _records(type, since, until) | {
            "number": number, "order": "newest" if newest_first else None,
        }  # fmt: skip
        return self._items(vehicle_path(vehicle_id, "/history/records"), ApiRecord, query)

    def records_csv(
        self,
        vehicle_id: str,
        type: str,  # noqa: A002 (the protocol's word)
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """Yield the records of a type as CSV, in parts as they come."""
        path = vehicle_path(vehicle_id, "/history/records")
        return self._parts(path, _records(type, since, until), accept="text/csv")

    async def delete_records(
        self,
        vehicle_id: str,
        type: str,  # noqa: A002 (the protocol's word)
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """Delete the records of a type, all or those of a span; return how many."""
        path, query = vehicle_path(vehicle_id, "/history/records"), _records(type, since, until)
        return (await self._link.ask("DELETE", path, _Deleted, query=query)).deleted

    def alerts(
        self,
        vehicle_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        kinds: Sequence[str] = (),
    ) -> AsyncGenerator[ApiAlert, None]:
        """Yield a vehicle's alerts, of all kinds unless told otherwise, the newest first."""
        query: Query = span(since, until) | {"kind": list(kinds)}
        return self._items(vehicle_path(vehicle_id, "/alerts"), ApiAlert, query)

    def all_alerts(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        kinds: Sequence[str] = (),
    ) -> AsyncGenerator[ApiVehicleAlert, None]:
        """Yield the alerts of all vehicles that the caller may see, the newest first."""
        query: Query = span(since, until) | {"kind": list(kinds)}
        return self._items("/alerts", ApiVehicleAlert, query)

    async def series_fields(self, vehicle_id: str) -> list[ApiSeriesField]:
        """Return the fields that there are series of, with their units."""
        path = vehicle_path(vehicle_id, "/series/fields")
        return await self._link.ask("GET", path, list[ApiSeriesField])

    async def series(
        self,
        vehicle_id: str,
        fields: Sequence[str],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        points: int | None = None,
    ) -> ApiSeries:
        """Return fields over time, for a chart of so many ``points``; of the last day at first."""
        query: Query = span(since, until) | {"fields": ",".join(fields), "points": points}
        return await self._link.ask(
            "GET", vehicle_path(vehicle_id, "/series"), ApiSeries, query=query
        )

    async def track(
        self,
        vehicle_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        tolerance: float | None = None,
    ) -> ApiTrack:
        """Return where a vehicle drove, as GeoJSON; without a span on the last day.

        The line may be wrong by ``tolerance`` metres: 10, unless told otherwise.
        """
        query: Query = span(since, until) | {"tolerance": tolerance}
        return await self._link.ask(
            "GET", vehicle_path(vehicle_id, "/track"), ApiTrack, query=query
        )

    def track_gpx(
        self,
        vehicle_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        tolerance: float | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """Yield where a vehicle drove as GPX, in parts as they come."""
        query: Query = span(since, until) | {"tolerance": tolerance}
        return self._parts(vehicle_path(vehicle_id, "/track.gpx"), query)


def _records(type_: str, since: datetime | None, until: datetime | None) -> Query:
    return {"type": type_} | span(since, until)
