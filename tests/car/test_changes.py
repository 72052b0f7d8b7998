from __future__ import annotations

import pytest

from ovms.car.changes import ChangeWatch, is_known
from ovms.car.settings import ModuleSettings
from ovms.car.state import CarState
from ovms.protocol.records.environment import Doors1


def watch(state: CarState, settings: ModuleSettings | None = None) -> ChangeWatch:
    """Return a watch whose state has just been sent."""
    made = ChangeWatch(state, settings or ModuleSettings({}))
    made.note_sent()
    return made


def test_a_change_is_taken_once() -> None:
    """A value that changes gives its message, once; one that was sent meanwhile gives none."""
    state = CarState(soc=50, charge_state="charging", doors_1=Doors1(0))
    changes = watch(state)
    assert changes.take() == set()
    state.charge_state = "done"
    assert (changes.take(), changes.take()) == ({"S"}, set())
    state.doors_1 = Doors1.LEFT_DOOR
    changes.note_sent()
    assert changes.take() == set()


def test_switching_on_is_told_with_status_and_position() -> None:
    """A car that is switched on has changed D, S and L, whatever else is known."""
    state = CarState(soc=50, doors_1=Doors1(0))
    changes = watch(state)
    state.doors_1 = Doors1.CAR_ON
    assert changes.take() == {"D", "S", "L"}


def test_a_first_reading_waits_for_its_message() -> None:
    """A reading of a message that is not known as a whole gives none; the rest of it does."""
    state = CarState()
    changes = watch(state)
    state.charge_state = "charging"
    assert changes.take() == set()
    state.soc = 50
    assert changes.take() == {"S"}
    state.soc = 51
    assert changes.take() == set()


@pytest.mark.parametrize(
    ("number", "value", "codes"), [(2, "K", {"S", "D"}), (31, "1", {"F", "V"}), (11, "G", set())]
)
def test_settings_change_messages(number: int, value: str, codes: set[str]) -> None:
    """Units change the known messages that hold distances, and feature 15 what the car offers."""
    settings = ModuleSettings({})
    changes = watch(CarState(soc=50, doors_1=Doors1(0)), settings)
    settings.set_parameter(number, value)
    assert (changes.take(), changes.take()) == (codes, set())


def test_a_position_is_known_by_either_reading() -> None:
    """A direction alone is enough for L; F, W and V are always known."""
    assert not is_known("L", CarState())
    assert is_known("L", CarState(direction=5))
    assert is_known("L", CarState(latitude=1.0, longitude=2.0))
    assert all(is_known(code, CarState()) for code in "FWV")
