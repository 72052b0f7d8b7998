"""A database that was copied away: it opens nothing without the key file, which is not in it."""

from __future__ import annotations

import base64
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.attacks.conftest import Target
from tests.conformance.client import Caller
from tests.programs.conftest import SECRET, run_ovms

VIN, ICCID, PARAMETERS = "5YJRE1A12B3009999", "8985200011112222333", ("hidden", "words")
NEW_SECRET, IMPORTED = "a-secret-that-came-later", "a-secret-from-a-file"
MAILBOX, WEBHOOK = "stolen-mail@example.org", "ExponentPushToken[c3RvbGVu]"


@pytest.fixture
def secrets(target: Target) -> list[str]:
    """Have the running server store one of everything that it must be able to read again."""
    data = ("--data", str(target.data))

    def ovms(*arguments: str) -> str:
        done = run_ovms(*arguments, *data)
        assert done.returncode == 0, done.stderr
        return done.stdout

    rows = target.data.parent / "cars.csv"
    rows.write_text(f"owner,id,secret\ntester,CAR9,{IMPORTED}\n")
    ovms("vehicle", "import", str(rows))
    ovms("vehicle", "secret", "CAR2", "--new", "--secret", NEW_SECRET)
    token = ovms("token", "add", "--owner", "tester").rpartition("token: ")[2].strip()
    ovms("provision", "add", "--vin", VIN, "--iccid", ICCID, *PARAMETERS)
    ovms("notify", "add", "CAR1", "--type", "mail", "--key", MAILBOX)
    app = target.call("A")
    app.say(b"p" + f"phone,expo,simple,{WEBHOOK}".encode())
    app.settle()
    sealed = target.dial()
    sealed.say(f"AP-C 0 {VIN}".encode())
    answer = sealed.hear()
    assert answer is not None
    record = [word for word in answer.decode().split(" ")[2:] if len(word) > 3]
    target.hang_up()
    return [SECRET, NEW_SECRET, IMPORTED, token, VIN, MAILBOX, WEBHOOK, *record]


def _disguises(secret: str) -> Iterator[bytes]:
    """Yield the ways in which a secret may stand in a file."""
    plain = secret.encode()
    yield from (plain, plain.hex().encode(), secret.encode("utf-16-le"))
    if len(secret) == 64:  # the digits of a token
        yield bytes.fromhex(secret)
    for shift in range(3):  # wherever it stands in what was encoded
        text = base64.b64encode(b"\0" * shift + plain)
        yield text[4 if shift else 0 : -4]


def _found(folder: Path, secrets: list[str]) -> list[tuple[str, str]]:
    """Return which secrets stand in the files of a database, and in which file."""
    files = [*folder.glob("ovms.db*"), *folder.glob("backup*")]
    assert folder / "ovms.db" in files
    content = {file.name: file.read_bytes().lower() for file in files}
    return [
        (secret, name)
        for secret in secrets
        for name, data in content.items()
        if any(each.lower() in data for each in _disguises(secret))
    ]


def _back_up(folder: Path) -> None:
    """Make a backup as SQLite's own tool makes it."""
    with (
        closing(sqlite3.connect(folder / "ovms.db")) as database,
        closing(sqlite3.connect(folder / "backup.db")) as copy,
    ):
        database.backup(copy)


def test_no_secret_stands_in_the_files(target: Target, secrets: list[str]) -> None:
    """Neither the running server's files, nor a backup, nor what a stop leaves hold one plain."""
    _back_up(target.data)
    assert _found(target.data, secrets) == []
    assert target.program.stop() == 0
    assert _found(target.data, secrets) == []
    changed = run_ovms("key", "change", "--data", str(target.data))
    assert changed.returncode == 0, changed.stderr
    assert _found(target.data, secrets) == []


def test_this_search_finds_what_is_there(target: Target, secrets: list[str]) -> None:
    """The search of the test before finds a secret in each of its disguises."""
    (target.data / "backup.txt").write_bytes(b"..." + base64.b64encode(b"xx" + SECRET.encode()))
    assert _found(target.data, secrets) == [(SECRET, "backup.txt")]


@pytest.mark.parametrize("key", ["none", "another", "damaged"])
def test_a_copy_opens_with_no_other_key(
    target: Target, secrets: list[str], tmp_path: Path, key: str
) -> None:
    """A thief's own ovms ends with one line, shows nothing, and makes no key for the copy."""
    thief, own = tmp_path / "thief", tmp_path / "own"
    thief.mkdir()
    for file in target.data.glob("ovms.db*"):
        shutil.copy(file, thief)
    if key == "another":
        assert run_ovms("owner", "add", "thief", "--data", str(own)).returncode == 0
        shutil.copy(own / "secrets.key", thief)
    if key == "damaged":
        shutil.copy(target.data / "secrets.key", thief)
        with (thief / "secrets.key").open("r+b") as opened:
            opened.truncate((thief / "secrets.key").stat().st_size - 2)
    before = [*thief.glob("*.key")]
    for command in (["token", "list"], ["vehicle", "list"], ["serve", "--check"], ["serve"]):
        done = run_ovms(*command, "--data", str(thief))
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1
        assert not any(secret in done.stderr for secret in secrets)
    assert [*thief.glob("*.key")] == before


def test_rows_cannot_be_swapped(target: Target) -> None:
    """Who may write the file gets no vehicle by putting another's secret in its place."""
    assert run_ovms(
        "vehicle", "secret", "CAR2", "--new", "--secret", NEW_SECRET, "--data", str(target.data)
    ).returncode == 0  # fmt: skip
    with closing(sqlite3.connect(target.data / "ovms.db")) as database, database:
        stolen = database.execute("SELECT secret FROM vehicles WHERE id = 'CAR1'").fetchone()
        database.execute("UPDATE vehicles SET secret = ? WHERE id = 'CAR2'", stolen)
    caller = Caller(target.dial(), SECRET)
    caller.send_welcome("C", "CAR2")
    target.call("A", "CAR1")
    assert caller.wire.is_quiet()
    assert "CAR2" in target.program.wait_for("damaged")
    target.program.kill()  # a stop would wait for the caller, whom the database may serve yet
