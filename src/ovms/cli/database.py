"""How commands open the server's database, while the server runs and while it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ovms.base.paths import make_private_dir
from ovms.base.settings import SettingsError
from ovms.cli.common import fail
from ovms.server.settings import ServerSettings, load_settings
from ovms.server.storage import opening
from ovms.server.storage.database import Database
from ovms.server.storage.errors import StoreError

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        show_default="the platform's data directory",
        help="Directory of the database.",
    ),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="The database, postgresql://USER@HOST/NAME or sqlite:///FILE, instead of the one in"
        " the data directory.",
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings, instead of ovms.toml in --data."),
]


def find_settings(data: Path | None, database: str | None, config: Path | None) -> ServerSettings:
    """Return the server's settings; the arguments are the options. Wrong ones end the command."""
    try:
        return load_settings(config, {"data": data, "database": database})
    except SettingsError as error:
        fail(str(error))


@contextmanager
def open_database(
    data: Path | None,
    database: str | None,
    config: Path | None,
    *,
    must_exist: bool = False,
    needs_key: bool = True,
) -> Iterator[Database]:
    """Yield the database that the settings name, made and upgraded if need be.

    The arguments are the options, ``None`` for one that was not given. With ``must_exist`` a data
    directory that is not there ends the command: who only looks has mistyped it. Without
    ``needs_key`` the key of the secrets may be missing. Whatever the settings or the store refuse,
    here or inside, ends the command with its one line.
    """
    try:
        settings = load_settings(config, {"data": data, "database": database})
        opened = opening.open_database(settings.data, settings.database, settings.key_file)
        if must_exist and not settings.database and not settings.data.exists():
            fail(f"there is no data directory {settings.data}: give the server's with --data")
        if not settings.database:
            _make_data_dir(settings.data)
        with ExitStack() as stack:
            stack.callback(opened.release)
            opened.upgrade_schema()
            if needs_key:
                opened.check_key()
            yield opened
    except (SettingsError, StoreError) as error:
        fail(str(error))


@contextmanager
def held(db: Database) -> Iterator[None]:
    """Keep servers from the database meanwhile; one that runs ends the command."""
    db.hold()
    try:
        yield
    finally:
        asyncio.run(db.close())


def _make_data_dir(data: Path) -> None:
    try:
        make_private_dir(data)
    except OSError as error:
        fail(f"data directory {data} cannot be used: {error.strerror or error}")
