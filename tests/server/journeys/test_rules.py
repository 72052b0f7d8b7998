from __future__ import annotations

from datetime import date

import msgspec
import pytest

from ovms.server.journeys.rules import (
    NAMES,
    RULES,
    ArrivalSocRule,
    ChargeMissedRule,
    ParkedLossRule,
    PlacesRule,
    Rule,
    RuleName,
    ServiceRule,
    check_rule,
    decode_rule,
    default_rules,
    encode_rule,
)

SINCE = date(2025, 5, 1)


def test_defaults() -> None:
    """All rules are off but the service that the car itself knows of, and all make sense."""
    rules = default_rules()
    assert [*rules] == [*RuleName] == [*RULES]
    assert [name for name, rule in rules.items() if rule.is_on] == [RuleName.SERVICE]
    for rule in rules.values():
        check_rule(rule)


@pytest.mark.parametrize(
    "rule",
    [
        *default_rules().values(),
        PlacesRule(is_on=True, leaving=False, places=(3, 1)),
        ChargeMissedRule(is_on=True, start="23:30", end="05:00", place=4, below=55.5),
        ServiceRule(every_km=20_000, since_odometer=0.0, every_months=12, since_date=SINCE),
    ],
)
def test_round_trip(rule: Rule) -> None:
    """A rule that was written is read as it was, also one of fewer settings than there are."""
    check_rule(rule)
    assert decode_rule(NAMES[type(rule)], encode_rule(rule)) == rule
    assert decode_rule(NAMES[type(rule)], "{}") == type(rule)()


@pytest.mark.parametrize("data", ["", "[]", '{"below": "much"}', '{"below": null}'])
def test_what_is_no_rule(data: str) -> None:
    """What is no rule is refused."""
    with pytest.raises(msgspec.MsgspecError):
        decode_rule(RuleName.ARRIVAL_SOC, data)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (ChargeMissedRule(start="24:00"), "start must be a time"),
        (ChargeMissedRule(end="7:00"), "end must be a time"),
        (ChargeMissedRule(end="07:00\n"), "end must be a time"),
        (ChargeMissedRule(start="07:00", end="07:00"), "start and end must differ"),
        (ChargeMissedRule(below=0), "below must be"),
        (ArrivalSocRule(below=101), "below must be"),
        (ArrivalSocRule(below=float("nan")), "below must be"),
        (ParkedLossRule(days=0.4), "days must be"),
        (ParkedLossRule(factor=0.9), "factor must be"),
        (ServiceRule(every_km=0), "every_km must be"),
        (ServiceRule(every_km=20_000), "every_km needs since_odometer"),
        (ServiceRule(every_km=20_000, since_odometer=-1), "since_odometer must be"),
        (ServiceRule(every_months=0), "every_months must be"),
        (ServiceRule(every_months=12), "every_months needs since_date"),
        (ServiceRule(since_date=date(9999, 1, 1)), "since_date must be"),
        (ServiceRule(ahead_km=-1), "ahead_km must"),
        (ServiceRule(ahead_days=-1), "ahead_days must"),
    ],
)
def test_wrong_settings(rule: Rule, text: str) -> None:
    """Settings that make no sense are refused with a sentence that names them."""
    with pytest.raises(ValueError, match=text):
        check_rule(rule)
