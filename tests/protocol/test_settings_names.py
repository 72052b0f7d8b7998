from __future__ import annotations

from ovms.protocol.commands import FEATURE_LIMIT, PARAMETER_LIMIT
from ovms.protocol.settings_names import FEATURE_NAMES, PARAMETER_NAMES


def test_names_are_of_numbers_that_there_are() -> None:
    """A name stands for one feature or parameter that a module may have."""
    assert max(FEATURE_NAMES) < FEATURE_LIMIT
    assert max(PARAMETER_NAMES) < PARAMETER_LIMIT
    for names in (FEATURE_NAMES, PARAMETER_NAMES):
        assert len({*names.values()}) == len(names)


def test_the_names_of_the_guide() -> None:
    """Numbers and meanings are the guide's."""
    assert (FEATURE_NAMES[9], PARAMETER_NAMES[8]) == ("minimum SOC", "vehicle ID")
    assert PARAMETER_NAMES[31] == "feature 15"
