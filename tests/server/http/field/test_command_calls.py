from __future__ import annotations

import pytest

from ovms.protocol.commands import COMMANDS, Command
from ovms.server.http.errors import CallFailed
from ovms.server.http.field.command_calls import CALLS, CommandCall, Values, make_command
from tests.server.hub.fakes import START

BY_CALL = {(call.method, call.name): call for call in CALLS}


def made(call: str, body: Values = (), query: Values = ()) -> str:
    """Return the text of the command that a call makes."""
    method, name = call.split()
    command = make_command(BY_CALL[method, name], query, body, START)
    return command.message.code + command.message.data.decode()


def refused(call: str, body: Values = (), query: Values = ()) -> str:
    """Return why a call makes none."""
    with pytest.raises(CallFailed) as error:
        made(call, body, query)
    assert error.value.status == 422
    return str(error.value)


def one(text: str) -> Values:
    """Return values written as in a form."""
    return [(name, value) for name, _, value in (each.partition("=") for each in text.split("&"))]


def test_the_table() -> None:
    """Each call stands for one command; those of the guide that the car answers have one."""
    assert len(BY_CALL) == len(CALLS)
    left_out = {"charge-alert", "shell", "wakeup-temperature", "sms", "ussd", "at"}
    names = {row.name for row in COMMANDS if not row.by_server} - left_out
    assert {call.command for call in CALLS} == names


@pytest.mark.parametrize(
    ("call", "sent"),
    [
        ("PUT charge", "C11"),
        ("DELETE charge", "C12"),
        ("PUT lock", "C20"),
        ("DELETE lock", "C22"),
        ("PUT valet", "C21"),
        ("DELETE valet", "C23"),
        ("GET feature", "C1"),
        ("GET parameter", "C3"),
        ("PUT reset", "C5"),
        ("PUT climate", "C26,1"),
        ("DELETE climate", "C26,0"),
        ("PUT cooldown", "C25"),
        ("PUT wakeup", "C18"),
        ("DELETE chargetimer", "C17,0,0"),
    ],
)
def test_calls_without_values(call: str, sent: str) -> None:
    """They need no body. Some cars want no PIN."""
    assert made(call) == sent
    assert made(call, one("username=bob&password=x"), one("username=bob&password=x&_=1")) == sent


@pytest.mark.parametrize(
    ("call", "given", "sent"),
    [
        ("PUT chargemode", "mode=range", "C10,3"),
        ("PUT chargemode", "Mode=3", "C10,3"),
        ("PUT chargecurrent", "amps=16", "C15,16"),
        ("PUT chargecurrent", "current=16A", "C15,16"),
        ("PUT chargemodecurrent", "amps=16&mode=storage", "C16,1,16"),
        ("PUT chargetimer", "timer=on&minutes=23:30", "C17,1,1410"),
        ("PUT chargetimer", "time=23:30", "C17,1,1410"),
        ("PUT chargetimer", "start_time=23:30+02:00", "C17,1,1290"),
        ("PUT chargetimer", "minutes=5", "C17,1,5"),
        ("PUT chargetimer", "minutes=1410&timer-mode=timer", "C17,1,1410"),
        ("PUT chargetimer", "timer=off", "C17,0,0"),
        ("PUT homelink", "button=2", "C24,2"),
        ("PUT feature", "feature=9&value=20", "C2,9,20"),
        ("PUT feature", "number=9&value=20%", "C2,9,20"),
        ("PUT feature", "name=CAN write enabled&value=on", "C2,15,1"),
        ("PUT feature", "number=15&value=True", "C2,15,1"),
    ],
)
def test_calls_with_values(call: str, given: str, sent: str) -> None:
    """Values are given by name, in words as apps take them, in the body or in the URL."""
    assert made(call, one(given)) == made(call, (), one(given)) == sent


@pytest.mark.parametrize(
    ("call", "given", "sent"),
    [
        ("PUT lock", "pin=1234", "C20,1234"),
        ("DELETE lock", "PIN=0123", "C22,0123"),
        ("PUT valet", "pin=1", "C21,1"),
        ("DELETE valet", "pin=12345678", "C23,12345678"),
        ("PUT parameter", "parameter=12&value=MY, GROUP", "C4,12,MY, GROUP"),
        ("PUT parameter", "number=9&value=secret", "C4,9,secret"),
        ("PUT parameter", "name=group 1&value=", "C4,11,"),
    ],
)
def test_calls_with_secrets(call: str, given: str, sent: str) -> None:
    """PINs and values of parameters stand in the body; in the URL they are refused."""
    assert made(call, one(given)) == sent
    told = refused(call, (), one(given))
    assert told.endswith("into the body, not into the URL: URLs are logged")
    assert "1234" not in told
    assert "secret" not in told


def test_a_pin_in_the_url_of_another_call() -> None:
    """It is refused there, too, with the same PIN in the body as well."""
    assert "Put pin into the body" in refused("PUT charge", (), one("Pin=1234"))
    assert "Put pin into the body" in refused("PUT lock", one("pin=1"), one("pin=1"))


def test_values_in_body_and_url() -> None:
    """Each may be in one of them."""
    assert made("PUT parameter", one("value=x"), one("parameter=12")) == "C4,12,x"
    assert refused("PUT chargemode", one("mode=0"), one("mode=0")) == "mode is given twice"
    assert refused("PUT chargemode", one("mode=0&mode=0")) == "mode is given twice"
    assert refused("PUT chargecurrent", one("amps=1&current=2")) == "amps is given twice"


@pytest.mark.parametrize(
    ("call", "given", "told"),
    [
        ("PUT lock", "pin=12a4", "PIN must be 1 to 8 digits"),
        ("PUT lock", "pin=", "PIN must be 1 to 8 digits"),
        ("PUT lock", "pin=123456789", "PIN must be 1 to 8 digits"),
        ("PUT lock", "pni=1234", "The body of this call may hold pin"),
        ("PUT charge", "mode=range", "The body of this call may hold nothing"),
        ("PUT climate", "on=off", "The body of this call may hold nothing"),
        ("PUT chargemode", "mode=fast", "storage, range or performance, not 'fast'"),
        ("PUT chargemode", "mode=2", "Mode is standard, storage, range or performance, not '2'"),
        ("PUT chargemode", "mode=", "Mode is standard, storage, range or performance, not ''"),
        ("PUT chargecurrent", "amps=0", "Current is a number from 1 to 255, not '0'"),
        ("PUT chargecurrent", "amps=-1", "Current is a number from 1 to 255, not '-1'"),
        ("PUT chargetimer", "timer=on", "Charge-timer takes TIMER MINUTES"),
        ("PUT chargetimer", "time=25:00", "Start time is a time, as in 22:30"),
        ("PUT homelink", "button=3", "Button is a number from 0 to 2, not '3'"),
        ("PUT feature", "value=20", "Set-feature takes FEATURE VALUE"),
        ("PUT feature", "feature=32&value=0", "Feature is a number from 0 to 31, not '32'"),
        ("PUT parameter", "parameter=12&value=a\nb", "Value must be printable text"),
        ("PUT parameter", "parameter=9&value=*", "* stands for a password that is not shown"),
        ("PUT parameter", f"parameter=5&value={'ä' * 128}", "at most 255 bytes"),
    ],
)  # fmt: skip
def test_wrong_values(call: str, given: str, told: str) -> None:
    """The text says which one is wrong, and why."""
    assert told in refused(call, one(given))


@pytest.mark.parametrize(("method", "name"), [("PUT", "chargemode"), ("PUT", "homelink")])
def test_missing_values(method: str, name: str) -> None:
    """The text says what is missing."""
    assert "takes" in refused(f"{method} {name}")


def test_a_star_is_a_value_like_others() -> None:
    """Only of a password it stands for what is not shown."""
    assert made("PUT parameter", one("parameter=12&value=*")) == "C4,12,*"


def test_rows_name_commands_of_the_table() -> None:
    """A call whose command is not in the table is found when the program is made."""
    with pytest.raises(KeyError):
        make_command(CommandCall("PUT", "fly", "fly"), (), (), START)
    assert make_command(BY_CALL["PUT", "reset"], (), (), START) == Command(5)
