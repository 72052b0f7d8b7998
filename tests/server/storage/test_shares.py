from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.rights import ALL_RIGHTS, VehicleRight
from ovms.server.storage import queries, shares
from ovms.server.storage.errors import InvalidValue, NotFound, QuotaReached

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.storage.database import Database
    from ovms.server.values import Owner

VIEW, LOCATION = VehicleRight.VIEW, VehicleRight.VIEW | VehicleRight.LOCATION


def _alice(connection: Connection) -> Owner:
    return queries.add_owner(connection, "alice", 1.0)


def _shared(connection: Connection, owner: Owner, now: float) -> dict[str, VehicleRight]:
    return dict(queries.account_states(connection, [owner.id], now)[owner.id].shared)


def test_share(database: Database) -> None:
    """A shared vehicle is among those of the other owner, with the rights, until the share ends."""
    with database.writing() as connection:
        alice, car = _alice(connection), queries.get_vehicle(connection, "CAR1")
        share = queries.put_share(connection, car, alice, LOCATION, 2.0, 10.0)
        assert (share.owner, share.rights, share.expires) == ("alice", LOCATION, 10.0)
        state = queries.account_states(connection, [alice.id], 3.0)[alice.id]
        assert (state.vehicles, dict(state.shared)) == (("CAR1",), {"CAR1": LOCATION})
        queries.put_share(connection, car, alice, VIEW, 4.0)
        assert _shared(connection, alice, 11.0) == {"CAR1": VIEW}
        queries.end_share(connection, "CAR1", alice, 12.0)
        assert _shared(connection, alice, 12.0) == {}
        with pytest.raises(NotFound, match="is not shared with alice"):
            queries.end_share(connection, "CAR1", alice, 13.0)


def test_it_ends_by_itself(database: Database) -> None:
    """A share counts before its end, and not from then on; a running server hears of it."""
    with database.writing() as connection:
        alice, car = _alice(connection), queries.get_vehicle(connection, "CAR1")
        queries.put_share(connection, car, alice, VIEW, 20.0, 30.0)
        assert _shared(connection, alice, 29.9) == {"CAR1": VIEW}
        assert _shared(connection, alice, 30.0) == {}
        assert alice.id in queries.accounts_changed_since(connection, 20.0, 20.0)[0]
        assert alice.id not in queries.accounts_changed_since(connection, 21.0, 29.0)[0]
        assert alice.id in queries.accounts_changed_since(connection, 29.0, 31.0)[0]


def test_another_owner(database: Database) -> None:
    """What an owner shared is not shared any more when the vehicle becomes somebody else's."""
    with database.writing() as connection:
        alice, eve = _alice(connection), queries.add_owner(connection, "eve", 1.0)
        car = queries.get_vehicle(connection, "CAR1")
        queries.put_share(connection, car, alice, ALL_RIGHTS, 2.0)
        queries.transfer_vehicle(connection, "CAR1", eve, 3.0, "new secret")
        assert _shared(connection, alice, 4.0) == {}
        assert queries.list_shares(connection, 4.0) == []


def test_nonsense(database: Database) -> None:
    """Nothing is shared with its own owner, without a right, or until a time that is over."""
    with database.writing() as connection:
        alice, bob = _alice(connection), queries.get_owner(connection, "bob")
        car = queries.get_vehicle(connection, "CAR1")
        with pytest.raises(InvalidValue, match="bob's own"):
            queries.put_share(connection, car, bob, VIEW, 2.0)
        with pytest.raises(InvalidValue, match="needs a right"):
            queries.put_share(connection, car, alice, VehicleRight(0), 2.0)
        with pytest.raises(InvalidValue, match="in the future"):
            queries.put_share(connection, car, alice, VIEW, 2.0, 2.0)


def test_the_limit(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """One owner too many is refused; those that are there may still be changed."""
    monkeypatch.setattr(shares, "SHARE_LIMIT", 1)
    with database.writing() as connection:
        alice, eve = _alice(connection), queries.add_owner(connection, "eve", 1.0)
        car = queries.get_vehicle(connection, "CAR1")
        queries.put_share(connection, car, alice, VIEW, 2.0)
        queries.put_share(connection, car, alice, LOCATION, 2.0)
        with pytest.raises(QuotaReached, match="shared with 1 owners already"):
            queries.put_share(connection, car, eve, VIEW, 2.0)


def test_the_limit_of_what_somebody_gets(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others share so many vehicles with an owner, and no more."""
    monkeypatch.setattr(shares, "RECEIVED_LIMIT", 1)
    with database.writing() as connection:
        alice, car = _alice(connection), queries.get_vehicle(connection, "CAR1")
        queries.put_share(connection, car, alice, VIEW, 2.0)
        queries.put_share(connection, car, alice, LOCATION, 2.0)
        other = queries.add_vehicle(
            connection, "OTHER", queries.get_owner(connection, "bob"), "secret", 2.0
        )
        with pytest.raises(QuotaReached, match="alice has 1 shared vehicles already"):
            queries.put_share(connection, other, alice, VIEW, 2.0)


def test_an_owner_who_comes_back(database: Database) -> None:
    """What was shared does not count again when the vehicle returns, or its id does."""
    with database.writing() as connection:
        alice, bob = _alice(connection), queries.get_owner(connection, "bob")
        car = queries.get_vehicle(connection, "CAR1")
        queries.put_share(connection, car, alice, VIEW, 2.0)
        queries.transfer_vehicle(connection, "CAR1", queries.add_owner(connection, "eve", 1.0), 3.0)
        queries.transfer_vehicle(connection, "CAR1", bob, 4.0)
        assert _shared(connection, alice, 5.0) == {}
        queries.put_share(connection, car, alice, VIEW, 6.0)
        queries.remove_vehicle(connection, "CAR1", 7.0)
        assert alice.id in queries.accounts_changed_since(connection, 7.0, 7.0)[0]
        queries.add_vehicle(connection, "CAR1", bob, "secret", 8.0)
        assert _shared(connection, alice, 9.0) == {}


def test_forgetting(database: Database) -> None:
    """Shares that ended are deleted when every server has heard of it."""
    with database.writing() as connection:
        alice, eve = _alice(connection), queries.add_owner(connection, "eve", 1.0)
        car = queries.get_vehicle(connection, "CAR1")
        queries.put_share(connection, car, alice, VIEW, 2.0)
        queries.put_share(connection, car, eve, VIEW, 2.0, 10.0)
        queries.end_share(connection, "CAR1", alice, 10.0)
        assert queries.forget_shares(connection, 10.0 + shares.ENDED_LIFE) == 0
        assert queries.forget_shares(connection, 10.1 + shares.ENDED_LIFE) == 2
