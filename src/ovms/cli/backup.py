"""``ovms backup``: all that the server has, in one file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ovms.cli.common import JsonOption, fail, iso_time, print_json, refuse
from ovms.cli.database import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    find_settings,
    open_database,
)
from ovms.cli.step_progress import StepProgress
from ovms.server.backup.checking import read_whole
from ovms.server.backup.errors import BackupError
from ovms.server.backup.making import make_backup
from ovms.server.backup.naming import backup_name
from ovms.server.storage.audit import note_operator
from ovms.server.storage.schema import metadata

if TYPE_CHECKING:
    from ovms.server.backup.format import Manifest


def backup(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="The file to write, or a folder for one named by the time."
        ),
    ],
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing: say what is in FILE, and if it is whole."),
    ] = False,
    without_key: Annotated[
        bool,
        typer.Option(
            "--without-key",
            help="Leave out the key of the secrets, ovms.toml and tls/: keep those elsewhere.",
        ),
    ] = False,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Write all that the server has to one file, also while it runs.

    Database, key, settings, certificates and alert tables, as they are at one moment. It is read
    again and compared before it gets its name. Whoever has the file has everything: keep it
    private. ovms restore puts it back.
    """
    if check and without_key:
        refuse("--check reads what is there: it goes without --without-key")
    try:
        with StepProgress() as progress:
            if check:
                manifest = read_whole(file, progress.report)
            else:
                now = time.time()
                file = file / backup_name(now) if file.is_dir() else file
                sources = find_settings(data, database, config).file_sources()
                with open_database(data, database, config, must_exist=True) as db:
                    manifest = make_backup(
                        db, sources, file, now, progress.report, secrets=not without_key
                    )
                    with db.writing() as connection:
                        note_operator(connection, now, "backup.make", detail=file.name)
    except BackupError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("interrupted: no backup was written" if not check else "interrupted")
    if json:
        print_json(as_json(file, manifest))
        return
    print(f"backup {file} {'is whole' if check else 'written'}: {summary(manifest)}")
    for line in notes(manifest):
        print(line)


def summary(manifest: Manifest) -> str:
    """Return what is in a backup, in a few words."""
    counts = {each: manifest.rows(each) for each in ("owners", "vehicles", "journeys")}
    counts |= {"records": manifest.rows("history"), "files": len(manifest.files)}
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def notes(manifest: Manifest) -> list[str]:
    """Return what else there is to know of a backup."""
    made = iso_time(manifest.made)
    lines = [f"made {made} by ovms {manifest.version} of a {manifest.source} database"]
    if not manifest.has_secrets:
        lines.append(
            f"without secrets: a restore needs key {manifest.key_id}, and ovms.toml and tls/"
        )
    if manifest.elsewhere:
        lines.append(f"not in it, as it is not in the data folder: {', '.join(manifest.elsewhere)}")
    return lines


def as_json(file: Path, manifest: Manifest) -> dict[str, object]:
    """Return what is in a backup as JSON has it."""
    return {
        "file": str(file),
        "bytes": file.stat().st_size,
        "made": iso_time(manifest.made),
        "version": manifest.version,
        "revision": manifest.revision,
        "source": manifest.source,
        "key": manifest.key_id,
        "has_key": manifest.has_secrets,
        "rows": {name: manifest.rows(name) for name in sorted(metadata.tables)},
        "files": [each.name for each in manifest.files],
        "elsewhere": list(manifest.elsewhere),
    }
