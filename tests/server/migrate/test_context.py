from __future__ import annotations

from typing import Any, cast

import pytest

from ovms.server.migrate.context import Move, MovedVehicle, MoveOptions, be_quiet
from ovms.server.migrate.report import MovedKind, MoveReport


@pytest.mark.parametrize(
    ("owner", "vehicle_id", "is_found"),
    [(5, "Car1", True), (5, "CAR1", True), (None, "car1", True), (6, "CAR1", False),
     (5, "CAR2", False), (0, "CAR1", False), (5, "", False)],
)  # fmt: skip
def test_vehicle_of_a_row(owner: int | None, vehicle_id: str, is_found: bool) -> None:
    """A row is of a vehicle by id in any case and its owner there, if rows have one."""
    nothing = cast("Any", None)
    move = Move(nothing, nothing, MoveReport("old"), 1.0, MoveOptions())
    move.vehicles["CAR1"] = MovedVehicle("CAR1", 1, 5, "Car1")
    assert move.vehicle_of(owner, vehicle_id) == (move.vehicles["CAR1"] if is_found else None)


def test_progress_may_be_nobodys() -> None:
    """Nobody need hear how far it is."""
    be_quiet(MovedKind.OWNERS, 1, 2)
