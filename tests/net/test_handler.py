"""How a pump may end."""

from __future__ import annotations

from ovms.net.handler import UnexpectedTls


def test_tls_at_the_wrong_port_says_what_to_do() -> None:
    """An owner reads it in the log."""
    assert "set the port for TLS" in str(UnexpectedTls())
