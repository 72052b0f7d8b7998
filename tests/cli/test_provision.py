from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from ovms.base.clock import SystemClock
from ovms.cli import owner, provision
from ovms.protocol.errors import AuthenticationFailed
from ovms.server.storage import queries
from ovms.server.storage.opening import open_database
from ovms.server.storage.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

ICCID = "8985200011112222333"
CAR = ["--vin", "5yjRE1", "--iccid", ICCID]


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVMS_DATA", str(tmp_path))
    for name in ("OVMS_ICCID", "OVMS_DATABASE"):
        monkeypatch.delenv(name, raising=False)


def _run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(provision.app, arguments, input=stdin)


def _good(*arguments: str, stdin: str | bytes | None = None) -> str:
    result = _run(*arguments, stdin=stdin)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def _bad(*arguments: str, stdin: str | bytes | None = None) -> str:
    result = _run(*arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("ovms: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def _opened(tmp_path: Path, vin: str = "5YJRE1", iccid: str = ICCID) -> str:
    with open_database(tmp_path).reading() as connection:
        return queries.get_provision(connection, vin).record.open(iccid)


def test_add(tmp_path: Path) -> None:
    """A car that asks by its VIN gets the words in order, if it knows the ICCID."""
    told = _good("add", *CAR, "+5551234", "pässwörd", "M", "a,b*c")
    assert told == "provisioning record for 5YJRE1 added, 4 parameters\n"
    assert _opened(tmp_path) == "+5551234 pässwörd M a,b*c"
    with pytest.raises(AuthenticationFailed):
        _opened(tmp_path, iccid=ICCID[:-1])


def test_sealed_anew_each_time(tmp_path: Path) -> None:
    """The same parameters for another car do not look the same."""
    words = ["long", "enough", "that", "chance", "does", "not", "make", "them", "alike"]
    _good("add", "--vin", "A", "--iccid", ICCID, *words)
    _good("add", "--vin", "B", "--iccid", ICCID, *words)
    with open_database(tmp_path).reading() as connection:
        one, two = (each.record for each in queries.list_provisions(connection))
    assert (one.token != two.token, one.record != two.record) == (True, True)


@pytest.mark.parametrize(
    "content", ["one\ntwo\nthree\n", "one two\tthree", "\ufeffone\r\n\r\n two three\r\n"]
)
def test_params_file(tmp_path: Path, content: str) -> None:
    """Parameters come from a file or standard input, a line each or with blanks between."""
    file = tmp_path / "params"
    file.write_bytes(content.encode())
    _good("add", *CAR, "--params-file", str(file))
    assert _opened(tmp_path) == "one two three"
    _good("add", "--vin", "B", "--iccid", ICCID, "--params-file", "-", stdin=content.encode())
    assert _opened(tmp_path, "B") == "one two three"


def test_iccid_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ICCID need not stand on the command line; blanks around it are not part of it."""
    _good("add", "--vin", "A", "--iccid-file", "-", "x", stdin=f" {ICCID}\r\n")
    monkeypatch.setenv("OVMS_ICCID", ICCID)
    _good("add", "--vin", "B", "x")
    assert (_opened(tmp_path, "A"), _opened(tmp_path, "B")) == ("x", "x")


def test_replace(tmp_path: Path) -> None:
    """A record is replaced only when told."""
    _good("add", *CAR, "one")
    assert "record for 5YJRE1 exists already" in _bad("add", *CAR, "two")
    assert _opened(tmp_path) == "one"
    _good("add", *CAR, "two", "--replace")
    assert _opened(tmp_path) == "two"


def test_longest(tmp_path: Path) -> None:
    """A record is as long as a car can take, and no byte longer."""
    _good("add", *CAR, "x" * 726)
    assert "the parameters are too long" in _bad("add", *CAR, "x" * 727, "--replace")
    assert _opened(tmp_path) == "x" * 726


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--vin", "", "--iccid", ICCID, "x"], "key is empty"),
        (["--vin", "A B", "--iccid", ICCID, "x"], "may not hold ' '"),
        (["--vin", "x" * 65, "--iccid", ICCID, "x"], "longer than 64"),
        (["--vin", "A", "--iccid", "", "x"], "the ICCID is empty"),
        (["--vin", "A", "--iccid", "8985 2000", "x"], "the ICCID holds a blank"),
        (["--vin", "A", "--iccid", "1" * 256, "x"], "longer than 255"),
        (["--vin", "A", "--iccid", "1\x002", "x"], "cannot be printed"),
        (["--vin", "A", "--iccid-file", "/nonexistent", "x"], "cannot be read"),
        ([*CAR, "one", ""], "parameter 1 is empty or holds a blank"),
        ([*CAR, "pass word"], "parameter 0 is empty or holds a blank"),
        ([*CAR, "a\x07b"], "parameter 0 is empty or holds a blank"),
        ([*CAR, "x", "--owner", "eve"], "no owner eve"),
        ([*CAR, "--params-file", "/nonexistent"], "cannot be read"),
    ],
)
def test_add_refused(arguments: list[str], reason: str) -> None:
    """What cannot be added is told in one line that repeats no parameter; nothing is made."""
    told = _bad("add", *arguments)
    assert reason in told
    assert "pass word" not in told
    assert json.loads(_good("list", "--json")) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "holds no parameters"),
        (b" \r\n \t", "holds no parameters"),
        (b"a\xff", "not UTF-8"),
        (b"x" * 4097, "too long for parameters"),
        (b"x y\x00", "parameter 1"),
    ],
)
def test_params_file_refused(content: bytes, reason: str) -> None:
    """A file that is none of parameters is refused."""
    assert reason in _bad("add", *CAR, "--params-file", "-", stdin=content)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["add"],
        ["add", "x"],
        ["add", "--vin", "A", "x"],
        ["add", *CAR],
        ["add", *CAR, "x", "--params-file", "-"],
        ["add", *CAR, "--iccid-file", "f", "x"],
        ["add", "--vin", "A", "--iccid-file", "-", "--params-file", "-"],
        ["remove"],
        ["remove", "A"],
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    """Wrong usage is exit code 2."""
    assert _run(*arguments).exit_code == 2


def test_list_and_remove() -> None:
    """Records are listed by VIN without what is in them; a removed one is gone."""
    assert CliRunner().invoke(owner.app, ["add", "Bob"]).exit_code == 0
    _good("add", "--vin", "b", "--iccid", ICCID, "hunter2")
    _good("add", "--vin", "A", "--iccid", ICCID, "hunter2", "--owner", "BOB")
    one, two = json.loads(_good("list", "--json"))
    created = one.pop("created")
    assert created.endswith("Z")
    assert one == {
        "vin": "A", "owner": "Bob", "vehicle": None, "changed": created, "last_used": None,
    }  # fmt: skip
    assert (two["vin"], two["owner"]) == ("B", None)
    lines = [line.split("\t") for line in _good("list").splitlines()]
    assert lines[0] == ["vin", "owner", "vehicle", "created", "changed", "last used"]
    assert lines[1] == ["A", "Bob", "", created, created, "never"]
    assert lines[2][:3] == ["B", "", ""]
    assert _good("remove", "--vin", "a", "--yes") == "provisioning record for A removed\n"
    assert "no provisioning record for A" in _bad("remove", "--vin", "a", "--yes")
    assert len(json.loads(_good("list", "--json"))) == 1


def test_remove_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    """A no on a terminal leaves the record, ``--yes`` is not asked."""
    _good("add", *CAR, "x")
    monkeypatch.setattr("ovms.cli.common.on_terminal", lambda: True)
    assert _run("remove", "--vin", "5YJRE1", stdin="n\n").exit_code == 1
    assert len(json.loads(_good("list", "--json"))) == 1
    _good("remove", "--vin", "5YJRE1", "--yes")


async def test_while_the_server_runs(tmp_path: Path) -> None:
    """A running server finds a record as soon as it is made, and the list tells that it did."""
    store = await Store.open(open_database(tmp_path), SystemClock().time)
    assert await store.find_provision("5YJRE1") is None
    _good("add", *CAR, "x")
    found = await store.find_provision("5YJRE1")
    assert found is not None
    assert found.open(ICCID) == "x"
    await store.writer.flush()
    assert json.loads(_good("list", "--json"))[0]["last_used"] is not None
    _good("remove", "--vin", "5YJRE1", "--yes")
    assert await store.find_provision("5YJRE1") is None
    await store.close()
