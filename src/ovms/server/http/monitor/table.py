"""The metrics: one table of names, kinds, labels and meanings.

Names and units are Prometheus's: seconds and bytes, and ``_total`` for what only grows. No label
has more values than this project has code for, or its operator has files for: none names a vehicle,
an owner, an address or a path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["gauge", "counter", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; of a histogram come ``_bucket``, ``_sum`` and ``_count``."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


METRICS: Final = (
    # The server itself.
    Metric("ovms_build_info", "gauge", "1; its labels say what runs.", ("version", "python")),
    Metric("ovms_start_time_seconds", "gauge", "When the server started, Unix seconds."),
    Metric("ovms_uptime_seconds", "gauge", "Seconds since then."),
    Metric("ovms_ready", "gauge", "1 if the server can serve, as /readyz says; else 0."),
    Metric("ovms_troubles", "gauge", "Troubles that ovms serve status names now."),
    Metric(
        "ovms_event_loop_lag_seconds",
        "histogram",
        "How late a timer of the event loop was, looked at twice a second.",
    ),
    # Connections.
    Metric(
        "ovms_connections",
        "gauge",
        "Connections that are open. stranger: no welcome yet. ws and wss are WebSockets.",
        ("kind", "transport"),
    ),
    Metric(
        "ovms_accepting_connections",
        "gauge",
        "Connections that are being accepted: without a whole TLS hello or proxy header, in a"
        " handshake, or waiting for one.",
        ("stage",),
    ),
    Metric("ovms_messages_received_total", "counter", "Messages that came.", ("kind",)),
    Metric("ovms_messages_sent_total", "counter", "Messages that were sent.", ("kind",)),
    Metric(
        "ovms_received_bytes_total",
        "counter",
        "Bytes that came, TLS and TCP not counted; of strangers, too.",
        ("kind",),
    ),
    Metric("ovms_sent_bytes_total", "counter", "Bytes that were sent, as above.", ("kind",)),
    Metric(
        "ovms_turns_waiting",
        "gauge",
        "Connections that have sent more than one turn takes, and wait for the next.",
    ),
    Metric("ovms_refused_total", "counter", "Callers that were not welcomed.", ("reason",)),
    Metric(
        "ovms_unanswered_cars_total",
        "counter",
        "Welcomes of cars that got no answer because the database was away; they call again.",
    ),
    Metric(
        "ovms_logins_total",
        "counter",
        "Logins. 0x30: by a vehicle's secret; 0x31: an owner's app; http: an owner's call.",
        ("scheme", "outcome"),
    ),
    Metric("ovms_logins_waiting", "gauge", "Logins of owners that are being looked at."),
    # Vehicles.
    Metric("ovms_vehicles", "gauge", "Vehicles in the database."),
    Metric("ovms_rooms", "gauge", "Vehicles that somebody is connected to, or asks for by HTTP."),
    Metric("ovms_cars_online", "gauge", "Vehicles whose car is connected, here or elsewhere."),
    Metric(
        "ovms_cars_waiting_for_proof",
        "gauge",
        "Callers that claim to be a car and have not proven it yet.",
    ),
    Metric(
        "ovms_cars_paced",
        "gauge",
        "Cars for which something waits until they have read what is under way.",
    ),
    Metric("ovms_commands_waiting", "gauge", "Commands that are not over, under way or waiting."),
    Metric("ovms_commands_total", "counter", "Commands that are over.", ("outcome",)),
    Metric(
        "ovms_command_round_trip_seconds",
        "histogram",
        "From sending a command to a car to the first row of its answer.",
    ),
    Metric(
        "ovms_acknowledgement_seconds",
        "histogram",
        "From the coming of a record (h) to the sending of its acknowledgement.",
    ),
    # Storage.
    Metric("ovms_writer_rows_waiting", "gauge", "Rows that wait for the disk, records included."),
    Metric("ovms_writer_records_waiting", "gauge", "History records that wait for the disk."),
    Metric("ovms_writer_waiting_bytes", "gauge", "Memory that waiting records take."),
    Metric("ovms_writer_commit_seconds", "histogram", "How long commits took."),
    Metric("ovms_writer_commit_rows", "histogram", "Rows of a commit."),
    Metric(
        "ovms_writer_failures_total",
        "counter",
        "Commits that the database refused; their rows are tried again.",
    ),
    Metric("ovms_writer_failing", "gauge", "1 while the database refuses what it is given."),
    Metric(
        "ovms_writer_rows_refused_total",
        "counter",
        "Rows that were dropped because too many waited.",
    ),
    Metric("ovms_writer_rows_lost_total", "counter", "Rows that could never be written."),
    Metric("ovms_database_bytes", "gauge", "Bytes of the database, by its part.", ("part",)),
    Metric("ovms_disk_free_bytes", "gauge", "Bytes that are free where the data folder is."),
    Metric("ovms_disk_size_bytes", "gauge", "Bytes of that disk in all."),
    # Journeys; none of these on a server that makes none.
    Metric("ovms_journeys_vehicles_behind", "gauge", "Vehicles whose journeys wait to be made."),
    Metric("ovms_journeys_records_total", "counter", "Records of which journeys were made."),
    Metric("ovms_journeys_seconds_total", "counter", "Seconds that this took, beside the cars."),
    Metric(
        "ovms_journeys_failures_total",
        "counter",
        "Vehicles whose records could not be read; they are tried again after ten minutes.",
    ),
    # Backups; none of these on a server that makes none, and the last two only once there is one.
    Metric(
        "ovms_backups_total", "counter", "Backups that the server made, or failed to.", ("outcome",)
    ),
    Metric("ovms_backup_failing", "gauge", "1 if the last try to make a backup failed."),
    Metric(
        "ovms_backup_last_timestamp_seconds",
        "gauge",
        "When the newest backup was made, Unix seconds.",
    ),
    Metric("ovms_backup_last_bytes", "gauge", "Bytes that it has."),
    # Alerts.
    Metric("ovms_alerts_total", "counter", "Alerts that vehicles raised.", ("kind",)),
    Metric(
        "ovms_alerts_refused_total",
        "counter",
        "Alerts that nobody is told of because there were too many.",
    ),
    Metric("ovms_alerts_noted", "gauge", "Alerts that wait to be written to the outbox."),
    Metric("ovms_outbox_alerts", "gauge", "Alerts that wait to be delivered.", ("channel",)),
    Metric(
        "ovms_deliveries_total",
        "counter",
        "Tries to deliver alerts. gone: the receiver is, and its subscription is removed.",
        ("channel", "outcome"),
    ),
    Metric("ovms_alerts_expired_total", "counter", "Alerts given up after a day of tries."),
    # TLS and HTTP.
    Metric(
        "ovms_certificate_expiry_timestamp_seconds",
        "gauge",
        "When a certificate ends, Unix seconds.",
        ("name",),
    ),
    Metric(
        "ovms_http_requests_total",
        "counter",
        "Calls by HTTP, by the template of their path.",
        ("method", "route", "status"),
    ),
    Metric("ovms_http_sessions", "gauge", "Sessions of owners by HTTP, with a cookie each."),
    Metric("ovms_http_watches", "gauge", "Watches by HTTP, each of which counts as an app."),
    Metric("ovms_http_request_seconds", "histogram", "How long calls took.", ("route",)),
)

BY_NAME: Final = {metric.name: metric for metric in METRICS}
