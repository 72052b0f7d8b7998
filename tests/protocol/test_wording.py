from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ovms.protocol.commands import BY_NAME, COMMANDS
from ovms.protocol.parameters import ChoiceParameter, NumberParameter
from ovms.protocol.wording import (
    WrongWords,
    alike,
    did_you_mean,
    read_words,
    unknown_command,
    usage,
)

SUMMER = 1_783_000_000.0
"""2026-07-02 13:46:40 UTC, 15:46:40 in Berlin."""


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have this machine's clock show the time of Berlin."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        ("climate on", "1"),
        ("climate ON", "1"),
        ("climate off", "0"),
        ("climate yes", "1"),
        ("climate 0", "0"),
        ("charge-current 16A", "16"),
        ("charge-current 16a", "16"),
        ("charge-current 16 A", "16"),
        ("charge-current 16 amps", "16"),
        ("charge-current 016", "16"),
        ("charge-mode range", "3"),
        ("charge-mode Performance", "4"),
        ("charge-mode 0", "0"),
        ("charge-mode-current range 16A", "3,16"),
        ("charge-mode-current range 16 A", "3,16"),
        ("charge-timer 22:30", "1,1230"),
        ("charge-timer 1:05", "1,1385"),
        ("charge-timer 22.30", "1,1230"),
        ("charge-timer 10:30pm", "1,1230"),
        ("charge-timer 10:30 PM", "1,1230"),
        ("charge-timer 12am", "1,1320"),
        ("charge-timer 12:15 pm", "1,615"),
        ("charge-timer 22:30Z", "1,1350"),
        ("charge-timer 22:30 UTC", "1,1350"),
        ("charge-timer 22:30+05:30", "1,1020"),
        ("charge-timer 22:30-0200", "1,30"),
        ("charge-timer on 22:30", "1,1230"),
        ("charge-timer timer 22:30", "1,1230"),
        ("charge-timer 1 1350", "1,1350"),
        ("charge-timer plug-in 0", "0,0"),
        ("charge-timer off", "0,0"),
        ("charge-timer plug-in", "0,0"),
        ("shell metrics list", "metrics list"),
        ("shell metrics list v.b", "metrics list v.b"),
        ("sms +491701234567 I am late, wait", "+491701234567,I am late, wait"),
        ("set-feature 9 20", "9,20"),
        ("set-feature minimum-soc 20%", "9,20"),
        ("set-feature stream 5s", "8,5"),
        ("set-feature can-write on", "15,1"),
        ("set-parameter vehicle-id MY CAR", "8,MY CAR"),
        ("set-parameter 2 K", "2,K"),
        ("set-parameter GPRS-APN internet", "5,internet"),
        ("lock 1234", "1234"),
        ("lock", ""),
        ("homelink 2", "2"),
        ("wakeup", ""),
        ("history-summary 2025-06-01 18:00:00", "2025-06-01 18:00:00"),
        ("history L 2025-06-01 18:00:00", "L,2025-06-01 18:00:00"),
        ("history L", "L"),
    ],
)
def test_what_people_write(words: str, sent: str) -> None:
    """Words, units, times of day here and names stand for what the command carries."""
    name, *given = words.split()
    assert ",".join(read_words(BY_NAME[name], given, SUMMER)) == sent


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("climate maybe", "climate is off or on, not 'maybe'"),
        ("charge-mode rnage", "did you mean 'range'"),
        ("charge-mode", "charge-mode takes MODE: standard, storage, range or performance"),
        ("charge-current 16V", "current is a number, as in 16A, not '16V'"),
        ("charge-current 0", "current is a number from 1 to 255, not '0'"),
        ("charge-current 5000", "from 1 to 255"),
        ("charge-current much", "current is a number from 1 to 255"),
        ("charge-timer", "a time, as in 22:30"),
        ("charge-timer on", "charge-timer takes TIMER MINUTES: plug-in or timer; a time"),
        ("homelink", "homelink takes BUTTON: a number from 0 to 2"),
        ("set-feature", "VALUE: a number from 0 to 31 or a name; a number from 0 to 255"),
        ("sms", "sms takes NUMBER TEXT: text; text"),
        ("charge-timer 25:00", "start time is a time, as in 22:30"),
        ("charge-timer 22:61", "start time is a time"),
        ("charge-timer 13pm", "start time is a time"),
        ("charge-timer 0pm", "start time is a time"),
        ("charge-timer 2230", "start time is a time"),
        ("charge-timer 0730", "start time is a time"),
        ("charge-timer soon 22:30", "timer mode is plug-in or timer"),
        ("charge-timer 1 1440", "start time is a time"),
        ("lock 1234 5678", "lock takes only PIN"),
        ("wakeup now", "wakeup takes no parameters"),
        ("set-feature can-wrote on", "did you mean 'CAN write enabled'"),
        ("set-feature 32 1", "from 0 to 31"),
        ("set-feature e 1", "or its name"),
        ("set-parameter vehicle-di X", "did you mean 'vehicle ID'"),
        ("homelink 3", "from 0 to 2"),
    ],
)
def test_what_cannot_be_meant(words: str, told: str) -> None:
    """One line says what is wrong, and what was perhaps meant."""
    name, *given = words.split()
    with pytest.raises(WrongWords) as refused:
        read_words(BY_NAME[name], given, SUMMER)
    assert told in str(refused.value)


def test_times_of_another_zone() -> None:
    """Who reads for somebody elsewhere names the zone; one that is written counts more."""
    spec = BY_NAME["charge-timer"]
    assert read_words(spec, ["22:30"], SUMMER, "utc") == ("1", "1350")
    assert read_words(spec, ["22:30+02:00"], SUMMER, "utc") == ("1", "1230")


def test_a_time_of_day_is_the_next_one() -> None:
    """Over the end of summer time it is the hour that the clock will show then."""
    evening_before = 1_792_879_200.0  # 2026-10-24 22:00 UTC is 00:00 of the day that turns back
    spec = BY_NAME["charge-timer"]
    assert read_words(spec, ["22:30"], evening_before) == ("1", "1290")
    assert read_words(spec, ["1:30"], evening_before) == ("1", "1410")


@pytest.mark.parametrize("name", [spec.name for spec in COMMANDS])
def test_what_is_sent_can_be_read_again(name: str) -> None:
    """A command that was read once stays what it is."""
    words = {"pin": "1234", "text": "a b", "minutes": "12:00", "timer": "on", "mode": "range",
             "on": "off", "since": "2025-06-01", "type": "L", "value": "1", "code": "*100#",
             "command": "ATI"}  # fmt: skip
    row = BY_NAME[name]
    sent = read_words(row, [words.get(each, "2") for each in row.parameter_names], SUMMER)
    assert read_words(row, sent, SUMMER) == sent


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("lokc", ["lock"]),
        ("start-charge", ["charge-start"]),
        ("start_charging", ["charge-start"]),
        ("timer", ["charge-timer"]),
        ("Climat", ["climate"]),
        ("home", ["homelink"]),
        ("fly", []),
        ("", []),
    ],
)
def test_commands_that_were_perhaps_meant(word: str, meant: list[str]) -> None:
    """Close ones, turned ones and parts of one are proposed, not much else."""
    assert alike(word, BY_NAME)[: len(meant) or None] == meant


def test_errors_with_and_without_a_proposal() -> None:
    """The text ends where nothing is alike."""
    assert unknown_command("lokc") == "no command is called 'lokc'; did you mean 'lock'?"
    assert unknown_command("fly") == "no command is called 'fly'"
    assert did_you_mean("x", ()) == ""


def test_usage() -> None:
    """Parameters that may be left out stand in brackets."""
    assert usage(BY_NAME["history"]) == "TYPE [SINCE]"
    assert usage(BY_NAME["wakeup"]) == ""


def test_every_parameter_can_be_written() -> None:
    """No choice has a word that is the number of another one."""
    for spec in COMMANDS:
        for kind in spec.parameters:
            if isinstance(kind, ChoiceParameter):
                assert not any(word.isdecimal() for word in kind.words.values())
            if isinstance(kind, NumberParameter):
                assert not any(name.isdecimal() for name in kind.names.values())
