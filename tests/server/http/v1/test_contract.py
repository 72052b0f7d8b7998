"""The promise of stability: what version 1 has once released, it keeps."""

from __future__ import annotations

from tests.server.http.v1.contract import FILE, contract

COMMAND = ".venv/bin/python -m tests.server.http.v1.contract"


def test_nothing_is_taken_away() -> None:
    """What is promised is still there, and nobody must send or bear what is new."""
    promised = FILE.read_text("utf-8").splitlines()
    gone = sorted(set(promised) - set(contract()))
    assert gone == [], (
        "This breaks callers of version 1 (docs/api.md, 'What stays'). Keep what is promised and "
        "add beside it, or make it /api/v2. Where nothing of it was released, or what a call "
        f"accepts has only grown: {COMMAND}, and say so in CHANGELOG.md."
    )


def test_what_is_new_is_written_down() -> None:
    """What has come is promised from now on, and asks nothing of today's callers."""
    promised = FILE.read_text("utf-8").splitlines()
    new = sorted(set(contract()) - set(promised))
    assert new == [], f"Run {COMMAND} and look at the change; a call may not need more than before."
