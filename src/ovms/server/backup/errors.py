"""What can go wrong with a backup; ``str()`` of each is one line for an operator."""

from __future__ import annotations


class BackupError(Exception):
    """A backup that cannot be made, used or put back.

    ::

        BackupError
        ├── BadBackup        the file is no backup, damaged, or of a newer version
        ├── CannotWrite      a file or folder that cannot be read or written
        └── TargetInUse      something is there already, or a server runs there
    """


class BadBackup(BackupError):
    """The file is no backup, is damaged, or was written by a newer version."""


class CannotWrite(BackupError):
    """A file or a folder that a backup needs cannot be read or written."""


class TargetInUse(BackupError):
    """There is something already where the backup should go, or a server runs there."""
