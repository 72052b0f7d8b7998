from __future__ import annotations

import pytest

from ovms.server.notify.subscribing import TRIPLE_LIMIT, SubscriptionRefused, granted, read
from tests.server.hub.fakes import make_vehicle
from tests.server.notify.fakes import TYPES

TOKEN = "a" * 64


VEHICLES = {
    vehicle.id: vehicle
    for vehicle in (
        make_vehicle("CAR1", "one", owner_id=1),
        make_vehicle("CAR2", "t,w,o", owner_id=1),
        make_vehicle("CAR3", "three", owner_id=2),
        make_vehicle("CAR4", "four", owner_id=1),
    )
}


def _taken(data: str | bytes, own: str = "CAR1") -> list[tuple[str, str, str]]:
    """Return vehicle, its name and key of what is granted."""
    data = data if isinstance(data, bytes) else data.encode()
    return [
        (wish.vehicle_id, wish.vehicle_name, wish.key)
        for wish, owner in granted(own, read(own, data, TYPES), VEHICLES, TYPES)
        if owner == VEHICLES[own].owner_id
    ]


@pytest.mark.parametrize(
    ("data", "taken"),
    [
        ("app,gcm,production,CAR1,one,KEY", [("CAR1", "CAR1", "KEY")]),
        ("app,gcm,,CAR1,one,KEY", [("CAR1", "CAR1", "KEY")]),
        ("app,apns,sandbox,Car1,one,KEY", [("CAR1", "Car1", "KEY")]),
        ("app,gcm,,CAR2,t,w,o,KEY", [("CAR2", "CAR2", "KEY")]),
        ("app,gcm,,CAR1,one,K1,car4,four,K2", [("CAR1", "CAR1", "K1"), ("CAR4", "car4", "K2")]),
        ("app,gcm,,CAR1,one,K1,CAR4,bad,K2", [("CAR1", "CAR1", "K1")]),
        ("app,expo,simple,KEY", [("CAR1", "CAR1", "KEY")]),
        ("app,gcm,,CAR1,one, KEY ", [("CAR1", "CAR1", "KEY")]),
        ("app,gcm,,CAR1,one,  ", []),
        ("app,mail,,CAR1,one,bob@x.org", [("CAR1", "CAR1", "bob@x.org")]),
        ("app,mail,,CAR1,one,-", [("CAR1", "CAR1", "-")]),
        ("app,mail,simple,-", [("CAR1", "CAR1", "-")]),
        ("app,gcm,,CAR1,two,KEY", []),
        ("app,gcm,,CAR1,,KEY", []),
        ("app,gcm,,CAR3,three,KEY", []),
        ("app,gcm,,NONE,x,KEY", []),
        ("app,gcm,,,,KEY", []),
        ("app,gcm,,CAR1,one,", []),
        ("app,mail,,CAR1,one,no address", []),
        (b"app,gcm,,CAR1,\xff,KEY", []),
        (b"app,gcm,,CAR1,one,\xff", []),
        (b"app,gcm,,CAR1,one,K1,C\xffR,x,K2", [("CAR1", "CAR1", "K1")]),
    ],
)
def test_forms(data: str | bytes, taken: list[tuple[str, str, str]]) -> None:
    """Every form that apps use is accepted if it is proven, and nothing else."""
    assert _taken(data) == taken


def test_simple_form_ends() -> None:
    """A minus ends mail only; elsewhere it is a key like any other."""
    ends = [
        read("CAR1", f"app,{kind},simple,-".encode(), TYPES)[0].ends for kind in ("mail", "expo")
    ]
    assert ends == [True, False]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"app",
        b"app,gcm,,CAR1,one",
        b",gcm,,CAR1,one,KEY",
        b",expo,simple,KEY",
        b"app,apprise,simple,json://localhost:6379/",
        b"app,apprise,,CAR1,one,json://localhost/",
        b"app,unknown,,CAR1,one,KEY",
        b"a\x01,gcm,,CAR1,one,KEY",
        b"app,gcm,\xff,CAR1,one,KEY",
        b"app,gcm,,C\xffR,one,KEY",
        b"app,gcm," + b"x" * 33 + b",CAR1,one,KEY",
    ],
)
def test_refused(data: bytes) -> None:
    """What is malformed, or would have the server call any address, is refused as a whole."""
    with pytest.raises(SubscriptionRefused) as caught:
        read("CAR1", data, TYPES)
    assert "KEY" not in str(caught.value)


def test_without_own_vehicle() -> None:
    """A session whose vehicle is gone subscribes nothing."""
    wishes = read("CAR9", b"app,gcm,,CAR1,one,KEY", TYPES)
    assert list(granted("CAR9", wishes, VEHICLES, TYPES)) == []


@pytest.mark.parametrize("count", [TRIPLE_LIMIT, TRIPLE_LIMIT + 1])
def test_triples_are_bounded(count: int) -> None:
    """At most so many triples of one message are looked at, beside the reading as one."""
    data = "app,gcm,," + ",".join(f"CAR1,one,K{n}" for n in range(count))
    assert len(_taken(data)) == TRIPLE_LIMIT
    assert TOKEN not in repr(read("CAR1", f"app,gcm,,CAR1,one,{TOKEN}".encode(), TYPES))
