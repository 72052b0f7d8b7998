from __future__ import annotations

import pytest

from ovms.protocol.commands import BY_NAME
from ovms.server.http.v1.command_words import (
    CAR_COMMANDS,
    Given,
    WrongParameters,
    is_for_owner,
    make_command,
    rights_for,
    shown_parameters,
)
from ovms.server.rights import VehicleRight


@pytest.mark.parametrize(
    ("name", "given", "text"),
    [
        ("charge-current", {"amps": 16}, "16"),
        ("charge-current", {"amps": "16A"}, "16"),
        ("climate", {"on": True}, "1"),
        ("climate", {"on": "off"}, "0"),
        ("charge-timer", {"minutes": "22:30"}, "1,1350"),
        ("charge-timer", {"timer": "plug-in"}, "0,0"),
        ("charge-timer", {"timer": 0}, "0,0"),
        ("charge-timer", {"timer": False}, "0,0"),
        ("set-feature", {"feature": "minimum SOC", "value": 20}, "9,20"),
        ("set-parameter", {"parameter": 3, "value": "a, b "}, "3,a, b "),
        ("set-parameter", {"parameter": 7, "value": ""}, "7,"),
        ("set-parameter", {"parameter": 3, "value": "*"}, "3,*"),
        ("set-parameter", {"value": 5, "parameter": 3}, "3,5"),
        ("lock", {"pin": "0123"}, "0123"),
        ("lock", {"pin": 1234}, "1234"),
        ("lock", {}, ""),
        ("sms", {"number": "+491", "text": "a, b"}, "+491,a, b"),
    ],
)
def test_what_is_sent(name: str, given: dict[str, Given], text: str) -> None:
    """Parameters are sent in their order, as numbers."""
    spec = BY_NAME[name]
    command = make_command(spec, given, 0.0)
    assert (command.number, command.text) == (spec.number, text)


@pytest.mark.parametrize(
    ("name", "given", "wrong"),
    [
        ("charge-current", {}, {"amps"}),
        ("charge-current", {"amps": True}, {"amps"}),
        ("charge-current", {"amps": -1}, {"amps"}),
        ("charge-current", {"amps": 256, "mode": 1}, {"amps", "mode"}),
        ("charge-timer", {"timer": 1}, {"minutes"}),
        ("charge-timer", {"minutes": "25:00"}, {"minutes"}),
        ("shell", {"text": ""}, {"text"}),
        ("shell", {"text": "x" * 701}, {"text"}),
        ("shell", {"text": False}, {"text"}),
        ("sms", {"number": "1,2", "text": "x"}, {"number"}),
        ("sms", {"number": "1"}, {"text"}),
        ("set-parameter", {"parameter": 9, "value": "*"}, {"value"}),
        ("set-parameter", {"parameter": 32, "value": "a\tb"}, {"parameter", "value"}),
        ("lock", {"pin": "123456789"}, {"pin"}),
    ],
)
def test_what_is_wrong(name: str, given: dict[str, Given], wrong: set[str]) -> None:
    """Each parameter that cannot be meant is named."""
    with pytest.raises(WrongParameters) as error:
        make_command(BY_NAME[name], given, 0.0)
    assert error.value.problems.keys() == wrong


@pytest.mark.parametrize(
    ("name", "given", "shown"),
    [
        ("lock", {"pin": "1"}, {"pin": "*"}),
        ("lock", {}, {}),
        ("set-parameter", {"parameter": 7, "value": "x"}, {"parameter": "7", "value": "*"}),
        ("set-parameter", {"parameter": 7, "value": ""}, {"parameter": "7", "value": ""}),
        ("set-parameter", {"parameter": 5, "value": "x,y"}, {"parameter": "5", "value": "x,y"}),
    ],
)
def test_what_is_shown(name: str, given: dict[str, Given], shown: dict[str, str]) -> None:
    """PINs and passwords are not told again."""
    assert shown_parameters(make_command(BY_NAME[name], given, 0.0)) == shown


def test_rights() -> None:
    """Every command needs at least the right to send commands; some are the owner's."""
    found = {name: rights_for(spec) for name, spec in CAR_COMMANDS.items()}
    assert all(VehicleRight.COMMAND in rights for rights in found.values())
    assert VehicleRight.PIN in found["unvalet"]
    assert VehicleRight.MANAGE in found["at"]
    assert not any(VehicleRight.VIEW in rights for rights in found.values())
    own = {name for name, spec in CAR_COMMANDS.items() if is_for_owner(spec)}
    assert own == {"parameters", "set-parameter", "shell", "at"}
