"""What was refused from the first: other secrets."""

from __future__ import annotations

from tests.attacks.conftest import Target
from tests.conformance.client import Caller


def test_a_wrong_secret_gets_no_word(target: Target) -> None:
    """Whoever does not know the secret is closed without a line."""
    caller = Caller(target.dial(), "a guess")
    caller.send_welcome("A", "CAR1")
    assert caller.is_closed()
