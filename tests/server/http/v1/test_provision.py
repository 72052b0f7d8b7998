from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.http.module_place import ModuleServer
from ovms.server.http.v1 import provision
from ovms.server.storage import queries
from ovms.server.storage.sealing import seal_parameters
from tests.server.http.v1.calls_provision import BODY, ICCID, PATH, have_record

if TYPE_CHECKING:
    import httpx

    from tests.server.http.v1.site import ApiSite

CAR1 = PATH.format(vehicle_id="CAR1")


async def put(v1: ApiSite, vehicle_id: str = "CAR1", owner: str = "bob", **body: Any) -> Any:
    """Make a record; return the answer."""
    path = PATH.format(vehicle_id=vehicle_id)
    return await v1.call(f"PUT {path}", owner, json=BODY | body)


async def told(v1: ApiSite, vin: str = "5YJRE1") -> list[str] | None:
    """Return what a module is told that asks by its VIN and has the SIM card."""
    record = await v1.context.store.find_provision(vin)
    return None if record is None else record.open(ICCID).split(" ")


def failed(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of an answer that is no success."""
    return answer.status_code, answer.json()["error"]["code"]


async def test_what_the_module_gets(v1: ApiSite) -> None:
    """It gets all that was said in the order of its parameters, the vehicle's id and its secret."""
    secret = "nobodyKnows"
    v1.http.change(lambda connection, now: queries.set_secret(connection, "CAR1", secret, now))
    answer = await put(v1, vin="5yjRe1", phone="+491", phone_password="OVMS", units="K",
                       notifications="SMSIP", apn="internet", apn_user="u", apn_password="p",
                       paranoid_password="sealed")  # fmt: skip
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert await told(v1) == ["+491", "OVMS", "K", "SMSIP", "cars.example.org", "internet", "u",
                              "p", "CAR1", secret, "sealed"]  # fmt: skip
    assert (made["vin"], made["last_used"], made["secret"]) == ("5YJRE1", None, None)
    shown = {each["number"]: each["value"] for each in made["parameters"]}
    assert shown == {0: "+491", 1: "*", 2: "K", 3: "SMSIP", 4: "cars.example.org", 5: "internet",
                     6: "u", 7: "*", 8: "CAR1", 9: "*", 10: "*"}  # fmt: skip
    assert secret not in answer.text
    assert ICCID not in answer.text


async def test_listed_replaced_and_removed(v1: ApiSite) -> None:
    """The record tells when it was asked for, is replaced by one of another VIN, and removed."""
    assert (await v1.call(f"GET {CAR1}")).json() == {"record": None}
    await put(v1)
    await told(v1)
    await v1.context.store.writer.flush()
    time = "2023-11-14T22:13:20.000Z"
    listed = await v1.call(f"GET {CAR1}")
    assert listed.json() == {
        "record": {"vin": "5YJRE1", "created": time, "changed": time, "last_used": time}
    }
    assert (await put(v1, vin="OTHER")).status_code == 200
    assert await told(v1) is None
    assert await told(v1, "OTHER") is not None
    assert (await v1.call(f"DELETE {CAR1}")).status_code == 204
    assert await told(v1, "OTHER") is None
    assert failed(await v1.call(f"DELETE {CAR1}")) == (404, "no_provision")
    with v1.database.reading() as connection:
        assert queries.list_provisions(connection) == []


async def test_a_new_secret(v1: ApiSite) -> None:
    """It is told once and to the module; the next secret takes the record away."""
    made = (await put(v1, new_secret=True)).json()
    assert len(made["secret"]) == 22
    words = await told(v1)
    assert words is not None
    assert words[8:10] == ["CAR1", made["secret"]]
    assert (await v1.call("POST /vehicles/CAR1/secret")).status_code == 200
    assert await told(v1) is None


async def test_a_failure_changes_nothing(v1: ApiSite) -> None:
    """What cannot be sealed leaves the secret and the record as they were."""
    await put(v1)
    words = await told(v1)
    answer = await put(v1, new_secret=True, apn="x" * 250, paranoid_password="y" * 250,
                       phone_password="z" * 250)  # fmt: skip
    assert failed(answer) == (422, "invalid")
    assert await told(v1) == words
    with v1.database.reading() as connection:
        assert words is not None
        assert queries.get_vehicle(connection, "CAR1").secret == words[9]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"vin": "A B"}, "match"),
        ({"vin": ""}, "1 character"),
        ({"vin": "x" * 65}, "64"),
        ({"vin": "A\x00"}, "cannot be printed"),
        ({"iccid": "8985 2000"}, "match"),
        ({"iccid": "1\x002"}, "cannot be printed"),
        ({"apn": "inter net"}, "match"),
        ({"apn": "inter\x07net"}, "parameter 5"),
        ({"units": "m"}, "'K' or 'M'"),
        ({"server": "a:b:c"}, "HOST or HOST:PORT"),
        ({"server": "host:99999"}, "HOST or HOST:PORT"),
        ({"more": "x"}, "Extra"),
    ],
)
async def test_bad_input(v1: ApiSite, body: dict[str, str], reason: str) -> None:
    """What no record can hold is refused with its reason."""
    answer = await put(v1, **body)
    assert failed(answer) == (422, "invalid")
    assert reason.lower() in answer.text.lower()
    assert (await v1.call(f"GET {CAR1}")).json() == {"record": None}


async def test_a_secret_with_a_blank(v1: ApiSite) -> None:
    """Such a secret fits into no record: only a new one does."""
    v1.http.change(lambda connection, now: queries.set_secret(connection, "CAR1", "a b", now))
    answer = await put(v1)
    assert failed(answer) == (422, "invalid")
    assert "holds a blank" in answer.text
    assert (await put(v1, new_secret=True)).status_code == 200


async def test_a_vin_that_is_taken(v1: ApiSite) -> None:
    """A record of another vehicle stays; whose it is only its owner hears."""
    await put(v1)
    own = await put(v1, "CAR2")
    assert failed(own) == (409, "taken")
    assert "CAR1" in own.text
    foreign = await put(v1, "CAR3", "alice", vin="5yjre1")
    assert failed(foreign) == (409, "taken")
    assert "CAR1" not in foreign.text
    assert (await told(v1) or [])[8] == "CAR1"


async def test_a_record_of_the_operator(v1: ApiSite) -> None:
    """One that was made at the server for the owner is replaced, one for somebody else is not."""
    record = seal_parameters(ICCID, ["-"])
    with v1.database.writing() as connection:
        for vin, name in (("BOB", "bob"), ("ALICE", "alice")):
            owner = queries.get_owner(connection, name)
            queries.add_provision(connection, vin, record, 1.0, owner)
        queries.add_provision(connection, "NOBODY", record, 1.0)
    assert (await put(v1, vin="BOB")).status_code == 200
    assert failed(await put(v1, vin="ALICE")) == (409, "taken")
    assert failed(await put(v1, vin="NOBODY")) == (409, "taken")


async def test_the_server_by_default(v1: ApiSite) -> None:
    """Without one the module is told this one, as modules reach it, with a port that is unusual."""
    for place, expected in (
        (ModuleServer("cars.example.org:7000", 6867), "cars.example.org"),
        (ModuleServer("cars.example.org", 7000), "cars.example.org:7000"),
        (ModuleServer("[2001:db8::1]", 7000), "[2001:db8::1]:7000"),
        (ModuleServer("cars.example.org", None, 6870), "cars.example.org"),
    ):
        object.__setattr__(v1.context, "module_server", place)
        assert (await put(v1, server=None)).status_code == 200
        assert (await told(v1) or [])[4] == expected


async def test_nobody_knows_the_server(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that has no name that modules could call wants one."""

    async def find(*_: object) -> None:
        return None

    monkeypatch.setattr(provision, "find_module_host", find)
    assert failed(await put(v1, server=None)) == (422, "no_host")


async def test_bounded(v1: ApiSite) -> None:
    """Nobody finds out by many records which VINs others have."""
    for number in range(provision.TRIES):
        assert (await put(v1, vin=f"V{number}")).status_code == 200
    answer = await put(v1)
    assert failed(answer) == (429, "too_many")
    assert int(answer.headers["retry-after"]) <= provision.REFILL
    assert (await put(v1, "CAR3", "alice")).status_code == 200


async def test_trail(v1: ApiSite) -> None:
    """What was done is in the audit trail, without the VIN."""
    await put(v1, new_secret=True)
    await v1.call(f"DELETE {CAR1}")
    trail = (await v1.call("GET /vehicles/CAR1/audit")).json()["items"]
    assert [each["action"] for each in trail] == [
        "provision.remove", "vehicle.secret", "provision.put",
    ]  # fmt: skip
    assert "5YJRE1" not in str(trail)


async def test_gone_with_the_vehicle(v1: ApiSite) -> None:
    """A removed vehicle has no record any more."""
    have_record(v1)
    assert (await v1.call("DELETE /vehicles/CAR1")).status_code == 204
    assert await v1.context.store.find_provision("VIN1") is None
