"""The tables of journeys and places; :mod:`.schema` has them all."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Computed,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from ovms.server.storage.metadata import BIG, metadata

# What the fold made of a vehicle's records, before corrections: times and content as the core gives
# them. Those of an owner before are gone: a transfer deletes them.
raw_journeys = Table(
    "raw_journeys",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("vehicle_id", Text, nullable=False),
    # trip, charge or parked.
    Column("kind", Text, nullable=False),
    Column("start", BIG, nullable=False),
    Column("end", BIG, nullable=False),
    # The time of the record that showed that it was over; NULL while it goes on.
    Column("closed", BIG),
    # The journey with its track or curve, as journeys.codec writes it.
    Column("data", LargeBinary, nullable=False),
    Index(None, "vehicle_id", "start"),
    # The last of a kind before a time: of a car that is never charged, without reading them all.
    Index("ix_raw_journeys_kind", "vehicle_id", "kind", "start"),
    Index("ix_raw_journeys_closed", "vehicle_id", "closed"),
)

# What is shown: raw journeys with the corrections applied, places and costs. Everything here
# follows from raw_journeys, journey_edits, places and tariffs, but the ids, which stay.
journeys = Table(
    "journeys",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("vehicle_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("start", BIG, nullable=False),
    Column("end", BIG, nullable=False),
    # The local date of the start, YYYY-MM-DD in the zone of the owner.
    Column("day", Text, nullable=False),
    Column("month", Text, Computed("substr(day, 1, 7)", persisted=True)),
    Column("is_open", Boolean, nullable=False),
    # measured, estimated or gaps.
    Column("certainty", Text, nullable=False),
    # Where it began and ended; of a charge and of parked time both are the same. Positions that
    # are no longer kept are NULL; the places stay.
    Column("start_place", BIG),
    Column("end_place", BIG),
    Column("start_latitude", Double),
    Column("start_longitude", Double),
    Column("end_latitude", Double),
    Column("end_longitude", Double),
    # km, kWh, seconds; what a kind does not have is NULL, as what is unknown.
    Column("distance", Double),
    Column("energy", Double),
    Column("energy_used", Double),
    Column("energy_recovered", Double),
    Column("grid_energy", Double),
    Column("moving_time", BIG),
    # In thousandths of the currency's unit.
    Column("cost", BIG),
    Column("currency", Text),
    # Whether the owner said the cost: no tariff changes it.
    Column("has_own_cost", Boolean, nullable=False, server_default=false()),
    # business, private or NULL.
    Column("purpose", Text),
    Column("note", Text, nullable=False, server_default=""),
    Column("is_edited", Boolean, nullable=False, server_default=false()),
    # The whole journey without track and curve, as journeys.codec writes it.
    Column("data", LargeBinary, nullable=False),
    Index(None, "vehicle_id", "kind", "start"),
    Index("ix_journeys_start", "vehicle_id", "start"),
    # All that sums read, so that they read no rows: those of ten years take milliseconds.
    Index(
        "ix_journeys_sums",
        "vehicle_id",
        "kind",
        "month",
        "purpose",
        "day",
        "distance",
        "energy",
        "grid_energy",
        "moving_time",
        "start_place",
        "end_place",
        "currency",
        "cost",
    ),
    Index("ix_journeys_start_place", "start_place"),
    Index("ix_journeys_end_place", "end_place"),
    # An id is never given again: links to a journey must not show another.
    sqlite_autoincrement=True,
)

# Shown journeys whose places, costs and days may still be those of before a change: of a kind,
# those that start at that time or later.
journey_stale = Table(
    "journey_stale",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("since", BIG, nullable=False),
    sqlite_with_rowid=False,
)

# Corrections, in the order in which they were made. They hold on to times, not to rows: a rebuild
# makes the rows anew.
journey_edits = Table(
    "journey_edits",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("vehicle_id", Text, nullable=False),
    # merge, split, change.
    Column("kind", Text, nullable=False),
    # trip, charge or parked.
    Column("journey_kind", Text, nullable=False),
    # The span of the journeys that it is about.
    Column("start", BIG, nullable=False),
    Column("end", BIG, nullable=False),
    # JSON: what is changed, and to what.
    Column("data", Text, nullable=False),
    Column("created", Double, nullable=False),
    # Those of what is new: few end after a time of today.
    Index(None, "vehicle_id", "end", "start"),
    sqlite_autoincrement=True,
)

# How far the journeys of a vehicle are.
journey_progress = Table(
    "journey_progress",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    # The highest history id that they know.
    Column("seen_id", BIG, nullable=False),
    # Counts the rebuilds: a server that finds another number than it had forgets what it knew.
    Column("version", BIG, nullable=False, server_default="0"),
    # Since when it is its owner's: nothing is made of what is older.
    Column("since", BIG, nullable=False, server_default="0"),
)

# States of the fold to go on from, the newest being how far it is; older ones for records that
# come late.
journey_checkpoints = Table(
    "journey_checkpoints",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    # All records up to it are in the state, and none after it.
    Column("time", BIG, primary_key=True),
    Column("state", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Places of an owner, for all their vehicles.
places = Table(
    "places",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("owner_id", BIG, ForeignKey("owners.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    # The name without case: what must be unique. NULL of one that was removed, of which stays what
    # charges there cost until then.
    Column("name_key", Text),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    # m.
    Column("radius", Double, nullable=False),
    # Charges here count as at home.
    Column("is_home", Boolean, nullable=False, server_default=false()),
    # The IANA time zone and the currency of its tariffs; NULL is the owner's.
    Column("zone", Text),
    Column("currency", Text),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    Column("removed", Double),
    UniqueConstraint("owner_id", "name_key"),
    # A journey must not say that it was at a place that was made later.
    sqlite_autoincrement=True,
)

# What charging costs at a place, from a day on.
place_tariffs = Table(
    "place_tariffs",
    metadata,
    Column("place_id", BIG, ForeignKey("places.id", ondelete="CASCADE"), primary_key=True),
    # The local date from which on it counts, YYYY-MM-DD; '' is since ever.
    Column("valid_from", Text, primary_key=True),
    # JSON, as journeys.tariffs reads it.
    Column("data", Text, nullable=False),
    sqlite_with_rowid=False,
)

# What a vehicle's owner wants to be told of journeys, and what they were told.
journey_rules = Table(
    "journey_rules",
    metadata,
    Column("vehicle_id", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    # JSON: its settings; and what it remembers, so that each thing is told once.
    Column("data", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="{}"),
    sqlite_with_rowid=False,
)
