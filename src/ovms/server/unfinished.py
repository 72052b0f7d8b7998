"""Before anything of a data folder is read: an interrupted restore is finished, or undone."""

from __future__ import annotations

from pathlib import Path

from ovms.base.settings import SettingsError
from ovms.server.backup.pending import finish, has_pending
from ovms.server.data_folder import AlreadyRunning, data_lock
from ovms.server.storage.errors import StoreError


def finish_interrupted(data: Path) -> bool:
    """Finish or undo a restore that was interrupted; return whether there was one.

    Raises :class:`~ovms.base.settings.SettingsError`, also while the restore goes on.
    """
    if not has_pending(data):
        return False
    try:
        with data_lock(data):
            if has_pending(data):  # the other program may have finished it
                finish(data)
    except AlreadyRunning:
        problem = "is being restored from a backup: wait for its end"
        raise SettingsError(str(data), problem) from None
    except (StoreError, OSError) as error:
        problem = f"a restore was interrupted, and cannot be finished: {error}"
        raise SettingsError(str(data), problem) from error
    return True
