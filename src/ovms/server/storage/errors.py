"""What the storage cannot do, in one tree; ``str()`` of each is one line for an operator.

::

    StoreError
    ├── DatabaseError             the database as a whole
    │   ├── UnsupportedDatabase   a URL of a kind that is not supported
    │   ├── NotADatabase          the file is something else, or another program's
    │   │   └── DamagedDatabase   what it holds cannot be read any more
    │   ├── NewerSchema           written by a newer ovms
    │   ├── DatabaseInUse         another server uses it
    │   ├── DatabaseLocked        another process kept it for longer than the busy time-out
    │   ├── DatabaseUnreachable   its server is down, full, or lets nobody in
    │   ├── DatabaseUnwritable    disk full, read-only, or no permission
    │   ├── BadKeyFile            the key file cannot be read, made or understood
    │   ├── WrongKey              the secrets are encrypted under a key that is not there
    │   └── DamagedSecret         an encrypted secret that does not open
    │       └── DamagedVehicle    a vehicle's, which can be set anew
    ├── StoreClosed               the writer, or the database, was closed
    └── RecordError               what was asked of a record
        ├── InvalidValue          a name, id or secret that is not allowed
        ├── NotFound              no such owner or vehicle
        ├── AlreadyExists         the name or id is taken
        ├── QuotaReached          the owner has as much as may be
        ├── LastAdministrator     without this one the server had no administrator
        └── OwnerHasVehicles      an owner cannot go before the vehicles
"""

from __future__ import annotations


class StoreError(Exception):
    """Anything that this package raises on purpose."""


class DatabaseError(StoreError):
    """The database as a whole cannot be used."""


class UnsupportedDatabase(DatabaseError):
    """The URL names a kind of database that is not supported."""


class NotADatabase(DatabaseError):
    """The file is no database, one of another program, or damaged."""


class DamagedDatabase(NotADatabase):
    """Pages of the database, or of one of its indexes, are not what was written."""


class NewerSchema(DatabaseError):
    """The schema is one that this version does not know."""


class DatabaseInUse(DatabaseError):
    """Another server uses the database."""


class DatabaseLocked(DatabaseError):
    """Another process kept the database locked for longer than the busy time-out."""


class DatabaseUnreachable(DatabaseError):
    """The database's server is down, takes no more connections, or lets nobody in."""


class DatabaseUnwritable(DatabaseError):
    """The disk is full or read-only, or a permission is missing."""


class NoRoom(DatabaseError):
    """The disk has no room for the copies that writing a database anew takes."""


class BadKeyFile(DatabaseError):
    """The key file cannot be read or made, is damaged, or is open to others."""


class WrongKey(DatabaseError):
    """The secrets are encrypted under a key that the key file does not hold."""


class DamagedSecret(DatabaseError):
    """An encrypted secret does not open: it was altered, or stands in another's place."""


class DamagedVehicle(DamagedSecret):
    """A vehicle's secret does not open; another one can be set."""


class StoreClosed(StoreError):
    """The writer, or the database, was closed; nothing can be put or asked for any more."""


class RecordError(StoreError):
    """An owner or a vehicle cannot be made, changed or found as asked."""


class InvalidValue(RecordError):
    """A name, id or secret that is not allowed."""


class NotFound(RecordError):
    """There is no such owner or vehicle."""


class AlreadyExists(RecordError):
    """The name or id is taken."""


class QuotaReached(RecordError):
    """There are as many as may be: vehicles of an owner, or shares."""


class LastAdministrator(RecordError):
    """The only administrator cannot go, nor stop being one."""


class OwnerHasVehicles(RecordError):
    """The owner still has vehicles; ``count`` of them."""

    def __init__(self, name: str, count: int) -> None:
        vehicles = "1 vehicle" if count == 1 else f"{count} vehicles"
        super().__init__(f"owner {name} still has {vehicles}")
        self.count = count
