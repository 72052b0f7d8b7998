from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

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
        ({"http": False, "tls": False, "metrics_port": 0}, {"port", "metrics_port"}),
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


@pytest.mark.parametrize("host", ["127.0.0.1", "127.5.6.7", "::1", "localhost"])
def test_metrics_on_this_machine(host: str) -> None:
    """Only the machine itself can call there, so no token is needed."""
    assert HttpSettings(metrics_port=9868, metrics_host=host).metrics_token is None


@pytest.mark.parametrize("host", ["::", "192.0.2.1", "metrics.example.com"])
def test_metrics_for_others(host: str) -> None:
    """Where others can call, the token is needed, and none while the port is not open."""
    with pytest.raises(ValidationError, match="set metrics_token, too"):
        HttpSettings(metrics_port=9868, metrics_host=host)
    HttpSettings(metrics_port=9868, metrics_host=host, metrics_token=SecretStr("x" * 16))
    HttpSettings(metrics_host=host)


@pytest.mark.parametrize("token", ["", "short", "x" * 15, "a token with blanks", "ä" * 20])
def test_tokens_that_are_none(token: str) -> None:
    """A token that is easily guessed, or that no header can hold, is refused."""
    with pytest.raises(ValidationError, match="at least 16 characters"):
        HttpSettings(metrics_token=SecretStr(token))


def test_where_the_ports_are(tmp_path: Path) -> None:
    """The port of the metrics has an address of its own, all others those of the server."""
    settings = ServerSettings(data=tmp_path, host=["192.0.2.1"], metrics_port=0)
    assert settings.hosts_of("metrics_port") == ["127.0.0.1"]
    assert settings.hosts_of("https_port") == ["192.0.2.1"]
