from __future__ import annotations

from ovms.server.notify.counts import DeliveryOutcome
from ovms.server.notify.courier import LIFE, Courier
from ovms.server.notify.errors import Gone, NotDelivered
from ovms.server.storage.notify import NotifyStore
from tests.server.notify.test_courier import Scene


def counts(courier: Courier) -> dict[tuple[str, str], int]:
    """Return the tries to deliver, by channel and outcome."""
    return {(who, how.value): count for (who, how), count in courier._counts.deliveries.items()}


async def test_each_try_counts(store: NotifyStore) -> None:
    """A delivery, a failure and a receiver that is gone count by the channel."""
    scene = Scene(store)
    await scene.subscribe("app")
    await scene.subscribe("post", "mail")
    await scene.put("door")
    scene.mail.error = NotDelivered("busy")
    await scene.step(3.0)
    assert counts(scene.courier) == {("expo", "delivered"): 1, ("mail", "failed"): 1}
    scene.mail.error = Gone("no such box")
    await scene.step(900.0)
    assert counts(scene.courier)["mail", DeliveryOutcome.GONE.value] == 1


async def test_what_was_given_up(store: NotifyStore) -> None:
    """Alerts that nobody took for a day are counted, each of them."""
    scene = Scene(store)
    await scene.subscribe("app")
    await scene.put("door", "alarm")
    await scene.step(LIFE + 60)
    assert scene.courier._counts.expired == 2
    assert counts(scene.courier) == {}
