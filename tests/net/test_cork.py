"""What is written during a turn leaves at its end."""

from __future__ import annotations

import pytest

from ovms.net.cork import Cork


class Held:
    """Notes when it flushes."""

    def __init__(self, name: str, said: list[str]) -> None:
        self.name = name
        self._said = said

    def flush(self) -> None:
        """Note it."""
        self._said.append(self.name)


def test_all_flush_at_the_end() -> None:
    """In the order in which they came, once, and not before the outermost end."""
    said: list[str] = []
    cork = Cork()
    with cork:
        cork.held.append(Held("a", said))
        with cork:
            cork.held.append(Held("b", said))
        assert cork.depth == 1
        assert said == []
    assert said == ["a", "b"]
    assert not cork.depth
    with cork:
        pass
    assert said == ["a", "b"]


def test_a_failure_holds_nothing_back() -> None:
    """What was written before it leaves."""
    said: list[str] = []
    cork = Cork()

    def fail() -> None:
        with cork:
            cork.held.append(Held("a", said))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert said == ["a"]
