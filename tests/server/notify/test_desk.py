from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.notify.channel import Channel
from ovms.server.notify.desk import ChannelDesk, TooManyAddresses
from ovms.server.notify.keys import masked
from ovms.server.notify.subscribing import SubscriptionRefused
from tests.server.notify.fakes import TYPES, FakeChannel, clock

if TYPE_CHECKING:
    from ovms.server.storage.notify import NotifyStore


class Torn(FakeChannel):
    """A channel of another package, with an error."""

    @classmethod
    def mask(cls, key: str) -> str:
        """Fail."""
        raise ZeroDivisionError(key)


def test_masks() -> None:
    """A key is shown as its channel says; of one that cannot say it, nothing is."""
    channel: type[Channel] = FakeChannel
    assert masked(channel, "x" * 20 + "abcd") == "…abcd"
    assert masked(Torn, "x" * 20) == masked(None, "x" * 20) == "***"


async def test_addresses(store: NotifyStore) -> None:
    """A vehicle's alerts go to so many new addresses at once; the operator adds any number."""
    desk = ChannelDesk(store, TYPES, {}, clock(), 1)
    car = (await store.find_vehicles(["CAR1"]))["CAR1"]
    await desk.put(car, "one", "mail", "one@example.org")
    await desk.put(car, "one", "mail", "one@example.org")
    with pytest.raises(TooManyAddresses) as error:
        await desk.put(car, "two", "mail", "two@example.org")
    assert error.value.wait > 0
    await desk.put(car, "phone", "expo", "a" * 20)
    for at in range(4):
        await desk.put(car, f"o{at}", "mail", f"o{at}@example.org", by_operator=True)
    assert len(await desk.list("CAR1")) == 6
    assert await desk.end("CAR1", "one")
    assert not await desk.end("CAR1", "one")


@pytest.mark.parametrize(
    ("app_id", "push_type", "key"),
    [("", "mail", "a@b.org"), ("owner", "mail", "a@b.org"), ("x", "pigeon", "a@b.org"),
     ("x", "mail", "a"), ("x", "expo", "")],
)  # fmt: skip
async def test_refused(store: NotifyStore, app_id: str, push_type: str, key: str) -> None:
    """What cannot be subscribed is refused with the reason."""
    desk = ChannelDesk(store, TYPES, {}, clock(), 1)
    car = (await store.find_vehicles(["CAR1"]))["CAR1"]
    with pytest.raises(SubscriptionRefused):
        await desk.put(car, app_id, push_type, key)
