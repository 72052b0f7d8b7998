from __future__ import annotations

import errno
from collections.abc import Mapping

import pytest

from ovms.car.reports import Units
from ovms.car.settings import BadValue, ModuleSettings, list_rows


class Memory:
    """Keeps values as a disk would, which may be full."""

    def __init__(self, values: Mapping[int, str] | None = None) -> None:
        self.values = dict(values or {})
        self.is_full = False

    def load(self) -> dict[int, str]:
        """Return what was saved."""
        return dict(self.values)

    def save(self, values: Mapping[int, str]) -> None:
        """Save, if there is room."""
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.values = dict(values)


def test_what_was_set_counts_more_until_it_is_set_to_nothing() -> None:
    """A parameter that is set hides what the module was started with, and gives way to it again."""
    settings = ModuleSettings({2: "M", 8: "CAR"}, Memory())
    settings.set_parameter(2, "K")
    settings.set_parameter(3, "SMS,IP")
    assert (settings.units, settings.parameter(3)) == (Units.KILOMETRES, "SMS,IP")
    assert settings.changed == {2: "K", 3: "SMS,IP"}
    settings.set_parameter(2, "")
    settings.set_parameter(3, "")
    settings.set_parameter(5, "")
    assert (settings.units, settings.parameter(3), settings.changed) == (Units.MILES, "", {})


def test_kept_features_are_parameters_and_the_others_are_forgotten() -> None:
    """8 to 15 are kept as 24 to 31, and set by either; 0 to 7 are 0 after a restart."""
    memory = Memory()
    settings = ModuleSettings({31: "1"}, memory)
    for number in range(16):
        settings.set_feature(number, "1")
    settings.set_parameter(25, "20")
    settings.set_parameter(24, "007")
    assert memory.values == {24: "7", 25: "20", **dict.fromkeys(range(26, 32), "1")}
    again = ModuleSettings({31: "1"}, memory)
    assert [again.feature(n) for n in range(16)] == [0] * 8 + [7, 20, 1, 1, 1, 1, 1, 1]
    assert (again.stream_interval, again.minimum_soc, again.can_write) == (7, 20, True)
    assert [again.parameter(number) for number in range(24, 32)] == [""] * 8
    again.set_feature(15, "0")
    assert not ModuleSettings({31: "1"}, memory).can_write
    again.set_parameter(31, "")
    assert ModuleSettings({31: "1"}, memory).can_write


@pytest.mark.parametrize(
    ("number", "value"),
    [(2, "X"), (2, "m"), (4, "::1"), (4, "host:0"), (8, "two words"), (8, "x" * 65), (9, "*"),
     (1, "*"), (10, "*"), (0, "a\rb"), (0, "\udcff"), (0, "x" * 256), (24, "61"), (25, "101"),
     (26, "256"), (31, "2"), (24, "x"), (24, "-1"), (11, "a,b"), (12, "x" * 65), (11, "a\tb"),
     (12, "\u00e9" * 33)],
)  # fmt: skip
def test_values_that_make_no_sense_change_nothing(number: int, value: str) -> None:
    """They are refused with a text of one line without a comma, which does not repeat them."""
    settings = ModuleSettings({}, Memory())
    with pytest.raises(BadValue) as caught:
        settings.set_parameter(number, value)
    assert not set(str(caught.value)) & set(",\r\n")
    assert settings.changed == {}


def test_groups_are_two_parameters() -> None:
    """Each that is set, in their order, twice the same once; a bad one from a file counts not."""
    memory = Memory()
    settings = ModuleSettings({11: "STARTED"}, memory)
    seen = [settings.groups]
    for number, name in ((12, "FRIENDS"), (11, "FRIENDS"), (11, ""), (12, "")):
        settings.set_parameter(number, name)
        seen.append(settings.groups)
        assert ModuleSettings({11: "STARTED"}, memory).groups == settings.groups
    started, both, twice = ("STARTED",), ("STARTED", "FRIENDS"), ("FRIENDS",)
    assert seen == [started, both, twice, both, started]
    assert ModuleSettings({11: "a,b", 12: "x" * 65}, Memory({12: "c,d"})).groups == ()


def test_passwords_are_not_shown() -> None:
    """Only whether they are set, whoever set them."""
    settings = ModuleSettings({9: "started with"}, Memory())
    settings.set_parameter(10, "paranoid")
    settings.set_parameter(7, "apn")
    rows = [answer.text.split(",", 2)[2] for answer in list_rows(3, settings)]
    assert [rows[number] for number in (1, 7, 9, 10)] == ["", "*", "*", "*"]
    assert "paranoid" not in "".join(rows)


def test_a_full_disk_fails_and_changes_nothing() -> None:
    """What cannot be kept is not set; what is set already need not be kept again."""
    memory = Memory()
    settings = ModuleSettings({}, memory)
    settings.set_feature(9, "20")
    memory.is_full = True
    with pytest.raises(BadValue, match="cannot be kept: No space left on device"):
        settings.set_feature(9, "30")
    assert settings.feature(9) == 20
    settings.set_feature(9, "20")
    settings.set_feature(1, "1")


def test_kept_values_that_could_not_be_set_are_left_out() -> None:
    """A file that somebody edited cannot make the module run with nonsense."""
    memory = Memory({2: "X", 3: "good", 24: "oops", 25: "30", 40: "x", -1: "x", 5: ""})
    assert ModuleSettings({}, memory).changed == {3: "good", 25: "30"}
    assert ModuleSettings({2: "X", 31: "nonsense"}).feature(15) == 0


def test_a_paranoid_password_needs_a_place_to_be_kept() -> None:
    """It counts after a restart, which forgets what is in memory only; the rest may be there."""
    settings = ModuleSettings({})
    settings.set_parameter(9, "secret")
    with pytest.raises(BadValue, match="--state"):
        settings.set_parameter(10, "paranoid")
