"""Settings of journeys: what is wrong is refused at the start."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ovms.server.journey_settings import JourneySettings


def test_positions_stay_here_unless_a_server_is_named() -> None:
    """No address of Nominatim is set by itself."""
    settings = JourneySettings()
    assert settings.journeys
    assert settings.nominatim_url is None


@pytest.mark.parametrize(
    "wrong",
    [{"journey_zone": "Berlin"}, {"journey_zone": ""}, {"journey_currency": "euro"},
     {"nominatim_url": "ftp://example.org"}],
)  # fmt: skip
def test_what_is_no_zone_currency_or_address_is_refused(wrong: dict[str, str]) -> None:
    """Each is checked by itself."""
    with pytest.raises(ValidationError):
        JourneySettings.model_validate(wrong)


def test_a_zone_has_its_usual_name() -> None:
    """The names are those of the IANA."""
    assert JourneySettings(journey_zone="Europe/Berlin").journey_zone == "Europe/Berlin"
