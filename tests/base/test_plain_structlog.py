from __future__ import annotations

import subprocess
import sys


def answer_of(program: str) -> str:
    """Return what a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    return done.stdout.decode().strip()


def test_without_rich() -> None:
    """The first line that is logged imports no Rich; whoever wants it can import it afterwards."""
    log = "from ovms.base.logs import get_logger; get_logger('x').warning('told', token='a')"
    program = f"{log}; import sys; print('rich' in sys.modules); import rich; print(rich.__name__)"
    assert answer_of(program).split() == ["False", "rich"]


def test_rich_is_there() -> None:
    """What was imported before stays."""
    program = (
        "import rich, sys; from ovms.base import plain_structlog; print('rich' in sys.modules)"
    )
    assert answer_of(program) == "True"
