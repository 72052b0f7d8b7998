"""What clients of the field do with our answers, each as strictly as the strictest of its kind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.protocol import Message, Role
from ovms.server.storage import queries
from tests.server.http import strict
from tests.server.http.api import BOB, HttpSite, open_site
from tests.server.http.strict import Undecodable, decode, decode_rows, parse
from tests.server.hub.fakes import START

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ovms.server.hub.hub import RoomSession

# What firmwares of the field send, with every field, and a module with hardly any.
STATUS = (
    "S64.4,K,231,15.9,charging,standard,169,172,16,3720,0,41,7,1,0,0,0,0,66.40,95,80,0,80,-1,0,0,0"
    ",-1,95,263,0,3.66,397.00,98,3.80,96.30,9.21,380.5,4.6,1204.7,27.20"
)
ENVIRONMENT = "D92,8,5,44,42,28,103,149220,0,248032,32,2,1,1,12.47,6,12.82,16,38,0.4,31"
LOCATION = "L52.520008,13.404954,41.4,34.2,1,1,0,103,0,-3.664,0.900,0.512,-3.7,96,A,11,0.8,0,83"
TYRES = "Y4,FL,FR,RL,RR,4,240.5,241.0,236.2,237.9,1,4,21,22,20,20,1,0,0,4,0,0,1,0,1"
FIRMWARE = "F3.3.005/ota_1/main,0VMSSM1DEM0000002,23,1,SE,Provider"
FULL = (STATUS, ENVIRONMENT, LOCATION, TYRES, FIRMWARE)
SHORT = ("S80,K", "D4", "L", "F3.3")
GAPS = ("S,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,", "D,,,,,,,,,,,,,,,,,,,,", "L,,,,,,,,,,,,,")
SEALED = ("ETtoken", "EMSsealed", "EMDsealed", "EMLsealed", "EMYsealed")
NEVER_SEEN: tuple[str, ...] = ()


async def body_of(api: HttpSite, path: str) -> bytes:
    """Return the body of a call that succeeds."""
    answer = await api.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.content


class TestChargeController:
    """A charge controller that decodes into typed structures; one wrong type voids an answer."""

    @pytest.mark.parametrize("said", [FULL, SHORT, GAPS, NEVER_SEEN])
    async def test_decodes(self, api: HttpSite, said: tuple[str, ...]) -> None:
        """All that it declares fits, or is null, or is not there."""
        await api.report(*said)
        decode(await body_of(api, "/api/vehicle/CAR1"), strict.CONTROLLER_CONNECTION)
        decode(await body_of(api, "/api/charge/CAR1"), strict.CONTROLLER_CHARGE)
        decode(await body_of(api, "/api/status/CAR1"), strict.CONTROLLER_STATUS)
        decode(await body_of(api, "/api/location/CAR1"), strict.CONTROLLER_LOCATION)

    async def test_what_it_shows(self, api: HttpSite) -> None:
        """State of charge, range, plug, remaining minutes and odometer are what the car said."""
        await api.report(*FULL)
        charge = decode(await body_of(api, "/api/charge/CAR1"), strict.CONTROLLER_CHARGE)
        status = decode(await body_of(api, "/api/status/CAR1"), strict.CONTROLLER_STATUS)
        assert (float(charge["soc"]), int(charge["estimatedrange"])) == (64.4, 172)
        assert (charge["chargestate"], charge["cp_dooropen"]) == ("charging", 4)
        assert (int(charge["charge_etr_full"]), float(status["odometer"]) / 10) == (95, 14922.0)

    async def test_a_sealed_car(self, api: HttpSite) -> None:
        """A sealed car is an error with a status code, not a body that does not decode."""
        await api.report(*SEALED)
        for call in ("charge", "status", "location", "tpms"):
            answer = await api.get(f"/api/{call}/CAR1")
            assert answer.status_code == 502
            assert answer.headers["content-type"].startswith("text/plain")
        decode(await body_of(api, "/api/vehicle/CAR1"), strict.CONTROLLER_CONNECTION)

    async def test_waits_for_news(self, api: HttpSite) -> None:
        """The age of the newest S falls when the car reports after the watch began."""
        car, line = await api.report(*FULL)
        line.take()
        api.clock.advance(300)
        first = decode(await body_of(api, "/api/vehicle/CAR1"), strict.TIMES_S, complete=True)
        assert first["m_msgage_s"] == 300
        assert "Z1" in line.take()
        car.receive(Message("S", STATUS[1:].encode()))
        again = decode(await body_of(api, "/api/vehicle/CAR1"), strict.TIMES_S, complete=True)
        assert again["m_msgage_s"] == 0


class TestWatch:
    """A watch whose structures have no optional members: each key must be there and not null."""

    TABLES = (
        ("status", strict.STATUS_OF_S | strict.STATUS_OF_D),
        ("charge", strict.CHARGE_OF_S | strict.CHARGE_OF_D),
        ("location", strict.LOCATION),
    )

    @pytest.mark.parametrize(("call", "table"), TABLES)
    async def test_a_full_record(
        self, api: HttpSite, call: str, table: dict[str, strict.Check]
    ) -> None:
        """Of a car that reports everything, every key is there with a value."""
        await api.report(*FULL)
        answered = decode(await body_of(api, f"/api/{call}/CAR1"), table, complete=True)
        assert [key for key in table if answered[key] is None] == []

    @pytest.mark.parametrize("said", [SHORT, GAPS])
    @pytest.mark.parametrize(("call", "table"), TABLES)
    async def test_a_short_record(
        self, api: HttpSite, call: str, table: dict[str, strict.Check], said: tuple[str, ...]
    ) -> None:
        """Of a car that reports little, every key is there all the same."""
        await api.report(*said)
        decode(await body_of(api, f"/api/{call}/CAR1"), table, complete=True)

    async def test_only_one_record(self, api: HttpSite) -> None:
        """Keys of a record that never came are left out, those of the other are all there."""
        await api.report(STATUS)
        for call, ours, others in (
            ("status", strict.STATUS_OF_S, strict.STATUS_OF_D),
            ("charge", strict.CHARGE_OF_S, strict.CHARGE_OF_D),
        ):
            answered = decode(await body_of(api, f"/api/{call}/CAR1"), ours, complete=True)
            assert not answered.keys() & (others.keys() - ours.keys())

    async def test_lists_its_vehicles(self, api: HttpSite) -> None:
        """It asks with a slash at the end, and takes items of exactly four keys."""
        await api.report(*FULL)
        rows = decode_rows(await body_of(api, "/api/vehicles/"), strict.LISTED)
        assert [(row["id"], row["v_net_connected"]) for row in rows] == [("CAR1", 1), ("CAR2", 0)]

    async def test_connects(self, api: HttpSite) -> None:
        """It asks for its vehicle with a slash at the end, and takes four bare integers."""
        connection = decode(
            await body_of(api, "/api/vehicle/CAR1/"), strict.CONNECTION, complete=True
        )
        assert (connection["v_first_peer"], connection["v_apps_connected"]) == (1, 1)

    async def test_sends_the_whole_cookie_back(self, api: HttpSite) -> None:
        """It stores what Set-Cookie says, and sends all of it as its Cookie, days later too."""
        login = await api.client.get("/api/cookie/", params=BOB)
        assert login.text == "Login ok\n"
        cookie = login.headers["set-cookie"]
        api.client.cookies.clear()
        headers = {"Cookie": cookie}
        assert (await api.client.get("/api/vehicles/", headers=headers)).status_code == 200
        api.clock.advance(86_400)
        assert (await api.client.get("/api/vehicles/", headers=headers)).status_code == 404


class TestLogger:
    """A logger of trips that takes its cookie apart by hand."""

    async def log_in(self, api: HttpSite) -> dict[str, str]:
        """Return the header of a session: all that stands behind the first equals sign."""
        login = await api.client.get("/api/cookie", params=BOB)
        assert login.status_code == 200
        name, value = login.headers["set-cookie"].split("=", 1)
        api.client.cookies.clear()
        return {"Cookie": f"{name}={value}"}

    async def test_takes_its_cookie_apart(self, api: HttpSite) -> None:
        """The part behind the equals sign, whole, is the session."""
        headers = await self.log_in(api)
        answer = await api.client.get("/api/vehicles", headers=headers)
        assert answer.status_code == 200
        assert headers["Cookie"].count("=") == 1

    async def test_comes_back_after_a_pause(self, api: HttpSite) -> None:
        """A session that has lapsed is answered with 404, after which it logs in again."""
        headers = await self.log_in(api)
        api.clock.advance(3600)
        assert (await api.client.get("/api/status/CAR1", headers=headers)).status_code == 404
        headers = await self.log_in(api)
        assert (await api.client.get("/api/status/CAR1", headers=headers)).status_code == 200

    async def test_has_two_cookies(self, api: HttpSite) -> None:
        """Its jar holds a stale session beside the live one, in either order."""
        stale = await self.log_in(api)
        api.clock.advance(3600)
        live = await self.log_in(api)
        for both in (stale, live), (live, stale):
            headers = {"Cookie": "; ".join(each["Cookie"] for each in both)}
            assert (await api.client.get("/api/status/CAR1", headers=headers)).status_code == 200

    async def test_logs_in_with_a_stale_cookie(self, api: HttpSite) -> None:
        """Credentials count, whatever cookie comes with them."""
        headers = await self.log_in(api)
        api.clock.advance(3600)
        for path in ("/api/cookie", "/api/status/CAR1"):
            answer = await api.client.get(path, params=BOB, headers=headers)
            assert answer.status_code == 200

    async def test_an_empty_position(self, api: HttpSite) -> None:
        """It knows a car without a position by a body of three bytes."""
        await api.report(STATUS)
        assert await body_of(api, "/api/location/CAR1") == b"{}\n"
        assert await body_of(api, "/api/status/CAR2") == b"{}\n"
        assert await body_of(api, "/api/charge/CAR2") == b"{}\n"
        assert await body_of(api, "/api/tpms/CAR2") == b"{}\n"

    async def test_reads_the_firmware(self, api: HttpSite) -> None:
        """Among the raw records it finds an F whose fields it counts."""
        await api.report(*FULL)
        rows = parse(await body_of(api, "/api/protocol/CAR1"))
        (firmware,) = (row["m_msg"].split(",") for row in rows if row["m_code"] == "F")
        assert (firmware[0], firmware[1], firmware[4]) == (
            "3.3.005/ota_1/main", "0VMSSM1DEM0000002", "SE",
        )  # fmt: skip

    async def test_logs_a_charge(self, api: HttpSite) -> None:
        """All numbers that it converts are there, and the times are as it parses them."""
        await api.report(*FULL)
        texts = (
            "soc chargekwh chargepower estimatedrange idealrange linevoltage chargecurrent"
            " temperature_ambient temperature_battery"
        )
        table = dict.fromkeys(texts.split(), strict.quoted_number) | {"m_msgtime_d": strict.time}
        decode(await body_of(api, "/api/charge/CAR1"), table, complete=True)
        texts = "latitude longitude altitude speed power drivemode"
        table = dict.fromkeys(texts.split(), strict.quoted_number) | {"m_msgtime_l": strict.time}
        decode(await body_of(api, "/api/location/CAR1"), table, complete=True)


class TestTokenClient:
    """A charge controller that makes itself a token, and calls with it instead of the password."""

    @staticmethod
    def parts(fields: dict[str, str]) -> dict[str, tuple[str, str]]:
        """Return form fields as parts that carry a file name each, as its library sends them."""
        return {name: (name, value) for name, value in fields.items()}

    async def test_makes_its_token(self, api: HttpSite) -> None:
        """Parts with file names make a token; with it, a status has the five keys that it reads."""
        await api.report(*FULL)
        made = await api.client.post(
            "/api/token", params=BOB,
            files=self.parts({"application": "controller", "purpose": "get soc"}),
        )  # fmt: skip
        assert made.status_code == 201
        token = parse(made.content)
        assert token.keys() == strict.TOKEN.keys()
        assert (token["application"], token["purpose"], token["permit"]) == (
            "controller", "get soc", "auth",
        )  # fmt: skip
        answer = await api.get("/api/status/CAR1", username="bob", password=token["token"])
        status = decode(
            answer.content,
            {
                "soc": strict.quoted_number,
                "estimatedrange": strict.quoted_number,
                "odometer": strict.quoted_number,
                "vehicle12v": strict.quoted_number,
                "m_msgtime_s": strict.time,
            },
            complete=True,
        )
        assert float(status["odometer"]) / 10 == 14922.0

    async def test_cleans_up(self, api: HttpSite) -> None:
        """What lists and removes tokens may not be its own one; the password may."""
        made = await api.client.post("/api//token/", params=BOB, data={"application": "old"})
        token = parse(made.content)["token"]
        refused = await api.get("/api/token", username="bob", password=token)
        assert refused.status_code == 403
        rows = parse((await api.get("/api/token//")).content)
        assert [row["token"] for row in rows if row["application"] == "old"] == [token]
        removed = await api.client.delete(f"/api/token/{token}/", params=BOB)
        assert removed.status_code == 200
        assert parse(removed.content).keys() == {"owner", "token"}
        assert (await api.get("/api/token")).content == b"[]\n"

    async def test_asks_by_query(self, api: HttpSite) -> None:
        """A token is made by query alone as well, without any body."""
        made = await api.client.post(
            "/api/token", params=BOB | {"permit": "auth", "application": "home", "purpose": "x"}
        )
        token = parse(made.content)
        assert (made.status_code, token["application"], token["purpose"]) == (201, "home", "x")


class TestHomeAutomation:
    """An integration that asks for everything at once, and logs in again on 404 alone."""

    CALLS = ("status", "charge", "location", "tpms", "vehicle")

    async def call(self, api: HttpSite, name: str, cookie: str) -> tuple[int, str]:
        """Call, and log in again if the session is gone; return the status and the cookie."""
        path = f"/api/{name}/CAR1"
        answer = await api.client.get(path, headers={"Cookie": cookie})
        if answer.status_code == 404:
            login = await api.client.get("/api/cookie", params=BOB, headers={"Cookie": cookie})
            cookie = login.headers["set-cookie"]
            answer = await api.client.get(path, headers={"Cookie": cookie})
        return answer.status_code, cookie

    async def test_logs_in_five_times_at_once(self, api: HttpSite) -> None:
        """After each lapse all its calls log in at once, and all are answered, day after day."""
        await api.report(*FULL)
        cookies = ["ovmsapisession=none"] * len(self.CALLS)
        for _ in range(10):
            api.client.cookies.clear()
            calls = zip(self.CALLS, cookies, strict=True)
            answers = await asyncio.gather(*(self.call(api, *each) for each in calls))
            assert [status for status, _ in answers] == [200] * len(self.CALLS)
            cookies = [cookie for _, cookie in answers]
            api.clock.advance(300)

    async def test_a_jar_for_all_calls(self, api: HttpSite) -> None:
        """A login of one of its calls, with the cookie of another's, leaves that one's alone."""
        first = (await api.client.get("/api/cookie", params=BOB)).headers["set-cookie"]
        login = await api.client.get("/api/cookie", params=BOB, headers={"Cookie": first})
        api.client.cookies.clear()
        for cookie in first, login.headers["set-cookie"]:
            status, same = await self.call(api, "status", cookie)
            assert (status, same) == (200, cookie)

    async def test_a_car_with_nothing(self, api: HttpSite) -> None:
        """A record that never came is no 404, which would make it log in at every poll."""
        for name in self.CALLS:
            assert (await api.get(f"/api/{name}/CAR2")).status_code == 200
        assert (await api.get("/api/status/CAR3")).status_code == 403
        assert (await api.get("/api/status/NOBODYS")).status_code == 403


class TestExporter:
    """A program that feeds a time series from raw records, and ends at a time it cannot parse."""

    @pytest.mark.parametrize("said", [FULL, SHORT, GAPS, SEALED, NEVER_SEEN])
    async def test_raw_records(self, api: HttpSite, said: tuple[str, ...]) -> None:
        """Every record is a row of five keys with fixed types."""
        await api.report(*said)
        rows = decode_rows(await body_of(api, "/api/protocol/CAR1"), strict.PROTOCOL)
        assert bool(rows) == bool(said)
        assert any(row["m_paranoid"] for row in rows) == (said is SEALED)

    async def test_history(self, api: HttpSite) -> None:
        """Types and records of the history are rows with fixed types."""
        car, _ = await api.report(*FULL)
        car.receive(Message("H", b"*-LOG-Test,1,86400,a,b"))
        car.receive(Message("H", b"*-LOG-Test,2,86400,c"))
        api.clock.advance(10)
        rows = decode_rows(await body_of(api, "/api/historical/CAR1"), strict.SUMMARY)
        assert "*-LOG-Test" in {row["h_recordtype"] for row in rows}
        records = decode_rows(
            await body_of(api, "/api/historical/CAR1/*-LOG-Test"), strict.HISTORICAL
        )
        assert [(row["h_recordnumber"], row["h_data"]) for row in records] == [(1, "a,b"), (2, "c")]
        since = await api.get(
            "/api/historical/CAR1/*-LOG-Test", **BOB, since=records[0]["h_timestamp"]
        )
        assert since.status_code == 200


class TestBrowser:
    """An app in a browser, which may only read what other origins are allowed to."""

    @pytest.mark.parametrize("path", ["/api/vehicles", "/api/status/CAR3", "/api/nothing"])
    async def test_reads_every_answer(self, api: HttpSite, path: str) -> None:
        """Answers, refusals and unknown calls allow every origin."""
        answer = await api.get(path)
        assert answer.headers["access-control-allow-origin"] == "*"
        refused = await api.client.get(path)
        assert refused.headers["access-control-allow-origin"] == "*"

    async def test_asks_before_it_deletes(self, api: HttpSite) -> None:
        """What a browser asks before it uses a method is answered without credentials."""
        answer = await api.client.options(
            "/api/token/abc",
            headers={"Origin": "https://app.example", "Access-Control-Request-Method": "DELETE"},
        )
        assert answer.status_code in (200, 204)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "DELETE" in answer.headers["access-control-allow-methods"]


# -- whatever cars send, the decoders succeed ------------------------------------------------------

_UNKNOWN = st.sampled_from([b"", b"nan", b"-nan", b"inf", b"-inf"])
_INTEGERS = _UNKNOWN | st.integers(-(10**6), 10**6).map(lambda number: b"%d" % number)
_NUMBERS = _INTEGERS | st.decimals(-1000, 1000, places=3, allow_nan=False).map(
    lambda number: str(number).encode()
)
_ANYTHING = _NUMBERS | st.binary(max_size=8).map(lambda data: data.translate(None, b",\r\n\0"))
"""Text in any encoding, too."""


def records(
    longest: int, *, numbers: tuple[int, ...] = (), integers: tuple[int, ...] = ()
) -> st.SearchStrategy[bytes]:
    """Return messages' data of up to so many fields; some, counted from 1, are numbers."""
    kinds = dict.fromkeys(numbers, _NUMBERS) | dict.fromkeys(integers, _INTEGERS)
    fields = [kinds.get(at, _ANYTHING) for at in range(1, longest + 1)]
    return st.builds(
        lambda values, count: b",".join(values[:count]),
        st.tuples(*fields),
        st.integers(0, longest),
    )


TOKEN = "ab" * 32


class Site:
    """A site in a loop of its own, so that many examples share it."""

    def __init__(self, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self._opening = open_site(folder)
        self.api: HttpSite = self.runner.run(self._opening.__aenter__())
        self.car: RoomSession = self.runner.run(self.api.enter(Role.CAR))[0]
        with self.api.database.writing() as connection:
            owner = queries.get_owner(connection, "bob")
            queries.add_token(connection, owner, TOKEN, START, "test", "test", "auth")

    def say(self, code: str, data: bytes) -> None:
        """Have the car say a message."""

        async def receive() -> None:
            self.car.receive(Message(code, data))

        self.runner.run(receive())

    def call(self, path: str) -> bytes:
        """Call with a token."""
        answer = self.runner.run(self.api.get(path, username="bob", password=TOKEN))
        assert answer.status_code == 200, answer.text
        return answer.content

    def close(self) -> None:
        """Have everybody leave."""
        self.runner.run(self._opening.__aexit__(None, None, None))
        self.runner.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Open a site for this module."""
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.close()


@given(
    status=records(45, numbers=(1,), integers=(8, 20)),
    environment=records(25, numbers=(8,), integers=(14,)),
    location=records(20, numbers=(1, 2)),
)
@settings(max_examples=150)
def test_whatever_cars_send(site: Site, status: bytes, environment: bytes, location: bytes) -> None:
    """The strictest of all decoders takes every answer, and no key is missing."""
    for code, data in (("S", status), ("D", environment), ("L", location)):
        site.say(code, data)
    calls: tuple[tuple[str, dict[str, Callable[[object], None]], dict[str, strict.Check]], ...] = (
        ("status", strict.STATUS_OF_S | strict.STATUS_OF_D, strict.CONTROLLER_STATUS),
        ("charge", strict.CHARGE_OF_S | strict.CHARGE_OF_D, strict.CONTROLLER_CHARGE),
        ("location", strict.LOCATION, strict.CONTROLLER_LOCATION),
    )
    for call, whole, controller in calls:
        body = site.call(f"/api/{call}/CAR1")
        decode(body, whole, complete=True)
        answered = decode(body, controller)
        assert "" not in answered.values()
    decode_rows(site.call("/api/protocol/CAR1"), strict.PROTOCOL)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (strict.quoted_number, ["0", "-1.5", "1e3"], ["", "nan", "+1", "01", ".5", "5.", 4, None]),
        (strict.quoted_integer, ["0", "-12"], ["1.0", "1e3", "", str(2**63), 4, True]),
        (strict.integer, [0, 4], [True, False, "4", 4.0, None, 2**63]),
        (strict.time, ["2026-11-26 22:00:00"], ["2026-11-26T22:00:00", "", None, 7]),
    ],
)
def test_decoders_are_strict(check: strict.Check, good: list[object], bad: list[object]) -> None:
    """The decoders themselves refuse what such clients refuse."""
    for value in good:
        check(value)
    for value in bad:
        with pytest.raises(Undecodable):
            check(value)


@pytest.mark.parametrize(
    "body", [b"{}", b"{}\n\n", b'{"b":1,"a":1}\n', b'{"a":1,"a":1}\n', b'{"a":NaN}\n', b"\xff\n"]
)
def test_the_parser_is_strict(body: bytes) -> None:
    """A body is one line of UTF-8 with a newline, its keys sorted and unique."""
    with pytest.raises(Undecodable):
        parse(body)
