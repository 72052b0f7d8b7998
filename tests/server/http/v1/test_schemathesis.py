"""Calls of ``/api/v1`` that schemathesis makes up from the description, right and wrong ones.

Whatever comes, the answer is one that the description has: its status, content type and body, never
5xx, and never a success for what the description forbids.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.server.http.v1.test_matrix import CALLS

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = 3
"""Right and as many wrong calls that are made up for each call in the gate."""

SHARDS = 2
"""How many tests share the calls; each process that runs one imports schemathesis, which takes
seconds."""

SOAK_SECONDS = 600.0

SOAK_EXAMPLES = 50
"""The same of a round of the soak, which has as many rounds as its time allows."""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_made_up_calls(shard: int, tmp_path: Path) -> None:
    """Some made-up calls are answered as the description says."""
    from tests.server.http.v1.made_up import explore

    for at, name in enumerate(sorted(CALLS)[shard::SHARDS]):
        explore(name, tmp_path / str(at), EXAMPLES, 1)


@pytest.mark.soak
def test_made_up_calls_for_ten_minutes(tmp_path: Path) -> None:
    """So are those that ten minutes have room for."""
    from tests.server.http.v1.made_up import explore

    end = time.monotonic() + SOAK_SECONDS
    chance = 2
    while time.monotonic() < end:
        for at, name in enumerate(CALLS):
            explore(name, tmp_path / f"{chance}-{at}", SOAK_EXAMPLES, chance)
        chance += 1
