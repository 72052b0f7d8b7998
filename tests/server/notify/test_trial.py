from __future__ import annotations

import asyncio

import pytest

from ovms.server.notify import trial
from ovms.server.notify.errors import NotDelivered
from ovms.server.values import Subscription
from tests.server.notify.fakes import FakeChannel

BOB = Subscription("CAR1", "app", "mail", "", "bob@x.org", "Car1", 0.0, 0.0, None, 0)


async def test_delivered() -> None:
    """A test delivery is an alert like others."""
    channel = FakeChannel()
    assert await trial.try_out(channel, BOB, "hello", 5.0) is None
    ((key, notice),) = channel.sent
    assert (key, notice.title, notice.body) == ("bob@x.org", "Open Vehicles Car1", "hello")


async def test_not_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason of a failure is returned, also when there is no answer at all."""
    channel = FakeChannel()
    channel.error = NotDelivered("no such host")
    assert await trial.try_out(channel, BOB, "hello", 5.0) == "no such host"
    monkeypatch.setattr(trial, "TRIAL_TIMEOUT", 0.01)
    channel.hold = asyncio.Event()
    assert await trial.try_out(channel, BOB, "hello", 5.0) == "no answer in time"
