"""Secrets of vehicles that nobody has chosen."""

from __future__ import annotations

import secrets
from typing import Final

MADE_OF: Final = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""What a secret is made of that we make: every module takes it, and no two look alike."""

SECRET_LENGTH: Final = 22
"""Characters of such a secret, which make 128 random bits."""


def make_secret() -> str:
    """Return a new random secret."""
    return "".join(secrets.choice(MADE_OF) for _ in range(SECRET_LENGTH))
