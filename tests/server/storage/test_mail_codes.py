from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from ovms.server.storage import mail_codes, queries
from ovms.server.storage.expiry import ExpiryKind
from ovms.server.storage.keychange import change_key
from ovms.server.storage.mail_codes import CODES_AN_OWNER, MailCode, MailPurpose
from ovms.server.storage.schema import mail_codes as table
from tests.server.storage.databases import expire, make_database

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

RESET = MailPurpose.RESET


def _put(connection: Connection, code: str, now: float = 0.0, purpose: MailPurpose = RESET) -> bool:
    return mail_codes.put_code(connection, purpose, code, {"email": "b@c"}, now, 1)


def test_once_and_for_its_purpose(tmp_path: Path) -> None:
    """A code is found for what it was made for, before it is over, and until it is taken."""
    with make_database(tmp_path).writing() as connection:
        assert _put(connection, "a")
        assert mail_codes.find_code(connection, MailPurpose.EMAIL, "a", 1.0) is None
        assert mail_codes.find_code(connection, RESET, "b", 1.0) is None
        assert mail_codes.find_code(connection, RESET, "a", 3600.0) is None
        found = MailCode(1, {"email": "b@c"})
        assert mail_codes.find_code(connection, RESET, "a", 3599.0) == found
        assert mail_codes.take_code(connection, RESET, "a", 3599.0) == found
        assert mail_codes.take_code(connection, RESET, "a", 3599.0) is None


def test_codes_are_random() -> None:
    """A code is 256 bits, as a word of a URL."""
    assert mail_codes.make_code(lambda size: b"\xff" * size) == "_" * 42 + "8"


def test_nothing_stands_in_the_database(tmp_path: Path) -> None:
    """Neither the code nor what is done can be read in it."""
    with make_database(tmp_path).writing() as connection:
        _put(connection, "a-code")
        row = connection.execute(select(table)).one()
    assert b"a-code" not in row.digest
    assert "b@c" not in str(row.content)


def test_codes_of_an_owner(tmp_path: Path) -> None:
    """The oldest goes when there are too many for one purpose; others stay."""
    with make_database(tmp_path).writing() as connection:
        _put(connection, "other", 0.0, MailPurpose.EMAIL)
        for number in range(CODES_AN_OWNER + 1):
            _put(connection, str(number), float(number))
        assert mail_codes.find_code(connection, RESET, "0", 9.0) is None
        assert mail_codes.find_code(connection, RESET, "1", 9.0) is not None
        assert mail_codes.find_code(connection, MailPurpose.EMAIL, "other", 9.0) is not None


def test_codes_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is not stored."""
    monkeypatch.setattr(mail_codes, "CODES_LIMIT", 2)
    with make_database(tmp_path).writing() as connection:
        assert [_put(connection, each) for each in "abc"] == [True, True, False]


def test_expiry(tmp_path: Path) -> None:
    """Codes that are over are deleted."""
    database = make_database(tmp_path)
    with database.writing() as connection:
        _put(connection, "a")
        _put(connection, "b", 1.0)
    assert expire(database, ExpiryKind.CODES, 3600.0) == 1
    assert expire(database, ExpiryKind.CODES, 3600.0) == 0
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(table)) == 1


def test_a_new_key(tmp_path: Path) -> None:
    """A code holds on when the key of the secrets changes."""
    database = make_database(tmp_path)
    with database.writing() as connection:
        _put(connection, "a")
    change_key(database)
    with database.reading() as connection:
        found = mail_codes.find_code(connection, RESET, "a", 1.0)
    assert found == MailCode(1, {"email": "b@c"})


def test_an_owner_who_is_gone(tmp_path: Path) -> None:
    """Their codes go with them."""
    with make_database(tmp_path).writing() as connection:
        _put(connection, "a")
        queries.remove_owner(connection, "bob", 1.0, with_vehicles=True)
        assert mail_codes.reset_password(connection, "a", "hash", 1.0) is None
        assert connection.execute(select(table.c.digest)).all() == []
