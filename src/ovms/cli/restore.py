"""``ovms restore``: a backup put back, into what is empty or in place of what is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from ovms.base.paths import make_private_dir
from ovms.base.settings import SettingsError
from ovms.cli.backup import as_json, notes, summary
from ovms.cli.common import JsonOption, fail, print_json
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption
from ovms.cli.step_progress import StepProgress
from ovms.server.backup.checking import read_about
from ovms.server.backup.errors import BackupError
from ovms.server.backup.files import SETTINGS_NAME
from ovms.server.backup.format import Manifest
from ovms.server.backup.restoring import RestoreResult, RestoreTarget, restore
from ovms.server.certificate import BadCertificate
from ovms.server.data_folder import AlreadyRunning, data_lock
from ovms.server.settings import ServerSettings, load_settings
from ovms.server.storage.errors import StoreError
from ovms.server.storage.opening import open_database
from ovms.server.tls import check_certificates
from ovms.server.unfinished import finish_interrupted


def restore_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that ovms backup wrote.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Put it in place of what is there, which is kept beside."),
    ] = False,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Put a backup back; the server must not run.

    Database, key, settings, certificates and alert tables, into a data folder and a database that
    are empty. --database names another kind of database than the backup is of. All or nothing: when
    it is interrupted, the next start finishes it, or all is as before.
    """
    try:
        manifest = read_about(file)
        settings = _settings(file, manifest, data, database, config)
        settings.data = settings.data.absolute()
        with StepProgress() as progress, _held(settings) as target:
            result = restore(file, target, time.time(), progress.report, replace=replace)
    except (BackupError, StoreError, AlreadyRunning, SettingsError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or settings.data} cannot be used: {error.strerror or error}")
    except KeyboardInterrupt:
        fail("interrupted: all is as before, or the next start finishes it")
    found = [*_problems(result, settings, database)]
    if json:
        told = as_json(file, manifest)
        told |= {"database": target.database.name, "data": str(settings.data)}
        print_json(told | {"kept": result.kept, "problems": found})
        return
    print(f"restored into {settings.data}, database {target.database.name}: {summary(manifest)}")
    for line in [*notes(manifest)[:1], *(f"kept what was there: {each}" for each in result.kept)]:
        print(line)
    for line in found:
        print(f"note: {line}")


def _settings(
    file: Path, manifest: Manifest, data: Path | None, database: str | None, config: Path | None
) -> ServerSettings:
    """Return the settings that the restored server will have: --config, or the backup's own."""
    options: dict[str, object] = {"data": data, "database": database}
    if config is not None:
        return load_settings(config, options)
    kept = manifest.file(SETTINGS_NAME)
    with TemporaryDirectory(prefix="ovms-restore-") as folder:  # mode 0700
        own = Path(folder, SETTINGS_NAME)
        if kept is not None:
            own.write_bytes(kept.data)
        try:
            found = load_settings(own if kept is not None else None, options)
        except SettingsError as error:
            if error.where.startswith(folder) or str(own) in str(error):
                text = str(error).replace(str(own), f"{SETTINGS_NAME} in {file}")
                fail(f"{text}; --config FILE has others used")
            raise
    return found


@contextmanager
def _held(settings: ServerSettings) -> Iterator[RestoreTarget]:
    """Keep servers from the folder and the database meanwhile; one that runs ends the command."""
    finish_interrupted(settings.data)
    made = not settings.data.exists()
    make_private_dir(settings.data)
    database = open_database(settings.data, settings.database, settings.key_file)
    try:
        with data_lock(settings.data):
            if database.path is not None:
                make_private_dir(database.path.parent)
            database.hold()
            try:
                yield RestoreTarget(settings.data, database, settings.database)
            finally:
                asyncio.run(database.close())
    except BaseException:
        if made:
            _remove_empty(settings.data)
        raise


def _remove_empty(data: Path) -> None:
    """Remove a folder that was made for nothing."""
    for name in ("lock", "ovms.db.lock"):
        (data / name).unlink(missing_ok=True)
    if not any(data.iterdir()):
        data.rmdir()


def _problems(
    result: RestoreResult, settings: ServerSettings, database: str | None
) -> Iterator[str]:
    """Yield what there is to do before the server can start, or to know."""
    if result.damage is not None:
        yield f"a secret does not open, as before: {result.damage}"
    if database is not None:
        yield "start the server with this --database, or name it in ovms.toml"
    for each in result.manifest.elsewhere:
        if not Path(each).exists():
            yield f"{each} was not in the backup, and is not here"
    if not result.manifest.has_secrets:
        yield "ovms.toml and tls/ were not in the backup"
    try:
        check_certificates(settings, time.time())
    except BadCertificate as error:
        yield str(error)
