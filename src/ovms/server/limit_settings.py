"""The settings of what a vehicle, a connection and all groups may take of the server."""

from __future__ import annotations

from pydantic import BaseModel, Field

from ovms.net.turns import MESSAGE_RATE, MessageRate
from ovms.server.hub.limits import HubLimits
from ovms.server.notify.notifier import ALERTS_A_VEHICLE
from ovms.server.storage.limits import (
    MAILS_A_VEHICLE,
    SHARED_LIMIT,
    HistoryLimits,
    SubscriptionLimits,
)

HUB = HubLimits()
HISTORY = HistoryLimits()
SUBSCRIPTIONS = SubscriptionLimits()


class LimitSettings(BaseModel):
    """Bounds for whoever knows a right secret; at the top level of the server's settings."""

    limit_apps: int = Field(
        default=HUB.apps,
        ge=1,
        le=10_000,
        description="Apps connected to one vehicle; then one gives way to the newcomer.",
    )
    limit_batch: int = Field(
        default=HUB.batch,
        ge=1,
        le=10_000,
        description="Batch clients connected to one vehicle; then one gives way.",
    )
    limit_groups: int = Field(
        default=HUB.groups, ge=0, le=1000, description="Groups of cars that one client may watch."
    )
    limit_group_messages: int = Field(
        default=HUB.group_messages,
        ge=10,
        le=1_000_000,
        description="Positions of groups sent in a second, all together; others wait their turn.",
    )
    limit_history_types: int = Field(
        default=HISTORY.types,
        ge=1,
        le=100_000,
        description="Record types that one car may have in its history; further ones are not kept.",
    )
    limit_history_records: int = Field(
        default=HISTORY.records,
        ge=100,
        le=100_000_000,
        description="Records in one vehicle's history; then the oldest go of the type with most.",
    )
    limit_history_bytes: int = Field(
        default=HISTORY.bytes,
        ge=1_000_000,
        le=1_000_000_000_000,
        description="Bytes of one vehicle's history, as command 31 counts them; the same.",
    )
    limit_messages: float = Field(
        default=MESSAGE_RATE.a_second,
        ge=10,
        le=1_000_000,
        description="Messages a second that a car, app or batch client may send for long; what is"
        " too much waits its turn.",
    )
    limit_burst: float = Field(
        default=MESSAGE_RATE.burst,
        ge=1000,
        le=100_000_000,
        description="Messages that it may send at once, when it comes back after a gap.",
    )
    limit_subscriptions: int = Field(
        default=SUBSCRIPTIONS.total,
        ge=1,
        le=1000,
        description="Subscriptions of one vehicle; then the app that was away longest gives way.",
    )
    limit_mails: int = Field(
        default=MAILS_A_VEHICLE,
        ge=0,
        le=1000,
        description="Mail addresses that the apps of one vehicle may subscribe; ovms notify add"
        " adds more.",
    )
    limit_alerts: int = Field(
        default=ALERTS_A_VEHICLE,
        ge=1,
        le=10_000,
        description="Alerts of a kind that one vehicle may have delivered at once; then one more"
        " each minute.",
    )
    limit_shared: int = Field(
        default=SHARED_LIMIT,
        ge=0,
        description="Vehicles and owners in the database up to which records of other servers may"
        " add more.",
    )

    def message_rate(self) -> MessageRate:
        """Return what a connection may send."""
        return MessageRate(self.limit_messages, self.limit_burst)

    def hub_limits(self) -> HubLimits:
        """Return the bounds of the rooms."""
        return HubLimits(
            self.limit_apps, self.limit_batch, self.limit_groups, self.limit_group_messages
        )

    def history_limits(self) -> HistoryLimits:
        """Return the bounds of each vehicle's history."""
        return HistoryLimits(
            self.limit_history_types, self.limit_history_records, self.limit_history_bytes
        )

    def subscription_limits(self) -> SubscriptionLimits:
        """Return the bounds of each vehicle's subscriptions."""
        return SubscriptionLimits(self.limit_subscriptions, self.limit_mails)
