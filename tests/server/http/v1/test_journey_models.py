from __future__ import annotations

from decimal import Decimal

import pytest

from ovms.server.http.v1.journey_models import (
    JourneyView,
    hidden_from,
    money_answer,
    money_text,
    short,
    shown_to,
)
from ovms.server.journeys.values import JourneyKind, Position
from ovms.server.rights import VehicleRight
from ovms.server.storage.journeys import JourneyRow
from tests.server.journeys.made import NOON, charge, parked, trip

ROWS = [
    JourneyRow(
        vehicle_id="CAR1", id=1, kind=kind, journey=journey, start_place=7, end_place=7,
        note="at Anna's",
    )
    for kind, journey in (
        (JourneyKind.TRIP, trip(ascent=9.0)), (JourneyKind.CHARGE, charge()),
        (JourneyKind.PARKED, parked()),
    )
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.kind.value)
def test_shown_to(row: JourneyRow) -> None:
    """What says where it was is taken out of the row itself, so no table or paper has it."""
    assert shown_to(VehicleRight.LOCATION | VehicleRight.VIEW, row) is row
    shown = shown_to(VehicleRight.VIEW, row)
    assert (shown.start_place, shown.end_place, shown.note) == (None, None, "")
    assert "Position" not in repr(shown)
    assert shown.journey.duration == row.journey.duration


def test_hidden() -> None:
    """An answer says that it hides something."""
    assert hidden_from(VehicleRight.VIEW | VehicleRight.MANAGE) == ["location"]
    assert hidden_from(VehicleRight.LOCATION) == []


@pytest.mark.parametrize(
    ("cost", "text"),
    [("3.5", "3.50"), ("0", "0.00"), ("1.234", "1.234"), ("-2", "-2.00"), ("1E+3", "1000.00"),
     ("12345678.901", "12345678.901")],
)  # fmt: skip
def test_money(cost: str, text: str) -> None:
    """Money has two decimals, or three where it needs them."""
    assert money_text(Decimal(cost)) == text
    made = money_answer(Decimal(cost), "EUR")
    assert made is not None
    assert (made.amount, made.currency) == (text, "EUR")
    yen, dinar = money_answer(Decimal(300), "JPY"), money_answer(Decimal("1.5"), "KWD")
    assert (yen and yen.amount, dinar and dinar.amount) == ("300", "1.500")
    assert money_answer(None, "EUR") is None
    assert money_answer(Decimal(1), None) is None


def test_no_time() -> None:
    """What took no time has no mean."""
    view = JourneyView("CAR1", VehicleRight.LOCATION, {})
    rows = [
        JourneyRow(vehicle_id="CAR1", id=1, kind=kind, journey=journey)
        for kind, journey in (
            (JourneyKind.TRIP, trip(NOON, NOON)), (JourneyKind.PARKED, parked(NOON, NOON)),
        )
    ]  # fmt: skip
    drive, stay = (view.answer(row) for row in rows)
    assert drive.trip is not None
    assert drive.trip.speed_mean is None
    assert stay.parked is not None
    assert stay.parked.voltage_12v_lost_a_day is None


def test_a_place_that_is_gone() -> None:
    """A place without a name is not told."""
    answer = JourneyView("CAR1", VehicleRight.LOCATION, {}).answer(ROWS[0])
    assert answer.start.place is None
    named = JourneyView("CAR1", VehicleRight.LOCATION, {7: "Home"}).answer(ROWS[0])
    assert named.start.place is not None
    assert named.start.place.name == "Home"


def test_addresses() -> None:
    """They are asked for where no place is, and never for who may not see where that is."""
    asked: list[Position | None] = []

    def address(position: Position | None) -> str | None:
        asked.append(position)
        return None if position is None else "Weg 5, Ort"

    rights = VehicleRight.VIEW | VehicleRight.LOCATION
    at_home = JourneyView("CAR1", rights, {7: "Home"}, address).answer(ROWS[0])
    assert (at_home.start.address, at_home.end.address, asked) == (None, None, [])
    nowhere = JourneyView("CAR1", rights, {}, address).answer(ROWS[0])
    assert (nowhere.start.address, nowhere.end.address) == ("Weg 5, Ort", "Weg 5, Ort")
    hidden = JourneyView("CAR1", VehicleRight.VIEW, {}, address).answer(ROWS[0])
    assert (hidden.start.address, hidden.end.address) == (None, None)
    assert asked[2:] == [None, None]


def test_short() -> None:
    """Numbers are told without digits that say nothing."""
    assert (short(1 / 3), short(None), short(12.34, 1)) == (0.333, None, 12.3)
