from __future__ import annotations

import pytest
from pydantic import ValidationError

from ovms.server.http.v1.models import ApiAnswer, CallBody, Time, time_of


class Dated(ApiAnswer):
    """An answer with a time."""

    time: Time | None


class Named(CallBody):
    """A body with a name."""

    name: str


def test_times() -> None:
    """A time is told in UTC with milliseconds; an unknown one is null."""
    assert Dated(time=time_of(1.5)).model_dump(mode="json") == {"time": "1970-01-01T00:00:01.500Z"}
    assert Dated(time=None).model_dump(mode="json") == {"time": None}


@pytest.mark.parametrize("body", ['{"name": "a", "more": 1}', '{"name": 1}', "{}"])
def test_bodies(body: str) -> None:
    """What a body should not hold is refused, as is another type."""
    with pytest.raises(ValidationError):
        Named.model_validate_json(body)
