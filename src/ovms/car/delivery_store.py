"""Where a car keeps what is not delivered: nowhere, or in a small SQLite file of its own.

What is put there is on disk when the call returns, and survives a power cut. A file that is damaged
is set aside and a new one begun; a disk that fails while the car runs is told once, and what it
owes is written when it works again. Neither stops the car.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, Self

from ovms.base.logs import get_logger
from ovms.base.paths import make_private_dir, write_whole
from ovms.protocol.records.alert import Alert
from ovms.protocol.records.history import HistoryRecord

log = get_logger("ovms.car")

FILE: Final = "delivery.db"
BROKEN: Final = "delivery.broken.db"
"""What a damaged file is renamed to; an earlier one goes."""

FORMAT: Final = 0x6F766D31
"""The file's application id, "ovm1": the format that this module reads."""

CODES_SKIPPED: Final = 10_000
"""Codes left out at each start: those that a failing disk may not have seen."""

FIRST_CODES: Final = 1_000_000_000
"""A new file begins with a random code below: the server may know the codes of one that is gone."""

LOCK_WAIT: Final = 1.0
"""Seconds that a program which is just ending may still hold the file."""

_SCHEMA: Final = (
    f"PRAGMA application_id = {FORMAT}",
    "CREATE TABLE vehicle (id TEXT NOT NULL)",
    "CREATE TABLE items (code INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, "
    "data BLOB NOT NULL, made REAL NOT NULL)",
)

_DAMAGED: Final = (None, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""What SQLite says of a file that is damaged, or of another format; ``None`` is ours."""

Content = HistoryRecord | Alert


class JournalError(Exception):
    """A folder cannot be used; the text says why."""


@dataclass(slots=True, eq=False)
class Item:
    """A record or an alert, and when it was made."""

    code: int
    """Its acknowledgement code, and its place in the order of making."""
    content: Content
    made: float
    """Unix seconds."""
    monotonic: float | None = None
    """The same by the clock of this process; ``None`` for what an earlier one made."""
    sent: float = 0.0
    """When it was last sent, by the clock of this process."""

    @property
    def kind(self) -> str:
        """The code of the message that carries it: ``h`` or ``P``."""
        return "P" if isinstance(self.content, Alert) else "h"

    @property
    def data(self) -> bytes:
        """The content, as it is kept."""
        return self.content.encode() if isinstance(self.content, Alert) else self.content.fields


class DeliveryStore(Protocol):
    """What outlives the process."""

    next_code: int
    """The first code that no earlier process has used."""

    def load(self) -> Sequence[Item]:
        """Give, once, what an earlier process has not delivered, in the order of its making."""
        ...

    def put(self, items: Sequence[Item]) -> None:
        """Keep items, or what is new of them."""

    def remove(self, codes: Sequence[int]) -> None:
        """Forget what is delivered."""


class NoJournal:
    """Keeps nothing: what waits is lost with the process."""

    def __init__(self, next_code: int = 1) -> None:
        self.next_code = next_code

    def load(self) -> Sequence[Item]:
        """Return nothing."""
        return ()

    def put(self, items: Sequence[Item]) -> None:
        """Keep nothing."""

    def remove(self, codes: Sequence[int]) -> None:
        """Forget nothing."""

    def close(self) -> None:
        """Have nothing open."""


class DiskJournal:
    """A file in a folder that is for one vehicle, and for one process at a time."""

    def __init__(self, database: sqlite3.Connection, path: Path, first_code: int) -> None:
        """Take an open database; see :meth:`open`."""
        self._database = database
        self._path = path
        self._owed: dict[int, Item] = {}
        """What the disk has not taken yet."""
        self._gone: set[int] = set()
        """What the disk still has, and was delivered."""
        self._is_failing = False
        rows = database.execute("SELECT code, kind, data, made FROM items ORDER BY code")
        self._found = [_item(*row) for row in rows]
        (last,) = database.execute("SELECT max(seq) FROM sqlite_sequence").fetchone()
        self.next_code = first_code if last is None else last + CODES_SKIPPED

    @classmethod
    def open(cls, folder: Path, vehicle: str, first_code: int) -> Self:
        """Open a vehicle's journal, or begin one with ``first_code``; the folder is made.

        Raises :class:`JournalError` when the folder cannot be written, another process has it, or
        it is another vehicle's.
        """
        path = folder / FILE
        try:
            make_private_dir(folder)
            try:
                return cls(_opened(path, vehicle), path, first_code)
            except sqlite3.DatabaseError as error:
                if _code(error) not in _DAMAGED:
                    raise
                _set_aside(path, str(error))
                return cls(_opened(path, vehicle), path, first_code)
        except OSError as error:
            raise JournalError(f"{error.filename or folder}: {error.strerror or error}") from error
        except sqlite3.Error as error:
            is_busy = _code(error) == sqlite3.SQLITE_BUSY
            why = "another program uses it" if is_busy else str(error)
            raise JournalError(f"{path}: {why}") from error

    def load(self) -> list[Item]:
        """Return what was not delivered when it was opened; what cannot be read is left out."""
        items, self._found = self._found, []
        if None in items:
            log.error(
                "part of what waits is damaged", file=str(self._path), count=items.count(None)
            )
        return [item for item in items if item is not None]

    def put(self, items: Sequence[Item]) -> None:
        """Keep items, or what is new of them."""
        self._owed.update((item.code, item) for item in items)
        self._write()

    def remove(self, codes: Sequence[int]) -> None:
        """Forget what is delivered."""
        self._gone.update(code for code in codes if self._owed.pop(code, None) is None)
        self._write()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _write(self) -> None:
        """Put on disk what it owes, in one transaction."""
        rows = [(item.code, item.kind, item.data, item.made) for item in self._owed.values()]
        try:
            with self._database as database:
                database.executemany("REPLACE INTO items VALUES (?, ?, ?, ?)", rows)
                database.executemany(
                    "DELETE FROM items WHERE code = ?", ((code,) for code in self._gone)
                )
        except sqlite3.Error as error:
            self._fail(error)
            return
        self._owed.clear()
        self._gone.clear()
        if self._is_failing and rows:  # without rows the disk had nothing to take
            self._is_failing = False
            log.warning("the disk works again: what waits is on it", file=str(self._path))

    def _fail(self, error: sqlite3.Error) -> None:
        if not self._is_failing:
            hint = "what waits for the server is lost with the power"
            log.error("the disk fails", file=str(self._path), reason=str(error), hint=hint)
        self._is_failing = True


def _opened(path: Path, vehicle: str) -> sqlite3.Connection:
    """Open a file, and see that it is whole and this vehicle's."""
    if not path.exists():
        write_whole(path, b"")
    database = sqlite3.connect(path, timeout=LOCK_WAIT)
    try:
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
            database.execute(f"PRAGMA {pragma}")
        if database.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
            _make(database, vehicle)
        _check(database, vehicle, path)
    except BaseException:
        database.close()
        raise
    return database


def _make(database: sqlite3.Connection, vehicle: str) -> None:
    """Make the tables, all of them or none."""
    with database:
        database.execute("BEGIN")
        for statement in _SCHEMA:
            database.execute(statement)
        database.execute("INSERT INTO vehicle VALUES (?)", (vehicle,))


def _check(database: sqlite3.Connection, vehicle: str, path: Path) -> None:
    if database.execute("PRAGMA application_id").fetchone() != (FORMAT,):
        raise sqlite3.DatabaseError("it is of another format")
    if database.execute("PRAGMA quick_check").fetchone() != ("ok",):
        raise sqlite3.DatabaseError("it is damaged")
    owner = database.execute("SELECT id FROM vehicle").fetchone()
    if owner is None:
        raise sqlite3.DatabaseError("it does not say whose it is")
    if str(owner[0]).casefold() != vehicle.casefold():
        raise JournalError(f"{path} is of vehicle {owner[0]}: give each a folder of its own")


def _set_aside(path: Path, reason: str) -> None:
    """Rename a file, so that a new one can be begun."""
    for ending in ("", "-wal", "-shm"):
        part, aside = (path.with_name(name + ending) for name in (FILE, BROKEN))
        aside.unlink(missing_ok=True)
        if part.exists():
            part.replace(aside)
    log.error("what waited for the server is damaged", reason=reason, set_aside=BROKEN)


def _code(error: sqlite3.Error) -> int | None:
    """Return SQLite's word for an error, without its further detail; ``None`` if it is not its."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _item(code: object, kind: object, data: object, made: object) -> Item | None:
    """Read a row; ``None`` for one that we have not written."""
    parse = {"P": Alert.parse, "h": HistoryRecord.parse}.get(str(kind))
    content = parse(data) if parse and isinstance(data, bytes) else None
    if content is None or not isinstance(code, int) or not isinstance(made, float):
        return None
    return Item(code, content, made)
