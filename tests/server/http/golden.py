"""Every call's exact answer, as files in ``golden/``: ``python -m tests.server.http.golden``.

The command writes the files anew; whoever runs it reads the difference, and compares it with the
names and positions of the field. The clock stands, so an answer is the same each time.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from ovms.protocol import Role
from ovms.protocol.records.history import KeptRecord
from ovms.server.http.field import command_calls
from ovms.server.storage import queries
from tests.server.http.api import BOB, HttpSite, open_site
from tests.server.hub.fakes import START, message
from tests.waiting import until

if TYPE_CHECKING:
    import httpx

    from ovms.server.hub.hub import RoomSession
    from tests.server.hub.fakes import FakeLine

FOLDER = Path(__file__).parent / "golden"

FULL = (
    "F3.3.005/ota/main,SCEZR11A9BC000042,18,1,NL,8945,12500,1735689600,OVMS WIFI BLE BT,4G",
    "S80,K,231,13,charging,standard,251,202,16,5400,7,52,3,1,0,1,82800,0,99.50,145,85,210,90,-1,31,"
    "180,150,120,100,315,2,3.02,389.44,98,3.31,91.2,-8.06,43.1,6.11,10412.7,38.6,1699999000",
    "D117,104,4,36,41,24,1234,456789,0,3600,18,3,1,1,13.2,4,12.6,19,33,-0.8,21",
    "L22.280868,114.160598,274,57,1,1,42,1235,A1,-3.1,12.04,2.5,-3.35,92.5,AD,14,0.8,41.9,88",
    "W32.0,24,31.9,25,32.1,23,32.2,22,1",
    "Y4,FL,FR,RL,RR,4,221.3,220.6,222.0,219.9,1,4,23,24,22,25,1,4,100,99,98,97,0,4,0,1,0,2,1",
)
"""A car that says everything, its charge port open and its alarm sounding."""

SHORT = ("F3.1.4,,9", "S80,,,,stopped,,,201", "D4", "L22.3,114.2", "W32,,31")
"""A car that says little: fields are missing at the end, and empty in the middle."""

SEALED = ("ETparanoidtoken", *(f"EM{code}c2VhbGVk" for code in "FSDLWY"))
"""A car in paranoid mode."""

HALF = ("ETparanoidtoken", "S80,K", "EMDc2VhbGVk", "W32,24,31,25,32,23,32,22,0")
"""A car whose ``D`` alone is sealed, and which has tyres by position only."""

VEHICLES = {"FULL": FULL, "SHORT": SHORT, "SEALED": SEALED, "HALF": HALF, "NEVER": ()}
"""What each vehicle has said; ``NEVER`` was never seen. All are Bob's."""

DATA_CALLS = ("status", "charge", "lock", "valet", "location", "tpms", "protocol", "vehicle")

CALLS = (
    "GET /api/vehicles",
    *(f"GET /api/{call}/{vehicle}" for call in DATA_CALLS for vehicle in VEHICLES),
    *(f"GET /api/historical/{vehicle}" for vehicle in VEHICLES),
    "GET /api/historical/FULL?since=2023-11-14 22:13:19",
    "GET /api/historical/FULL/*-LOG-Trip",
    "GET /api/historical/FULL/*-LOG-Trip?since=2023-11-14 22:12:20",
    "GET /api/historical/FULL/NOTHING",
    *(f"DELETE /api/vehicle/{vehicle}" for vehicle in VEHICLES),
    "GET /api/status/CAR3",
    "GET /api/status/NOBODY",
    "GET /api/status",
    "GET /api/nothing/FULL",
)
"""Each call with the right credentials; CAR3 is Alice's. The first ones are in this order: a watch
counts in the answers behind it."""

COMMANDS = (
    ("PUT /api/charge/CAR2", "c11,0"),
    ("DELETE /api/charge/CAR2", "c12,1,the car is not charging"),
    ("PUT /api/chargemode/CAR2?mode=range", "c10,0,range"),
    ("PUT /api/homelink/CAR2?button=2", "c24,2"),
    ("GET /api/features/CAR2", "c1,0,0,16,0", "c1,0,7,16,", "c1,0,15,16,1"),
    ("GET /api/parameters/CAR2", "c3,0,8,32,CAR2", "c3,0,9,32,secret", "c3,0,31,32,"),
    ("PUT /api/lock/CAR2?pin=1234",),
    ("PUT /api/chargecurrent/CAR2?amps=much",),
    ("PUT /api/reset/NEVER",),
    ("PUT /api/wakeup/SEALED",),
)
"""Commands, and what the car answers; nothing where it is not asked."""

BODIES = {
    "PUT chargemode": {"mode": "range"},
    "PUT chargecurrent": {"amps": "16"},
    "PUT chargemodecurrent": {"mode": "performance", "amps": "32"},
    "PUT chargetimer": {"time": "23:30"},
    "PUT lock": {"pin": "1234"},
    "DELETE lock": {"pin": "1234"},
    "PUT valet": {"pin": "1234"},
    "DELETE valet": {"pin": "1234"},
    "PUT homelink": {"button": "1"},
    "PUT feature": {"feature": "9", "value": "1"},
    "PUT parameter": {"parameter": "0", "value": "+1234"},
}
"""What the calls say that send a command; those not listed say nothing."""

TOKEN_FORM = {"application": "evcc", "purpose": "wall box", "permit": "session,token.admin"}

ACCOUNT_CALLS = (
    ("GET /api/cookie", BOB, None),
    ("DELETE /api/cookie", BOB, None),
    ("GET /api/token", BOB, None),
    ("POST /api/token", BOB, TOKEN_FORM),
    ("POST /api/token?application=by%20query", BOB, None),
    ("GET /api/token?of=both", BOB, None),
    ("DELETE /api/token/none", BOB, None),
    ("GET /api/vehicles?stale=cookie", None, None),
    ("POST /mqapi/auth", None, {**BOB, "topic": "", "acc": "-1", "clientid": ""}),
    ("POST /mqapi/auth?wrong=yes", None, {"username": "bob", "password": "wrong"}),
    ("POST /mqapi/superuser", None, {"username": "bob"}),
    ("POST /mqapi/acl", None, {"username": "bob", "topic": "ovms/bob/x", "acc": "1"}),
    ("POST /mqapi/acl?others=yes", None, {"username": "bob", "topic": "ovms/alice/x", "acc": "1"}),
    ("POST /mqapi/acl?nobody=yes", None, {"topic": "ovms/bob/x"}),
    ("GET /mqapi/auth", None, None),
    ("OPTIONS /api/vehicles", None, None),
)
"""Calls of no vehicle, who makes them, and their forms; of a query only the value may matter."""

STALE = {"cookie": "ovmsapisession=7b0e3c5e-0000-4000-8000-000000000000"}

_RANDOM = re.compile(rb"[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A token, or a session."""

RECORDS = (
    ("*-LOG-Trip", -60, 3, b"first,1"),
    ("*-LOG-Trip", 0, 3, b"third,caf\xe9"),
    ("*-LOG-Trip", 0, 1, b"second"),
    ("RT-BAT-P", 0, 7, b""),
)
"""The history of FULL: type, seconds from the start, number, data."""


async def answers(folder: Path) -> dict[str, bytes]:
    """Return the text of each golden file by its name, with a database in ``folder``."""
    async with open_site(folder) as site:
        full = await fill(site)
        found = {name_of(call): written(call, await ask(site, call)) for call in CALLS}
        found |= {name_of(call): text for call, text in await commanded(site)}
        found |= {name_of(call): text for call, text in await commanded_all(site, *full)}
        found |= {name_of(call): text for call, text in await managed(site)}
        nobody = await site.client.get("/api/status/FULL")
        found["unauthenticated"] = written("GET /api/status/FULL, as nobody", nobody)
    return found


async def fill(site: HttpSite) -> tuple[RoomSession, FakeLine]:
    """Make the vehicles, and have each say its messages 90 seconds ago.

    Return the connection of FULL, which alone stays.
    """
    found = []
    with site.database.writing() as connection:
        owner = queries.find_owner(connection, "bob")
        assert owner is not None
        for vehicle_id in VEHICLES:
            queries.add_vehicle(connection, vehicle_id, owner, "secret", START)
    for kind, seconds, number, data in RECORDS:
        time = int(START) + seconds
        record = KeptRecord(kind, number, time, time + 86400, data, None, START)
        assert site.store.put_history("FULL", record)
    for vehicle_id, messages in VEHICLES.items():
        if messages:
            session, line = await site.report(*messages, vehicle_id=vehicle_id)
            found.append((session, line))
            if vehicle_id != "FULL":
                session.closed(None)
    await site.enter(Role.BATCH, "FULL")
    site.clock.advance(90.9)
    return found[0]


async def ask(site: HttpSite, call: str) -> httpx.Response:
    """Make a call as Bob."""
    method, _, rest = call.partition(" ")
    path, _, query = rest.partition("?")
    parameters = dict([query.split("=")]) if query else {}
    return await site.client.request(method, path, params=BOB | parameters)


async def commanded(site: HttpSite) -> list[tuple[str, bytes]]:
    """Give CAR2 each of the commands as Bob."""
    session, line = await site.report("S80,K", vehicle_id="CAR2")
    found = []
    for call, *rows in COMMANDS:
        line.take()
        asking = asyncio.create_task(ask(site, call))
        if rows:
            await until(lambda: line.messages)
        for row in rows:
            session.receive(message(row))
        found.append((call, written(call, await asking)))
    return found


async def commanded_all(
    site: HttpSite, session: RoomSession, line: FakeLine
) -> list[tuple[str, bytes]]:
    """Make each call that sends a command for each vehicle; the car of FULL obeys.

    What it has heard stands behind the call.
    """
    found = []
    for each, vehicle in itertools.product(command_calls.CALLS, VEHICLES):
        name = f"{each.name}s" if each.method == "GET" else each.name  # as the field has them
        path = f"/api/{name}/{vehicle}"
        call = f"{each.method} {path}"
        form = BODIES.get(f"{each.method} {name}")
        request = site.client.request(each.method, path, params=BOB, data=form)
        line.take()
        asking = asyncio.create_task(request)
        title = f"{call} {urlencode(form)}" if form else call
        if vehicle == "FULL":
            await until(lambda: line.messages)
            (heard,) = line.take()
            title += f" sends {heard}"
            row = ",0,1,7" if each.spec.first_row is not None else ""
            session.receive(message(f"c{each.spec.number},0{row}"))
        found.append((call, written(title, await asking)))
    return found


async def managed(site: HttpSite) -> list[tuple[str, bytes]]:
    """Make the calls of no vehicle, and remove a token; what is random is covered."""
    found = []
    for call, who, form in ACCOUNT_CALLS:
        method, _, target = call.partition(" ")
        path, _, query = target.partition("?")
        parameters = dict(parse_qsl(query)) | (who or {})
        headers = STALE if "stale" in query else {}
        answer = await site.client.request(
            method, path, params=parameters, data=form, headers=headers
        )
        found.append((call, written(call, answer)))
        site.client.cookies.clear()
    token = (await ask(site, "GET /api/token")).json()[0]["token"]
    removed = await ask(site, f"DELETE /api/token/{token}")
    found.append(("DELETE /api/token", written(f"DELETE /api/token/{token}", removed)))
    return [(call, covered(text)) for call, text in found]


def covered(text: bytes) -> bytes:
    """Return it with an x for each random digit."""
    return _RANDOM.sub(lambda found: re.sub(rb"[0-9a-f]", b"x", found[0]), text)


def written(call: str, answer: httpx.Response) -> bytes:
    """Return an answer as its file has it: the call, the status, all headers, the body."""
    head = [call, str(answer.status_code)]
    head += [f"{name}: {value}" for name, value in sorted(answer.headers.items())]
    return "\n".join(head).encode() + b"\n\n" + answer.content


def name_of(call: str) -> str:
    """Return the name of a call's file, without its suffix."""
    method, _, rest = call.partition(" ")
    path = (
        rest.removeprefix("/api/")
        .removeprefix("/")
        .replace("*-", "")
        .replace("?", " ")
        .partition("=")[0]
    )
    name = path.replace("/", "-").replace(" ", "-").lower()
    return name if method == "GET" else f"{method.lower()}-{name}"


def rewrite() -> None:
    """Write the files anew, and remove those of calls that are no more."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(answers(Path(folder)))
    for old in FOLDER.glob("*.http"):
        old.unlink()
    for name, text in found.items():
        (FOLDER / f"{name}.http").write_bytes(text)


if __name__ == "__main__":
    rewrite()
