"""Where a car keeps what is not delivered: nowhere, or in a small SQLite file of its own.

The file also has the tokens that the car remembers (:mod:`~ovms.car.tokens`).

An item is on disk when the call returns, and survives a power cut. A damaged file is set aside, and
a new one is created. A disk that fails while the car runs is logged once, and what is missing on it
is written when it works again. Neither stops the car.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, Self

from ovms.base.logs import get_logger
from ovms.base.paths import make_private_dir, write_whole
from ovms.car.tokens import TokenMemory
from ovms.protocol.records.alert import Alert
from ovms.protocol.records.history import HistoryRecord

log = get_logger("ovms.car")

FILE: Final = "delivery.db"
BROKEN: Final = "delivery.broken.db"
"""What a damaged file is renamed to. An earlier one is replaced."""

FORMAT: Final = 0x6F766D31
"""The file's application id, "ovm1": the format that this module reads."""

CODES_SKIPPED: Final = 10_000
"""Codes skipped at each start: a failing disk may not know those that were used last."""

FIRST_CODES: Final = 1_000_000_000
"""A new file starts with a random code below this: the server may know those of a lost file."""

LOCK_WAIT: Final = 1.0
"""Seconds to wait for another program that is just ending and still holds the file."""

_SCHEMA: Final = (
    f"PRAGMA application_id = {FORMAT}",
    "CREATE TABLE vehicle (id TEXT NOT NULL)",
    "CREATE TABLE items (code INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, "
    "data BLOB NOT NULL, made REAL NOT NULL)",
)

_DAMAGED: Final = (None, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""SQLite's error codes for a damaged file or another format; ``None`` stands for our own errors."""

Content = HistoryRecord | Alert


class DeliveryStoreError(Exception):
    """A folder cannot be used; the text says why."""


@dataclass(slots=True, eq=False)
class Item:
    """A record or an alert, and when it was made."""

    code: int
    """Its acknowledgement code. Codes rise in the order of making."""
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
        """The content, as it is stored."""
        return self.content.encode() if isinstance(self.content, Alert) else self.content.fields


class DeliveryStore(Protocol):
    """What outlives the process."""

    next_code: int
    """The first code that no earlier process has used."""

    def load(self) -> Sequence[Item]:
        """Return, once, what an earlier process has not delivered, in the order of making."""
        ...

    def put(self, items: Sequence[Item]) -> None:
        """Store items, or their new times."""

    def remove(self, codes: Sequence[int]) -> None:
        """Remove items."""


class NoDeliveryStore:
    """Stores nothing: what waits is lost with the process."""

    def __init__(self, next_code: int = 1) -> None:
        self.next_code = next_code
        self.tokens = TokenMemory()

    def load(self) -> Sequence[Item]:
        """Return nothing."""
        return ()

    def put(self, items: Sequence[Item]) -> None:
        """Do nothing."""

    def remove(self, codes: Sequence[int]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class DeliveryFile:
    """A file in a folder, for one vehicle and one process at a time."""

    def __init__(self, database: sqlite3.Connection, path: Path, first_code: int) -> None:
        """Use an open database; see :meth:`open`."""
        self._database = database
        self._path = path
        self._owed: dict[int, Item] = {}
        """Items that are not on disk yet."""
        self._gone: set[int] = set()
        """Codes of items that are delivered, but still on disk."""
        self._is_failing = False
        self.tokens = TokenMemory(database)
        """The tokens of welcomes that were seen, in the same file."""
        rows = database.execute("SELECT code, kind, data, made FROM items ORDER BY code")
        self._found = [_item(*row) for row in rows]
        (last,) = database.execute("SELECT max(seq) FROM sqlite_sequence").fetchone()
        self.next_code = first_code if last is None else last + CODES_SKIPPED

    @classmethod
    def open(cls, folder: Path, vehicle: str, first_code: int) -> Self:
        """Open a vehicle's file, or create one with ``first_code``. Create the folder, too.

        Raise :class:`DeliveryStoreError` if the folder cannot be written, another process uses it,
        or it belongs to another vehicle.
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
            raise DeliveryStoreError(
                f"{error.filename or folder}: {error.strerror or error}"
            ) from error
        except sqlite3.Error as error:
            is_busy = _code(error) == sqlite3.SQLITE_BUSY
            why = "another program uses it" if is_busy else str(error)
            raise DeliveryStoreError(f"{path}: {why}") from error

    def load(self) -> list[Item]:
        """Return what was not delivered when the file was opened, without damaged rows."""
        items, self._found = self._found, []
        if None in items:
            count = items.count(None)
            log.error("stored records or alerts are damaged", file=str(self._path), count=count)
        return [item for item in items if item is not None]

    def put(self, items: Sequence[Item]) -> None:
        """Store items, or their new times."""
        self._owed.update((item.code, item) for item in items)
        self._write()

    def remove(self, codes: Sequence[int]) -> None:
        """Remove items."""
        self._gone.update(code for code in codes if self._owed.pop(code, None) is None)
        self._write()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _write(self) -> None:
        """Write all changes that are not on disk, in one transaction."""
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
        if self._is_failing and rows:  # without rows nothing was written
            self._is_failing = False
            log.warning("the disk works again; all that waits is stored", file=str(self._path))

    def _fail(self, error: sqlite3.Error) -> None:
        if not self._is_failing:
            hint = "what waits for the server is lost if the power fails"
            log.error("the disk fails", file=str(self._path), reason=str(error), hint=hint)
        self._is_failing = True


def _opened(path: Path, vehicle: str) -> sqlite3.Connection:
    """Open a file, and check that it is sound and this vehicle's."""
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
    """Create the tables, all of them or none."""
    with database:
        database.execute("BEGIN")
        for statement in _SCHEMA:
            database.execute(statement)
        database.execute("INSERT INTO vehicle VALUES (?)", (vehicle,))


def _check(database: sqlite3.Connection, vehicle: str, path: Path) -> None:
    if database.execute("PRAGMA application_id").fetchone() != (FORMAT,):
        raise sqlite3.DatabaseError("it has another format")
    if database.execute("PRAGMA quick_check").fetchone() != ("ok",):
        raise sqlite3.DatabaseError("it is damaged")
    owner = database.execute("SELECT id FROM vehicle").fetchone()
    if owner is None:
        raise sqlite3.DatabaseError("it names no vehicle")
    if str(owner[0]).casefold() != vehicle.casefold():
        raise DeliveryStoreError(f"{path} belongs to vehicle {owner[0]}: give each its own folder")


def _set_aside(path: Path, reason: str) -> None:
    """Rename a damaged file, so that a new one can be created."""
    for ending in ("", "-wal", "-shm"):
        part, aside = (path.with_name(name + ending) for name in (FILE, BROKEN))
        aside.unlink(missing_ok=True)
        if part.exists():
            part.replace(aside)
    log.error("the file of records and alerts is damaged", reason=reason, set_aside=BROKEN)


def _code(error: sqlite3.Error) -> int | None:
    """Return SQLite's primary error code; ``None`` for an error of our own."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _item(code: object, kind: object, data: object, made: object) -> Item | None:
    """Return the item in a row; ``None`` for a row that is damaged."""
    parse = {"P": Alert.parse, "h": HistoryRecord.parse}.get(str(kind))
    content = parse(data) if parse and isinstance(data, bytes) else None
    if content is None or not isinstance(code, int) or not isinstance(made, float):
        return None
    return Item(code, content, made)
