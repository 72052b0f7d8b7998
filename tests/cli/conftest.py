"""What tests of commands share: a command is made once, which takes longer than most of them."""

from __future__ import annotations

from functools import cache

import pytest
from typer.main import get_command

COMMANDS = cache(get_command)


@pytest.fixture(autouse=True)
def _commands_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.testing._get_command", COMMANDS)
