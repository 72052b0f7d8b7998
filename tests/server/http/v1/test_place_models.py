from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from ovms.server.http.v1.place_models import TariffBody, tariff_answer
from ovms.server.journeys.tariffs import parse_tariff


@pytest.mark.parametrize(
    "tariff",
    [{"free": True}, {"energy_price": "0.30"}, {"session_price": "1", "minute_price": "0.000001"},
     {"energy_price": "0.30", "bands": [{"price": "0.2", "from": "00:00", "until": "24:00",
                                         "days": ["sun", "mon"]}]}],
)  # fmt: skip
def test_there_and_back(tariff: dict[str, object]) -> None:
    """A tariff that was told can be sent again, and is the same."""
    parsed = parse_tariff(tariff)
    told = tariff_answer(date(2026, 1, 1), parsed).model_dump(mode="json", by_alias=True)
    assert told.pop("valid_from") == "2026-01-01"
    if told["free"]:
        told = {"free": True}
    body = TariffBody.model_validate(told).model_dump(by_alias=True, exclude_unset=True)
    if not parsed.minute_price and not parsed.is_free:
        assert body.pop("free_minutes") == 0
    assert parse_tariff(body) == parsed


def test_unknown_fields() -> None:
    """A field that no tariff has is refused, in bands too."""
    with pytest.raises(ValidationError):
        TariffBody.model_validate({"price": "1"})
    with pytest.raises(ValidationError):
        TariffBody.model_validate({"bands": [{"price": "1", "since": "1:00", "until": "2:00"}]})
