from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import delete

from ovms.protocol.welcome import ProvisionRecord
from ovms.server.rights import VehicleRight
from ovms.server.storage import queries
from ovms.server.storage.export_facts import access_facts, account_facts, vehicle_facts
from ovms.server.storage.failed_calls import put_failed_calls
from ovms.server.storage.provisions import add_provision
from ovms.server.storage.schema import failed_calls
from ovms.server.values import FailedCall

if TYPE_CHECKING:
    from ovms.server.storage.database import Database


def test_a_vehicle(database: Database) -> None:
    """By which VIN its car asked for its settings, and why it failed to connect; no secret."""
    with database.writing() as connection:
        car = queries.get_vehicle(connection, "CAR1")
        record = ProvisionRecord("tok", "dig", "rec")
        add_provision(connection, "VIN1", record, 5.0, vehicle_id="CAR1")
        put_failed_calls(connection, [FailedCall("CAR1", 9.0, "192.0.2.1", "digest", 2, 8.0)])
        facts = vehicle_facts(connection, car, is_located=True)
        assert facts["provisioned_by"] == "VIN1"
        assert facts["last_failure"] == {
            "time": "1970-01-01T00:00:09Z", "address": "192.0.2.1", "reason": "digest",
            "count": 2, "first": "1970-01-01T00:00:08Z",
        }  # fmt: skip
        assert not {"tok", "dig", "rec", "secret"} & {*json.dumps(facts).split('"')}
        connection.execute(delete(failed_calls))
        queries.set_secret(connection, "CAR1", "another", 10.0)
        facts = vehicle_facts(connection, car, is_located=True)
        assert (facts["provisioned_by"], facts["last_failure"]) == (None, None)


def test_shares(database: Database) -> None:
    """A vehicle tells its own; an account those of all its vehicles and those it has been given."""
    with database.writing() as connection:
        cars = [queries.get_vehicle(connection, name) for name in ("CAR1", "CAR2")]
        alice = queries.add_owner(connection, "alice", 1.0)
        for car in cars:
            queries.put_share(connection, car, alice, VehicleRight.VIEW, 6.0)
        (share,) = access_facts(connection, cars[0], 7.0)["shares"]
        assert (share["vehicle"], share["with"], share["rights"]) == ("CAR1", "alice", "view")
        for name in ("bob", "alice"):
            shares = account_facts(connection, name, 7.0)["shares"]
            assert [each["vehicle"] for each in shares] == ["CAR1", "CAR2"]
