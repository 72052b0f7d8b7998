from __future__ import annotations

import pytest

from ovms.server.http.web_options import MAP_FILE, MapSource, origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://tiles.example/{z}/{x}/{y}.png", "https://tiles.example"),
        ("https://{s}.tiles.example/{z}/{x}/{y}.png", "https://*.tiles.example"),
        ("http://127.0.0.1:8080/style.json?key=1", "http://127.0.0.1:8080"),
        (MAP_FILE, ""),
    ],
)
def test_the_host_of_an_address(url: str, origin: str) -> None:
    """A policy names a host without what stands behind it; the server's own has no name."""
    assert origin_of(url) == origin


def test_the_hosts_of_a_map() -> None:
    """A style's own host and further ones are named, each once."""
    hosts = ("https://a.example", "https://b.example")
    source = MapSource("style", "https://a.example/style.json", hosts=hosts)
    assert source.origins() == hosts
    assert MapSource("pmtiles", MAP_FILE).origins() == ()
