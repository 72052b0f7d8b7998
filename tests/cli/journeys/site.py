"""A server's database with journeys, for tests of commands about them."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from ovms.cli.journeys.command import app
from ovms.server.journeys.values import CurvePoint
from ovms.server.storage import places, queries
from ovms.server.storage.opening import open_database
from tests.server.journeys.made import HOME, NOON, charge, parked, put_journeys, trip
from tests.server.storage.databases import close, make_database

if TYPE_CHECKING:
    from typer.testing import Result

DAY = 86400

CURVE = tuple(
    CurvePoint(time=NOON + 7200 + minute * 60, soc=60 + minute / 6, power=6.5 - minute / 100)
    for minute in range(61)
)


class JourneySite:
    """Bob's CAR1 with two trips, a charge and the time parked between; CAR2 has nothing."""

    home = 1
    """The id of Bob's place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for file in _template().iterdir():
            shutil.copy2(file, folder / file.name)
        self.database = open_database(folder)

    def run(self, *arguments: str) -> Result:
        """Run a command of ``ovms journeys``."""
        return CliRunner().invoke(app, [*arguments, "--data", str(self.folder)])

    def good(self, *arguments: str) -> str:
        """Run a command that succeeds and says nothing else; return what it prints."""
        result = self.run(*arguments)
        assert (result.exit_code, result.stderr) == (0, "")
        return result.stdout

    def table(self, *arguments: str) -> list[dict[str, str]]:
        """Return the rows of a table, by the names of its columns."""
        head, *lines = [line.split("\t") for line in self.good(*arguments).splitlines()]
        return [dict(zip(head, line, strict=True)) for line in lines]

    def listed(self, *arguments: str) -> Any:
        """Return what a command prints as JSON."""
        return json.loads(self.good(*arguments, "--format", "json"))

    def refused(self, *arguments: str) -> str:
        """Run a command that is refused as wrong usage; return why."""
        result = self.run(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        return result.stderr

    def failed(self, *arguments: str) -> str:
        """Run a command that fails; return the line that says why."""
        result = self.run(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        return result.stderr


@cache
def _template() -> Path:
    """Make the database once: that takes longer than most tests."""
    folder = Path(tempfile.mkdtemp(prefix="ovms-journeys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = make_database(folder)
    with database.writing() as connection:
        bob = queries.get_owner(connection, "bob")
        made = places.make_place(connection, bob.id, "Home", HOME, 1.0, is_home=True)
        assert made.id == JourneySite.home
    second = trip(NOON + DAY, NOON + DAY + 1200, closed=None, has_gaps=True)
    put_journeys(
        database,
        "CAR1",
        trip(speed_max=98.0, temperature_ambient=12.5),
        charge(NOON + 7200, NOON + 10_800, curve=CURVE, power_max=6.5, plug="type2"),
        parked(NOON + 1800, NOON + DAY),
        replace(second, estimated=("distance",)),
    )
    close(database)
    return folder
