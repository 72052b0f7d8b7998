from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.modem import RAW_AT, SMS, USSD
from ovms.car.modem.at import Request
from ovms.car.modem.requests import AT_LIMIT, CODE_LIMIT, Declined, Raw, Sms, Ussd, read
from ovms.protocol.commands import COMMANDS, AnsweredBy, Command


@pytest.mark.parametrize(
    ("number", "text", "expected"),
    [
        (SMS, "+4912345,text, with comma", Sms("+4912345", "text, with comma")),
        (SMS, f"1,{'x' * 160}", Sms("1", "x" * 160)),
        (SMS, f"1,{'я' * 70}", Sms("1", "я" * 70)),
        (SMS, f"1,{'😀' * 35}", Sms("1", "😀" * 35)),
        (SMS, "1, ,", Sms("1", " ,")),
        (USSD, "*100#", Ussd("*100#")),
        (USSD, "1" * CODE_LIMIT, Ussd("1" * CODE_LIMIT)),
        (RAW_AT, "AT+CMGL=4,1", Raw("AT+CMGL=4,1")),
        (RAW_AT, " at ", Raw("at")),
        (RAW_AT, "AT" + "x" * (AT_LIMIT - 2), Raw("AT" + "x" * (AT_LIMIT - 2))),
    ],
)
def test_what_makes_sense_is_read(number: int, text: str, expected: object) -> None:
    """Parameters are read, commas in the last one included, up to their bounds."""
    assert read(Command(number, text)) == expected


@pytest.mark.parametrize(
    ("number", "text", "reason"),
    [
        (SMS, "", "a number and a text"),
        (SMS, "+4912345", "a number and a text"),
        (SMS, ",text", "number"),
        (SMS, "12a,text", "number"),
        (SMS, "++1,text", "number"),
        (SMS, "٣,text", "number"),
        (SMS, f"{'1' * 21},text", "number"),
        (SMS, '1",129\rAT,text', "number"),
        (SMS, "1,", "empty"),
        (SMS, "1,  ", "empty"),
        (SMS, "1,a\x1ab", "control"),
        (SMS, "1,a\rb", "control"),
        (SMS, "1,a\u2028b", "control"),
        (SMS, "1,\udcff", "control"),
        (SMS, f"1,{'x' * 161}", "160"),
        (SMS, f"1,{'я' * 71}", "70"),
        (SMS, f"1,{'😀' * 36}", "70"),
        (USSD, "", "a code"),
        (USSD, "*100#,1", "digits"),
        (USSD, '1"\r', "digits"),
        (USSD, "1" * (CODE_LIMIT + 1), "too long"),
        (RAW_AT, "", "AT"),
        (RAW_AT, "+CSQ", "AT"),
        (RAW_AT, "AT+X\rAT", "AT"),
        (RAW_AT, "ATä", "AT"),
        (RAW_AT, "AT" + "x" * (AT_LIMIT - 1), "too long"),
    ],
)
def test_what_makes_none_is_declined(number: int, text: str, reason: str) -> None:
    """Wrong counts, empty, too long, control characters: each has a reason for whoever asked."""
    with pytest.raises(Declined, match=reason):
        read(Command(number, text))


def test_an_sms_in_either_alphabet() -> None:
    """In the default alphabet where it fits; else text and number in UCS2, as hexadecimal."""
    assert Sms("+49", "ä").requests == [
        Request("AT+CMGF=1"),
        Request('AT+CSCS="GSM"'),
        Request("AT+CSMP=17,167,0,0"),
        Request('AT+CMGS="+49",145', b"\x7b"),
    ]
    assert Sms("12", "Я").requests[1:] == [
        Request('AT+CSCS="UCS2"'),
        Request("AT+CSMP=17,167,0,8"),
        Request('AT+CMGS="00310032",129', b"042F"),
    ]


@given(st.sampled_from([SMS, USSD, RAW_AT]), st.text(max_size=200))
def test_nothing_gets_out_of_its_command(number: int, text: str) -> None:
    """Whatever is asked, it is declined, or gives one line of ASCII each, and texts without end."""
    try:
        task = read(Command(number, text))
    except Declined:
        return
    requests = task.requests if isinstance(task, Sms) else [task.request]
    for request in requests:
        assert request.line.isascii()
        assert request.line.isprintable()
        assert not set(request.body or b"") & set(b"\r\n\x1a\x1b")


@pytest.mark.parametrize("number", COMMANDS.answered_by(AnsweredBy.MODEM))
def test_each_command_for_a_modem_can_be_read(number: int) -> None:
    """A command that the table gives to the modem is read, and declined without parameters."""
    with pytest.raises(Declined):
        read(Command(number))
