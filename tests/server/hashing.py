"""Password hashes that cost next to nothing, for tests that are not about the cost."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from argon2 import PasswordHasher

from ovms.server.accounts import passwords

if TYPE_CHECKING:
    from collections.abc import Iterator

FAST_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes what must be right here, and withstands nothing."""

NOBODY = FAST_HASHER.hash("nobody's password")


@contextmanager
def fast_hashes() -> Iterator[None]:
    """Hash passwords fast for a while, also those of owners who do not exist."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(passwords, "_hasher", FAST_HASHER))
        stack.enter_context(patch.object(passwords, "_nobody", lambda: NOBODY))
        yield
