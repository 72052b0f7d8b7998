from __future__ import annotations

import pytest
import typer

from ovms.cli.measures import AS_CAR, UNKNOWN, ShownUnits, find_units, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, UNKNOWN),
        (float("nan"), UNKNOWN),
        (0, "0 km"),
        (-0.0, "0 km"),
        (-0.001, "0 km"),
        (7.5, "7.5 km"),
        (1234567, "1,234,567 km"),
        (1234567.89, "1,234,567.89 km"),
        (100, "100 km"),
        (1e9, "1,000,000,000 km"),
        (1e300, "1e+300 km"),
    ],
)
def test_numbers_are_for_people(value: float | None, text: str) -> None:
    """Thousands have commas and no exponent, unknown is a dash, and nothing is minus zero."""
    assert number(value, "km" if text != UNKNOWN else "") == text


def test_unknown_has_no_unit() -> None:
    """A dash stands alone, whatever the unit."""
    assert number(None, "km") == UNKNOWN
    assert AS_CAR.temperature(None) == UNKNOWN


@pytest.mark.parametrize(
    ("words", "distance", "speed", "pressure", "temperature", "height"),
    [
        ("car", "100 km", "50 km/h", ("2.50", "bar"), "20 °C", "100 m"),
        ("metric", "100 km", "50 km/h", ("2.50", "bar"), "20 °C", "100 m"),
        ("K", "100 km", "50 km/h", ("2.50", "bar"), "20 °C", "100 m"),
        ("imperial", "62.1 mi", "31 mph", ("36.3", "psi"), "68 °F", "328 ft"),
        ("mi", "62.1 mi", "31 mph", ("36.3", "psi"), "20 °C", "328 ft"),
        ("Imperial, kPa, C", "62.1 mi", "31 mph", ("250", "kPa"), "20 °C", "328 ft"),
        ("metric,psi", "100 km", "50 km/h", ("36.3", "psi"), "20 °C", "100 m"),
    ],
)
def test_units_of_choice(
    words: str,
    distance: str,
    speed: str,
    pressure: tuple[str, str],
    temperature: str,
    height: str,
) -> None:
    """What a car in kilometres says is shown in the units that somebody wants."""
    units = find_units(words)
    assert units.distance(100, "km") == distance
    assert units.speed(50, "km") == speed
    assert units.pressure(250, "km") == pressure
    assert units.temperature(20) == temperature
    assert units.height(100) == height


def test_a_car_in_miles() -> None:
    """Its own units are miles and psi; kilometres are converted."""
    assert AS_CAR.distance(100, "mi") == "100 mi"
    assert AS_CAR.pressure(250, "mi") == ("36.3", "psi")
    assert find_units("metric").distance(100, "mi") == "160.9 km"


def test_a_car_that_has_not_said_its_unit() -> None:
    """A distance of unknown unit is not converted, and not said to be in one of them."""
    assert ShownUnits(length="km").distance(100, None) == "100 km or mi"


@pytest.mark.parametrize("words", ["", "furlongs", "km,", "metric;psi"])
def test_unknown_units_are_wrong_usage(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says which ones there are."""
    with pytest.raises(typer.Exit) as left:
        find_units(words)
    assert left.value.exit_code == 2
    assert "metric, imperial" in capsys.readouterr().err
