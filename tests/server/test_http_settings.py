from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from ovms.server.http.limits import CallRate
from ovms.server.http_settings import HttpSettings
from ovms.server.settings import ServerSettings


def test_proxies_that_are_none() -> None:
    """What is neither an address nor a network is refused."""
    assert HttpSettings(forwarded_from=["10.0.0.1/8", "::1"]).forwarded_from
    with pytest.raises(ValidationError):
        HttpSettings(forwarded_from=["nginx"])


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ({}, {"port", "tls_port", "http_port", "https_port"}),
        ({"plain": False}, {"tls_port", "https_port"}),
        ({"tls": False}, {"port", "http_port"}),
        ({"http": False}, {"port", "tls_port"}),
        ({"http": False, "tls": False}, {"port"}),
    ],
)
def test_which_ports_are_opened(tmp_path: Path, given: dict[str, object], opened: set[str]) -> None:
    """Without plain or TLS none of that kind is open, those of HTTP included."""
    assert set(ServerSettings.model_validate({"data": tmp_path, **given}).open_ports()) == opened


def test_ports_differ(tmp_path: Path) -> None:
    """Two settings that name one port are refused, unless one of them opens none."""
    with pytest.raises(ValidationError, match="port and https_port must differ"):
        ServerSettings(data=tmp_path, port=7000, https_port=7000)
    ServerSettings(data=tmp_path, port=7000, https_port=7000, tls=False)
    ServerSettings(data=tmp_path, http_port=0, https_port=0)


def test_calls() -> None:
    """What a token may call is what the settings say, and the defaults unless they do."""
    assert HttpSettings().call_rate() == CallRate()
    assert HttpSettings(limit_calls=3, limit_calls_burst=7).call_rate() == CallRate(3, 7)
