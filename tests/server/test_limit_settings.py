from __future__ import annotations

import pytest
from pydantic import ValidationError

from ovms.net.turns import MESSAGE_RATE, MessageRate
from ovms.server.hub.limits import HubLimits
from ovms.server.limit_settings import LimitSettings
from ovms.server.storage.limits import HistoryLimits, SubscriptionLimits


def test_bounds_of_the_rooms() -> None:
    """What is set reaches the rooms, and what is not keeps its default."""
    assert LimitSettings().hub_limits() == HubLimits()
    given = LimitSettings(limit_apps=1, limit_batch=2, limit_groups=3, limit_group_messages=40)
    assert given.hub_limits() == HubLimits(1, 2, 3, 40)


def test_what_a_connection_may_send() -> None:
    """What is set reaches the acceptor, and what is not keeps its default."""
    assert LimitSettings().message_rate() == MESSAGE_RATE
    given = LimitSettings(limit_messages=10, limit_burst=1000)
    assert given.message_rate() == MessageRate(10, 1000)


@pytest.mark.parametrize("name", ["limit_apps", "limit_batch", "limit_messages", "limit_burst"])
def test_nobody_is_shut_out(name: str) -> None:
    """A bound that would let nobody in is refused."""
    with pytest.raises(ValidationError):
        LimitSettings.model_validate({name: 0})


def test_bounds_of_the_history() -> None:
    """The same of a vehicle's history."""
    assert LimitSettings().history_limits() == HistoryLimits()
    given = LimitSettings(
        limit_history_types=1, limit_history_records=200, limit_history_bytes=3_000_000
    )
    assert given.history_limits() == HistoryLimits(1, 200, 3_000_000)


def test_bounds_of_subscriptions() -> None:
    """The same of subscriptions and alerts."""
    assert LimitSettings().subscription_limits() == SubscriptionLimits(total=20, mails=3)
    given = LimitSettings(limit_subscriptions=5, limit_mails=0)
    assert given.subscription_limits() == SubscriptionLimits(total=5, mails=0)
