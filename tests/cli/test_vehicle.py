from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from ovms.cli import owner, vehicle, vehicle_listing
from ovms.server.accounts.passwords import verify_password
from ovms.server.storage import queries
from ovms.server.storage.failed_calls import put_failed_calls
from ovms.server.storage.opening import open_database
from ovms.server.storage.seen_tokens import find_key, memory_of
from ovms.server.values import FailedCall
from tests.server.storage.databases import with_schema

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVMS_DATA", str(with_schema(tmp_path)))
    for name in ("OVMS_PASSWORD", "OVMS_SECRET", "OVMS_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    assert CliRunner().invoke(owner.app, ["add", "bob"]).exit_code == 0


def _run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(vehicle.app, arguments, input=stdin)


def _good(*arguments: str, stdin: str | bytes | None = None) -> str:
    result = _run(*arguments, stdin=stdin)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def _warned(*arguments: str, stdin: str | bytes | None = None) -> str:
    """Return what a command prints that warns of a module which is refused from now on."""
    result = _run(*arguments, stdin=stdin)
    assert result.exit_code == 0
    assert "gives up for good" in result.stderr
    assert all(line.startswith("ovms: ") for line in result.stderr.splitlines())
    return result.stdout


def _bad(*arguments: str, stdin: str | bytes | None = None) -> str:
    result = _run(*arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("ovms: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def _listed() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_good("list", "--json"))
    return found


STRONG = "nhi96XDQP47aQhQG6BJxPP"


def _secret(tmp_path: Path, vehicle_id: str) -> str:
    with open_database(tmp_path).reading() as connection:
        return queries.get_vehicle(connection, vehicle_id).secret


def test_add_makes_secret(tmp_path: Path) -> None:
    """Without a secret one is made that a module takes, printed once."""
    told = re.match(
        r"vehicle DEMO added\nsecret: ([A-Za-z0-9]{22})\n\n", _good("add", "demo", "--owner", "bob")
    )
    assert told is not None
    assert _secret(tmp_path, "demo") == told[1]
    assert told[1] not in _good("list") + _good("list", "--json")


def test_add_json(tmp_path: Path) -> None:
    """With ``--json`` the made secret is part of the answer; a given one is not repeated."""
    made = json.loads(_good("add", "a", "--owner", "BOB", "--name", "My car", "--json"))
    secret = made.pop("secret")
    assert made == {"id": "A", "owner": "bob", "name": "My car", "type": "car"}
    assert _secret(tmp_path, "a") == secret
    given = ["add", "b", "--owner", "bob", "--type", "server", "--secret", "xy z", "--json"]
    assert json.loads(_good(*given))["secret"] is None
    assert _secret(tmp_path, "b") == "xy z"


def test_add_with_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret comes by file or variable, and is part of what to set in the module only."""
    told = _good("add", "a", "--owner", "bob", "--secret-file", "-", stdin=f"{STRONG}\n")
    assert told.startswith("vehicle A added\n\n")
    monkeypatch.setenv("OVMS_SECRET", f"{STRONG}2")
    _good("add", "b", "--owner", "bob")
    assert (_secret(tmp_path, "a"), _secret(tmp_path, "b")) == (STRONG, f"{STRONG}2")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["car", "--owner", "bob"], "vehicle CAR exists already"),
        (["new", "--owner", "eve"], "no owner eve"),
        (["a b", "--owner", "bob"], "may not hold ' '"),
        (["a*", "--owner", "bob"], "may not hold '*'"),
        (["a/b", "--owner", "bob"], "may not hold '/'"),
        (["", "--owner", "bob"], "empty"),
        (["x" * 33, "--owner", "bob"], "longer than 32"),
        (["new", "--owner", "bob", "--secret", ""], "the secret is empty"),
        (["new", "--owner", "bob", "--name", "a\nb"], "printed"),
        (["new", "--owner", "bob", "--server", "a b"], "may not hold ' '"),
        (["new", "--owner", "bob", "--server", ""], "the server is empty"),
    ],
)
def test_add_refused(arguments: list[str], reason: str) -> None:
    """What cannot be added is told in one line, and nothing is made."""
    _good("add", "CAR", "--owner", "bob")
    assert reason in _bad("add", *arguments)
    assert len(_listed()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["add", "x"],
        ["add", "x", "--owner", "bob", "--type", "bus"],
        ["add", "x", "--owner", "bob", "--secret", "a", "--secret-file", "b"],
        ["rename", "x"],
        ["transfer", "x", "bob", "--owner", "bob"],
        ["server", "x"],
        ["server", "x", "eu", "--server", "eu"],
        ["set", "x"],
        ["set", "x", "--new-secret"],
        ["set", "x", "--tls-only", "--new-secret", "--secret", "s"],
        ["import"],
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    """Wrong usage is exit code 2."""
    assert _run(*arguments).exit_code == 2


def test_list(tmp_path: Path) -> None:
    """The list says who is online and when each was heard."""
    _good("add", "two", "--owner", "bob")
    _good("add", "one", "--owner", "bob", "--name", "First")
    with open_database(tmp_path).writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO server (id, started, heartbeat) VALUES (1, 0, unixepoch())"
        )
        connection.exec_driver_sql("INSERT INTO presence VALUES ('ONE', 1, 2, 1, 1700000000.0)")
        connection.exec_driver_sql("INSERT INTO history_counts VALUES ('ONE', 'L', 0, 3, 99)")
    one, two = _listed()
    assert one == {
        "id": "ONE", "name": "First", "owner": "bob", "type": "car", "online": True, "apps": 2,
        "batch": 1, "heard": "2023-11-14T22:13:20Z", "server": "*", "tls_only": False,
        "plain": None, "records": 3, "bytes": 99,
    }  # fmt: skip
    assert (two["records"], two["bytes"]) == (0, 0)
    assert (two["online"], two["apps"], two["heard"]) == (False, 0, None)
    lines = [line.split("\t") for line in _good("list").splitlines()]
    assert lines == [
        ["id", "name", "owner", "type", "online", "apps", "last heard", "tls only", "last plain",
         "records", "bytes"],
        ["ONE", "First", "bob", "car", "yes", "2", "2023-11-14T22:13:20Z", "no", "never", "3",
         "99"],
        ["TWO", "", "bob", "car", "no", "0", "never", "no", "never", "0", "0"],
    ]  # fmt: skip


def test_list_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """People are told how long ago a vehicle was heard."""
    _good("add", "one", "--owner", "bob")
    with open_database(tmp_path).writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO presence VALUES ('ONE', 0, 0, 0, unixepoch() - 3 * 86400)"
        )
    monkeypatch.setattr(vehicle_listing, "_is_read_by_people", lambda: True)
    assert _good("list").splitlines()[1].split("\t")[6:] == ["3 d", "no", "never", "0", "0"]


def test_list_of_owner() -> None:
    """One owner's vehicles can be asked for; of one who does not exist it is an error."""
    _good("add", "a", "--owner", "bob")
    assert CliRunner().invoke(owner.app, ["add", "eve"]).exit_code == 0
    assert json.loads(_good("list", "--owner", "eve", "--json")) == []
    assert "no owner adam" in _bad("list", "--owner", "adam")


def test_change() -> None:
    """Name and owner can be changed, said either way."""
    _good("add", "a", "--owner", "bob")
    assert CliRunner().invoke(owner.app, ["add", "eve"]).exit_code == 0
    assert _good("rename", "a", "Red one") == "vehicle A is called Red one\n"
    _good("rename", "a", "--name", "Blue one")
    assert _good("transfer", "a", "EVE", "--keep-secret") == "vehicle A belongs to eve\n"
    _run("transfer", "a", "--owner", "bob")
    assert (_listed()[0]["name"], _listed()[0]["owner"]) == ("Blue one", "bob")


def test_transfer_makes_a_secret(tmp_path: Path) -> None:
    """The former owner knows the old secret: a new one is printed once, unless it is kept."""
    _run("add", "a", "--owner", "bob", "--secret", "known")
    assert CliRunner().invoke(owner.app, ["add", "eve"]).exit_code == 0
    told = re.fullmatch(
        r"vehicle A belongs to eve\nsecret: ([A-Za-z0-9]{22})\n", _warned("transfer", "a", "eve")
    )
    assert told
    assert _secret(tmp_path, "a") == told[1]
    assert _good("transfer", "a", "eve") == "vehicle A belongs to eve\n"
    assert _secret(tmp_path, "a") == told[1]
    made = json.loads(_warned("transfer", "a", "bob", "--json"))
    assert (made["id"], made["owner"], made["secret"]) == ("A", "bob", _secret(tmp_path, "a"))
    assert _good("transfer", "a", "eve", "--keep-secret") == "vehicle A belongs to eve\n"
    assert _secret(tmp_path, "a") == made["secret"]


def test_transfer_with_a_secret(tmp_path: Path) -> None:
    """A secret that is given is used and not printed; the one that is known already is refused."""
    _run("add", "a", "--owner", "bob", "--secret", "known")
    assert CliRunner().invoke(owner.app, ["add", "eve"]).exit_code == 0
    assert "the former owner knows" in _bad("transfer", "a", "eve", "--secret", "known")
    told = _warned("transfer", "a", "eve", "--secret-file", "-", stdin="new one\n")
    assert told == "vehicle A belongs to eve\n"
    assert _secret(tmp_path, "a") == "new one"
    assert _run("transfer", "a", "bob", "--keep-secret", "--secret", "x").exit_code == 2


def test_server() -> None:
    """Which server serves a vehicle is said when it is added, and changed either way."""
    _good("add", "a", "--owner", "bob", "--server", "eu")
    _good("add", "b", "--owner", "bob")
    assert [row["server"] for row in _listed()] == ["EU", "*"]
    assert _good("server", "a", "*") == "vehicle A is served by any server\n"
    assert _good("server", "b", "--server", "us") == "vehicle B is served by server US\n"
    assert [row["server"] for row in _listed()] == ["*", "US"]
    assert "may not hold ','" in _bad("server", "a", "eu,us")


def test_tls_only(tmp_path: Path) -> None:
    """A vehicle takes TLS only, or any connection again; its secret may change with it."""
    _run("add", "a", "--owner", "bob", "--secret", "old")
    assert _warned("set", "a", "--tls-only") == "vehicle A takes logins over TLS only\n"
    assert _listed()[0]["tls_only"] is True
    told = re.fullmatch(
        r"vehicle A takes logins over TLS only\nsecret: ([A-Za-z0-9]{22})\n",
        _warned("set", "a", "--tls-only", "--new-secret"),
    )
    assert told
    assert _secret(tmp_path, "a") == told[1]
    assert _warned("set", "a", "--no-tls-only", "--secret-file", "-", stdin="given\n") == (
        "vehicle A takes logins with and without TLS\n"
    )
    assert (_secret(tmp_path, "a"), _listed()[0]["tls_only"]) == ("given", False)
    made = json.loads(_warned("set", "a", "--tls-only", "--new-secret", "--json"))
    assert made == {
        "id": "A", "owner": "bob", "name": "", "type": "car", "tls_only": True,
        "secret": _secret(tmp_path, "a"),
    }  # fmt: skip
    assert json.loads(_warned("set", "a", "--tls-only", "--json"))["secret"] is None
    assert _secret(tmp_path, "a") == made["secret"]


def test_a_secret_that_was_used_without_tls(tmp_path: Path) -> None:
    """The list says when; a vehicle that is to take TLS only should have a new one then."""
    _run("add", "a", "--owner", "bob", "--secret", "old")
    key = b"k" * 32
    with open_database(tmp_path).writing() as connection:
        connection.exec_driver_sql("INSERT INTO server (id, started, heartbeat) VALUES (1, 0, 0)")
        find_key(connection, key)
        use = "INSERT INTO secret_uses VALUES (?, 1700000000.0)"
        connection.exec_driver_sql(use, (memory_of(key, "old"),))
    assert _listed()[0]["plain"] == "2023-11-14T22:13:20Z"
    assert _good("list").splitlines()[1].endswith("\tno\t2023-11-14T22:13:20Z\t0\t0")
    warned = _run("set", "a", "--tls-only")
    assert warned.exit_code == 0
    assert "last on 2023-11-14T22:13:20Z" in warned.stderr
    assert "--new-secret" in warned.stderr
    _warned("set", "a", "--tls-only", "--new-secret")
    assert _listed()[0]["plain"] is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["rename", "x", "n"],
        ["transfer", "x", "bob"],
        ["server", "x", "eu"],
        ["secret", "x"],
        ["secret", "x", "--new"],
        ["set", "x", "--tls-only"],
        ["remove", "x", "--yes"],
        ["remove", "x"],
    ],
)
def test_unknown(arguments: list[str]) -> None:
    """A vehicle that does not exist cannot be changed."""
    assert "no vehicle X" in _bad(*arguments)


def test_remove_and_add_again() -> None:
    """A removed vehicle is gone, and its id free; without a terminal ``--yes`` must be said."""
    _good("add", "a", "--owner", "bob")
    refused = _run("remove", "a")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "say --yes" in refused.stderr
    assert len(_listed()) == 1
    assert _good("remove", "a", "--yes") == "vehicle A removed\n"
    assert _listed() == []
    _good("add", "a", "--owner", "bob")


def test_remove_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    """A no on a terminal leaves the vehicle, ``--yes`` is not asked."""
    _good("add", "a", "--owner", "bob")
    monkeypatch.setattr("ovms.cli.common.on_terminal", lambda: True)
    assert _run("remove", "a", stdin="n\n").exit_code == 1
    assert len(_listed()) == 1
    _good("remove", "a", "--yes")


def _imported(*arguments: str, stdin: str | None = None) -> str:
    """Import vehicles whose ids and secrets may be unfit for a module."""
    result = _run(*arguments, stdin=stdin)
    assert result.exit_code == 0, result.stderr
    assert all("some modules do not take" in line for line in result.stderr.splitlines())
    return result.stdout


GOOD = '\ufeffid,Owner,secret,name\r\ncar1,bob,s1,"One, the first"\r\n\r\n car2 ,Eve, s2 ,\r\n'


def test_import(tmp_path: Path) -> None:
    """Columns are found by name, whatever a spreadsheet does around them; owners are made."""
    file = tmp_path / "cars.csv"
    file.write_text(GOOD, newline="")
    assert _imported("import", str(file)) == "2 vehicles added, 1 owners made\n"
    found = [(row["id"], row["name"], row["owner"]) for row in _listed()]
    assert found == [("CAR1", "One, the first", "bob"), ("CAR2", "", "Eve")]
    assert _secret(tmp_path, "car2") == " s2 "


def test_import_standard_input() -> None:
    """``-`` reads standard input; the answer comes as JSON too."""
    told = _imported("import", "-", "--json", stdin="owner,id,secret\nbob,a,x\n")
    assert json.loads(told) == {"vehicles": 1, "owners": 0, "secrets_made": []}


def test_import_makes_secrets(tmp_path: Path) -> None:
    """An empty secret is made, and whoever imports hears how to get it; a fleet's file does."""
    file = tmp_path / "fleet.csv"
    file.write_text("vehicle;Secret;scenario\nA1;;commute\nA2; own ;\n;;\n", "utf-8")
    told = _imported("import", str(file), "--owner", "bob").splitlines()
    assert told[0] == "2 vehicles added, 0 owners made"
    assert told[1].startswith("1 secrets made: ovms vehicle secret A1 shows one")
    assert (len(_secret(tmp_path, "a1")), _secret(tmp_path, "a2")) == (22, " own ")
    answer = _imported("import", "-", "--json", stdin="owner\tid\nbob\tA3\n")
    assert json.loads(answer)["secrets_made"] == ["A3"]


def test_import_owners(tmp_path: Path) -> None:
    """New owners have their e-mail address and password; those who were there keep theirs."""
    file = tmp_path / "cars.csv"
    file.write_text("owner,id,e-mail,password\neve,e1,eve@x,pw\nEve,e2,,\nbob,b1,b@x,\n", "utf-8")
    result = _run("import", str(file))
    assert result.exit_code == 0, result.stderr
    assert result.stderr == (
        "ovms: bob existed already: e-mail address and password stay as they were\n"
    )
    database = open_database(tmp_path)
    with database.reading() as connection:
        eve, bob = (queries.get_owner(connection, name) for name in ("eve", "bob"))
    assert (eve.email, verify_password(eve.password_hash, "pw").ok) == ("eve@x", True)
    assert (bob.email, bob.password_hash) == ("", None)


def _exported(*options: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_good("export", *options))))


def test_export_and_import_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An export with secrets makes the same vehicles elsewhere, and the same owners."""
    source = "owner,id,secret,name,email,password,type,server,tls_only,log_days,position_days,"
    source += "journeys\n"
    source += (
        'eve,e1,"s;1","The ""first""",eve@x,pw,car,EU,yes,90,off,no\nbob,s1,s2,,,,server,,,,,\n'
    )
    _imported("import", "-", stdin=source)
    file, again = tmp_path / "all.csv", tmp_path / "again"
    assert _good("export", str(file), "--with-secrets") == f"2 vehicles written to {file}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    before = _exported("--with-secrets")
    monkeypatch.setenv("OVMS_DATA", str(again))
    assert _imported("import", str(file)) == "2 vehicles added, 2 owners made\n"
    assert _exported("--with-secrets") == before
    (row,) = _exported("--with-secrets", "--owner", "eve")
    assert row.pop("password_hash").startswith("$argon2id$")
    assert row == {
        "owner": "eve", "id": "E1", "secret": "s;1", "name": 'The "first"', "email": "eve@x",
        "type": "car", "server": "EU", "tls_only": "yes", "log_days": "90", "position_days": "0",
        "journeys": "no",
    }  # fmt: skip


def test_export_without_secrets(tmp_path: Path) -> None:
    """Secrets are written with permission only; an import then makes others."""
    _imported("import", "-", stdin="owner,id,secret\nbob,a,hidden\n")
    (row,) = _exported()
    assert (row["id"], row["owner"]) == ("A", "bob")
    assert {"secret", "password_hash"}.isdisjoint(row)
    assert "cannot be written" in _bad("export", str(tmp_path / "none" / "file"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "line 1: the columns must be named"),
        (b"bob,a,x\n", "line 1: the columns must be named"),
        (b"id,secret\na,x\n", "line 1: the columns must be named, owner too; or give --owner"),
        (b"owner,id,secret,colour\n", "line 1: there is no column 'colour'; the columns are owner"),
        (b"owner,id,vehicle\n", "line 1: the columns name id twice"),
        (b"owner,id,secret\nbob,a,x\nbob,b\n", "line 3: 2 columns instead of 3"),
        (b"owner,id,secret\nbob,a,x\nbob,b,x,y\n", "line 3: 4 columns instead of 3"),
        (b"owner,id,secret\nbob,a,x\n\nbob,a*,x\n", "line 4: the vehicle id"),
        (
            b"owner,id,email\nbob,a,b@x\nbob,b,c@x\n",
            "line 3: owner bob has another email",
        ),
        (b"owner,id,email\nbob,a,bx\n", "line 2: the e-mail address"),
        (b"owner,id,password\nbob,a,a b\n", "line 2: the password holds a blank"),
        (b"owner,id,password,password_hash\nbob,a,a,b\n", "line 2: a password and a password's"),
        (b"owner,id,type\nbob,a,lorry\n", "line 2: the vehicle type"),
        (b"owner,id,tls_only\nbob,a,maybe\n", "line 2: 'maybe' is neither yes nor no"),
        (b"owner,id,log_days\nbob,a,-1\n", "line 2: '-1' is no number of days"),
        (b"owner,id,position_days\nbob,a,40000\n", "line 2: 40000 days is not between"),
        (b"owner,id,secret\nbob,a,x\n,b,x\n", "line 3: the owner name is empty"),
        (b"owner,id,secret\nbob,a,x\nbob,A,x\n", "line 3: vehicle A is also in line 2"),
        (b"owner,id,secret\nbob,a,x\nbob,known,x\n", "line 3: vehicle KNOWN exists already"),
        (b"owner,id,secret\nbob,a,x\nbob,\xff,x\n", "line 3: not UTF-8"),
        (b'owner,id,secret\nbob,a,x\nbob,"b"c,x\n', "line 3: "),
        (b'owner,id,secret\nbob,a,x\nbob,"b,x\n', "line 3: "),
        (b"owner,id,secret\nbob,a,x\nbob," + b"b" * 200_000 + b",x\n", "line 3: "),
    ],
)
def test_import_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    """A wrong line is named, and nothing of the file is imported."""
    _good("add", "known", "--owner", "bob")
    file = tmp_path / "cars.csv"
    file.write_bytes(content)
    assert f"{file} {reason}" in _bad("import", str(file))
    assert [row["id"] for row in _listed()] == ["KNOWN"]


def test_import_no_file() -> None:
    """A file that is not there is named."""
    assert "/nonexistent.csv cannot be read" in _bad("import", "/nonexistent.csv")


def test_import_many(tmp_path: Path) -> None:
    """Ten thousand vehicles are one short command."""
    file = tmp_path / "cars.csv"
    rows = "".join(f"owner{n % 100},V{n},secret{n},Car {n}\n" for n in range(10_000))
    file.write_text("owner,id,secret,name\n" + rows)
    assert _imported("import", str(file)) == "10000 vehicles added, 100 owners made\n"
    assert len(_listed()) == 10_000


def test_a_secret_with_a_comma_is_warned_of(tmp_path: Path) -> None:
    """Other servers are not told of such a vehicle, and whoever makes one hears so."""
    file = tmp_path / "cars.csv"
    file.write_text('owner,id,secret\nbob,C3,"a,b"\nbob,C4,ab\n', "utf-8")
    for arguments, which in (
        (("add", "c1", "--owner", "bob", "--secret", "a,b"), "this vehicle"),
        (("secret", "c1", "--new", "--secret", "b,c"), "this vehicle"),
        (("import", str(file)), "1 of these vehicles"),
    ):
        result = _run(*arguments)
        assert result.exit_code == 0
        assert f"ovms: other servers are not told of {which}:" in result.stderr
    assert "C1" in _good("list")
    assert "other servers" not in _run("add", "c5", "--owner", "bob", "--secret", "ab").stderr


SETUP = """
OVMS v3 (ESP32), in its shell (web page Tools, Shell; SSH; USB):

  enable
  config set vehicle id MYCAR
  config set password server.v2 {secret}
  config set server.v2 server {host}
  config set server.v2 tls {tls}
  config set auto server.v2 yes
  config set notify log.trip.storetime 30
  config set notify log.grid.storetime 30
  server v2 start
  server v2 status
"""


def test_add_prints_what_to_set() -> None:
    """The lines for a module's shell, its web pages and text messages; a server has no module."""
    told = _good("add", "mycar", "--owner", "bob", "--host", "h.example.org", "--units", "M")
    secret = told.splitlines()[1].removeprefix("secret: ")
    assert SETUP.format(secret=secret, host="h.example.org", tls="no") in told
    for part in ("Config, Server V2 (MP): Server h.example.org", "  REGISTER password\n",
                 "  MODULE MYCAR M SMSIP\n", f"  SERVER h.example.org {secret}\n",
                 "  GPRS apn - -\n"):  # fmt: skip
        assert part in told
    assert _good("add", "peer", "--owner", "bob", "--type", "server").count("\n") == 2


def test_show() -> None:
    """A vehicle, and the same lines as when it was made; without them no secret is shown."""
    made = _good("add", "mycar", "--owner", "bob", "--name", "My car", "--host", "h.example.org")
    block = made.split("\n", 2)[2]
    shown = _good("show", "MyCar", "--host", "h.example.org")
    assert shown.endswith(block)
    facts = dict(line.split(maxsplit=1) for line in shown.splitlines()[:3])
    assert facts == {"vehicle": "MYCAR", "name": "My car", "owner": "bob"}
    secret = made.splitlines()[1].removeprefix("secret: ")
    assert secret not in _good("show", "mycar", "--no-module")
    data = json.loads(_good("show", "mycar", "--json", "--host", "h.example.org"))
    assert (data["id"], data["secret"], data["online"]) == ("MYCAR", secret, False)
    assert data["module"]["esp32"][2] == f"config set password server.v2 {secret}"
    assert data["module"]["pic"][2] == f"SERVER h.example.org {secret}"
    hidden = json.loads(_good("show", "mycar", "--json", "--no-module"))
    assert (hidden["secret"], hidden["module"]) == (None, None)
    assert "no vehicle X" in _bad("show", "x")


def test_show_the_last_failure(tmp_path: Path) -> None:
    """A car that failed to connect: when, from where, and why."""
    _good("add", "mycar", "--owner", "bob")
    assert json.loads(_good("show", "mycar", "--json"))["last_failure"] is None
    assert "last failed" not in _good("show", "mycar")
    failure = FailedCall("MYCAR", 5.0, "192.0.2.9", "wrong_secret", 3, 1.0)
    with open_database(tmp_path).writing() as connection:
        put_failed_calls(connection, [failure])
    told = json.loads(_good("show", "mycar", "--json"))["last_failure"]
    assert (told["time"], told["address"]) == ("1970-01-01T00:00:05Z", "192.0.2.9")
    assert (told["reason"], told["count"]) == ("wrong_secret", 3)
    line = f"last failed {told['time']} from 192.0.2.9: {told['message']}\n"
    assert line in _good("show", "mycar")


def test_secret_shows() -> None:
    """The secret is shown as often as it is asked for, and stays."""
    _good("add", "a", "--owner", "bob", "--secret", STRONG)
    for _ in range(2):
        assert _good("secret", "a") == f"{STRONG}\n"
    assert json.loads(_good("secret", "a", "--json")) == {"id": "A", "secret": STRONG}
    for options in (["--secret", "x"], ["--secret-file", "-"]):
        refused = _run("secret", "a", *options, stdin="x\n")
        assert (refused.exit_code, refused.stdout) == (2, "")
    assert _good("secret", "a") == f"{STRONG}\n"


def test_only_new_changes_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made or given; the warning comes first, and a terminal is asked."""
    _good("add", "a", "--owner", "bob", "--secret", STRONG)
    told = _warned("secret", "a", "--new")
    made = _secret(tmp_path, "a")
    assert told == f"vehicle A has a new secret\nsecret: {made}\n"
    assert made != STRONG
    assert _warned("secret", "a", "--new", "--secret", STRONG) == "vehicle A has a new secret\n"
    assert _secret(tmp_path, "a") == STRONG
    assert json.loads(_warned("secret", "a", "--new", "--json"))["secret"] == _secret(tmp_path, "a")
    before = _secret(tmp_path, "a")
    assert "the secret is empty" in _bad("secret", "a", "--new", "--secret", "")
    monkeypatch.setattr("ovms.cli.common.on_terminal", lambda: True)
    declined = _run("secret", "a", "--new", stdin="n\n")
    assert declined.exit_code == 1
    assert "gives up for good" in declined.stderr.splitlines()[0]
    assert _secret(tmp_path, "a") == before
    _warned("secret", "a", "--new", "--yes")
    assert _secret(tmp_path, "a") != before


@pytest.mark.parametrize(
    ("vehicle_id", "secret", "part"),
    [
        ("MY_CAR", STRONG, "letters, digits and -"),
        ("C" * 32, STRONG, "31 characters"),
        ("CAR", STRONG + STRONG, "31 characters"),
        ("CAR", STRONG + " b", "blank"),
        ("CAR", "demo", "weak"),
        ("CAR", "ca r123456", "weak"),
    ],
)
def test_add_warns(vehicle_id: str, secret: str, part: str) -> None:
    """What a module cannot take, and a weak secret, is told; the vehicle is made anyway."""
    result = _run("add", vehicle_id, "--owner", "bob", "--secret", secret)
    assert result.exit_code == 0
    assert any(part in line and line.startswith("ovms: ") for line in result.stderr.splitlines())
    assert len(_listed()) == 1
    peer = _run("add", "peer", "--owner", "bob", "--type", "server", "--secret", "demo")
    assert (peer.exit_code, peer.stderr) == (0, "")
