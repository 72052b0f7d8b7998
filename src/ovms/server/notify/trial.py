"""Test deliveries: one alert at once, and its outcome."""

from __future__ import annotations

import asyncio

from ovms.server.alerts.text import title
from ovms.server.notify.channel import Channel, Notice
from ovms.server.notify.errors import NotDelivered
from ovms.server.values import Subscription

TRIAL_TIMEOUT = 45.0
"""Seconds for a test delivery, because somebody waits for it."""


async def try_out(
    channel: Channel, subscription: Subscription, text: str, now: float
) -> str | None:
    """Send ``text`` to a subscription; return what went wrong, ``None`` if nothing did."""
    name = subscription.vehicle_name
    notice = Notice(f"ovms-test-{int(now * 1000)}", name, title(name), text, now)
    try:
        async with asyncio.timeout(TRIAL_TIMEOUT):
            await channel.send(subscription.key, notice)
    except NotDelivered as error:
        return error.reason
    except TimeoutError:
        return "no answer in time"
    except Exception as error:
        return f"the channel failed: {type(error).__name__}"
    return None
