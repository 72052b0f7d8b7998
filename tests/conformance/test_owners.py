"""Protection scheme 0x31: an owner logs in by name and password, or by an API token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conformance.client import OwnerCaller, Transport
from tests.conformance.conftest import SECRET, Case, SuiteServer, everything, rows_of
from tests.conformance.sentences import stands_for

PASSWORD = "correct-horse"


@dataclass
class Owner:
    """An owner with some vehicles."""

    name: str
    vehicles: list[str]
    token: str
    weak_token: str


class OwnerCase(Case):
    """An owner's callers."""

    def __init__(self, suite_server: SuiteServer, transport: Transport, owner: Owner) -> None:
        super().__init__(suite_server, transport)
        self.owner = owner

    def log_in(self, vehicle: str, password: str = PASSWORD, user: str = "") -> OwnerCaller:
        """Say a welcome; what answers is not heard yet."""
        caller = OwnerCaller(self.wire(), "")
        caller.send_owner_welcome(user or self.owner.name, password, vehicle)
        return caller

    def answer(self, vehicle: str, listed: list[str] | None = None) -> bytes:
        """Return the line that answers a right login."""
        ids = listed if listed is not None else self.owner.vehicles
        return " ".join(["MP-S", "1", self.owner.name, vehicle, *ids]).encode()


@pytest.fixture(scope="session")
def owners(suite_server: SuiteServer) -> Owner:
    """Have an owner for each test to come; the vehicles are shared by the tests of a transport."""
    suite_server.ovms("owner", "add", "fleet", "--password", PASSWORD)
    vehicles = ["FLEET-A", "FLEET-B", "FLEET-C"]
    for vehicle in reversed(vehicles):
        suite_server.ovms("vehicle", "add", vehicle, "--owner", "fleet", "--secret", SECRET)
    tokens = [
        suite_server.ovms("token", "add", "--owner", "fleet", "--permit", right).strip()
        for right in ("v2", "v3")
    ]
    return Owner("fleet", vehicles, *(text.split()[-1] for text in tokens))


@pytest.fixture
def fleet(suite_server: SuiteServer, transport: Transport, owners: Owner) -> Iterator[OwnerCase]:
    """Yield a case its owner."""
    opened = OwnerCase(suite_server, transport, owners)
    yield opened
    opened.close()


@stands_for("interop 2", "log in as an owner")
@stands_for("interop 2", "`MP-S 1 <user> <vehicle id> <ids of all the owner's vehicles…>`")
def test_an_owner_logs_in(fleet: OwnerCase) -> None:
    """An owner's app is told its vehicle and all that the owner has, and gets what apps get."""
    app = fleet.log_in("FLEET-B")
    assert app.wire.hear() == fleet.answer("FLEET-B")
    login = app.settle()
    assert login[0] == b"Z0"
    assert login[-1][:1] == b"T"


@stands_for("interop 2", "`*` is the owner's first vehicle by id")
def test_the_first_vehicle(fleet: OwnerCase) -> None:
    """A star means the owner's first vehicle by id."""
    app = fleet.log_in("*")
    assert app.wire.hear() == fleet.answer("FLEET-A")


@stands_for("interop 1", "The vehicle id is compared without case")
def test_a_vehicle_in_lower_case(fleet: OwnerCase) -> None:
    """The vehicle of an owner's login is found without regard to case."""
    app = fleet.log_in("fleet-c")
    assert app.wire.hear() == fleet.answer("FLEET-C")


@stands_for("interop 2", "A token needs the right `v2` or `*`")
def test_a_token_as_password(fleet: OwnerCase) -> None:
    """A token with the right v2 logs in; one with another right does not."""
    app = fleet.log_in("*", fleet.owner.token)
    assert app.wire.hear() == fleet.answer("FLEET-A")
    assert fleet.log_in("*", fleet.owner.weak_token).is_closed()


@stands_for(
    "interop 2",
    "Answer: `MP-S 1 <user> <vehicle id> <ids of all the owner's vehicles…>`, then plain",
)
@stands_for("interop 6", "The new app uses only `wss://host:6870/apiv2`")
def test_lines_are_plain(fleet: OwnerCase) -> None:
    """An owner's app and a car of the vehicle speak: plain on one side, ciphered on the other."""
    car = fleet.car("FLEET-B")
    app = fleet.log_in("FLEET-B")
    assert app.wire.hear() == fleet.answer("FLEET-B")
    assert app.settle()[0] == b"Z1"
    assert car.settle() == [b"Z1"]
    car.say(b"S80,K", b"PAhello, you")
    car.settle()
    assert app.settle() == [b"S80,K", b"T0", b"PAhello, you"]
    app.say(b"C20,1234", b"Qunknown")
    app.settle()
    assert sorted(car.settle()) == [b"C20,1234", b"Qunknown"]
    car.say(b"c20,0")
    car.settle()
    assert app.settle() == [b"c20,0"]
    assert "S" in [row[0] for row in rows_of(app, b"31")]
    app.say(b"p7f1c5a4e-0000-4000-8000-000000000001,expo,simple,ExponentPushToken[abc]")
    assert app.settle() == []


@stands_for("interop 2", "Wrong login: closed without an answer")
@pytest.mark.parametrize(
    ("user", "password", "vehicle"),
    [
        ("fleet", "wrong", "*"),
        ("nobody", PASSWORD, "*"),
        ("fleet", PASSWORD, "FLEET-X"),
        ("fleet", PASSWORD, "FRESH0001"),
    ],
)
def test_a_wrong_login(fleet: OwnerCase, user: str, password: str, vehicle: str) -> None:
    """A wrong password, an unknown owner and another's vehicle are closed without an answer."""
    assert fleet.log_in(vehicle, password, user).is_closed()


@stands_for("interop 2", "`MP-A 1 <user> <password or API token> <vehicle id or *>`")
def test_what_is_no_owner_login(fleet: OwnerCase) -> None:
    """A login with too few words, and a car under this scheme, are closed without an answer."""
    for line in (b"MP-A 1 fleet", b"MP-A 1 fleet correct-horse", b"MP-C 1 fleet correct-horse *"):
        wire = fleet.wire()
        wire.say(line)
        assert wire.hear() is None


def test_owners_do_not_disturb_each_other(fleet: OwnerCase) -> None:
    """Two logins of an owner for different vehicles each get what is of theirs."""
    car = fleet.car("FLEET-C")
    apps = [fleet.log_in("FLEET-B"), fleet.log_in("FLEET-C")]
    for app, vehicle in zip(apps, ("FLEET-B", "FLEET-C"), strict=True):
        assert app.wire.hear() == fleet.answer(vehicle)
    everything(car, *apps)
    car.say(b"S1,K")
    car.settle()
    assert everything(*apps) == [[], [b"S1,K", b"T0"]]


@stands_for("interop 6", "throttle per account, not per address")
@stands_for("interop 6", "throttle per vehicle and account; never ban an address")
def test_one_account_does_not_shut_out_another(tcp: Case, owners: Owner) -> None:
    """However often one account is refused, another at the same address is let in."""
    tcp.suite_server.ovms("owner", "add", "careless", "--password", PASSWORD)
    for _ in range(30):
        caller = OwnerCaller(tcp.wire(), "")
        caller.send_owner_welcome("careless", "wrong", "*")
        assert caller.is_closed()
    app = OwnerCaller(tcp.wire(), "")
    app.send_owner_welcome(owners.name, PASSWORD, "*")
    assert app.wire.hear() is not None
    car = tcp.car()
    assert car.settle() == []
