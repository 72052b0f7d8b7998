from __future__ import annotations

from pathlib import Path

import pytest
import typer
from sqlalchemy import text

from ovms.cli.database import open_database


def test_open_database(tmp_path: Path) -> None:
    """The data directory and the database are made, private."""
    with open_database(tmp_path / "new", None, None) as db, db.reading() as found:
        assert found.scalar(text("SELECT count(*) FROM owners")) == 0
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_a_data_directory_that_must_exist(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who only looks and mistypes the data directory is told, and nothing is made."""
    typo = tmp_path / "typo"
    with pytest.raises(typer.Exit), open_database(typo, None, None, must_exist=True):
        pass
    error = capsys.readouterr().err
    assert error == f"ovms: there is no data directory {typo}: give the server's with --data\n"
    assert not typo.exists()


def test_database_from_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is the option's, else the variable's, else the settings' file's."""

    def used(database: str | None, config: Path | None = None) -> str:
        with open_database(tmp_path, database, config) as db:
            return db.name.removeprefix(f"{tmp_path}/")

    assert used(None) == "ovms.db"
    other = tmp_path / "other.toml"
    for file, name in ((tmp_path / "ovms.toml", "1.db"), (other, "2.db")):
        file.write_text(f'database = "sqlite:///{tmp_path}/{name}"')
    assert used(None) == "1.db"
    assert used(None, other) == "2.db"
    monkeypatch.setenv("OVMS_DATABASE", f"sqlite:///{tmp_path}/3.db")
    assert used(None) == "3.db"
    assert used(f"sqlite:///{tmp_path}/4.db") == "4.db"


@pytest.mark.parametrize(
    ("database", "config", "reason"),
    [
        ("mysql://x/y", None, "are not supported"),
        ("sqlite:////nonexistent/x.db", None, "cannot be opened"),
        (None, "none.toml", "cannot be read"),
    ],
)
def test_open_database_fails(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    database: str | None,
    config: str | None,
    reason: str,
) -> None:
    """A database or settings that cannot be used end the command with one line."""
    file = tmp_path / config if config else None
    with pytest.raises(typer.Exit), open_database(tmp_path, database, file):
        pass
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1


def test_data_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file where the data directory belongs is named."""
    (tmp_path / "file").touch()
    with pytest.raises(typer.Exit), open_database(tmp_path / "file", None, None):
        pass
    assert "cannot be used" in capsys.readouterr().err
