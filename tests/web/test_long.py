"""The pages of a car that reports ten times a second, open for an hour: their memory stays flat.

``pytest -m soak tests/web/test_long.py``; ``OVMS_WEB_MINUTES=5`` makes it five minutes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

from benchmarks.web import busy_car, show, watch
from tests.programs.conftest import SECRET
from tests.web.conftest import OWNER, PASSWORD

if TYPE_CHECKING:
    from tests.web.conftest import OpenPage, Site

MINUTES: Final = float(os.environ.get("OVMS_WEB_MINUTES", "60"))

GROWTH: Final = 4.0
"""Megabytes of scripts by which the last round may be above that at a quarter of the time. Until
then what is bounded fills up (positions, commands, alerts, queries of five minutes), and browsers
still compile what runs often: that is most of what grows at first.
"""

NODES: Final = 1000
"""The same of nodes: a page that is kept by mistake has 300 and more, each round."""


@pytest.mark.soak
async def test_an_hour_of_a_busy_car(open_page: OpenPage, site: Site) -> None:
    """Memory at the end is that after the warm-up, and no console has an error."""
    page = await open_page()
    await page.goto("/login")
    async with busy_car(site.port, SECRET):
        rounds = await watch(page, MINUTES * 60, slower=1, owner=OWNER, password=PASSWORD)
    show(rounds)
    warm, last = rounds[len(rounds) // 4], rounds[-1]
    assert last.heap < warm.heap + GROWTH
    assert last.nodes < warm.nodes + NODES
