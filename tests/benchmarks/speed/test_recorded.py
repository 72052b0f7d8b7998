from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.speed import __main__ as command
from benchmarks.speed import recorded
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure
from benchmarks.speed.scenarios import SCENARIOS, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def figure(name: str, ratio: float | None) -> Figure:
    """Return what was measured, with a ratio."""
    return Figure(name, name, "x/s", 1.0, 1.0, checked=ratio)


def test_each_form_keeps_its_ratios(tmp_path: Path) -> None:
    """What is recorded of one form, or of some scenarios, leaves the others' ratios."""
    file = tmp_path / "recorded.json"
    assert recorded.load(file, "full") == {}
    recorded.save(file, "full", [figure("a", 0.12345), figure("b", 0.5)], {"cores": 2})
    recorded.save(file, "short", [figure("a", 0.2), figure("p99", None)], {"cores": 2})
    recorded.save(file, "full", [figure("b", 0.6)], {"cores": 4})
    assert recorded.load(file, "full") == {"a": 0.123, "b": 0.6}
    assert recorded.load(file, "short") == {"a": 0.2}


@pytest.mark.parametrize(("ratio", "is_fallen"), [(0.71, False), (0.69, True), (1.5, False)])
def test_a_fall_is_more_than_chance(ratio: float, *, is_fallen: bool) -> None:
    """A ratio falls when it is more than thirty percent below the recorded one."""
    found = recorded.falls({"a": 1.0, "gone": 1.0}, [figure("a", ratio), figure("new", 0.1)])
    assert [each.name for each in found] == ["a"] * is_fallen


def test_a_fall_tells_both_figures() -> None:
    """The line of a fall has what was measured, what was recorded and how much that is less."""
    (found,) = recorded.falls({"logins": 0.4}, [figure("logins", 0.2)])
    assert str(found) == "logins: 0.2 of the floor, 50% less than 0.4, which was recorded"


def test_the_best_counts() -> None:
    """Of several figures of a name the one with the best ratio is left, in its first place."""
    figures = [figure("a", 0.1), figure("b", 0.5), figure("a", 0.3), figure("b", 0.4)]
    assert [(each.name, each.checked) for each in recorded.best(figures)] == [
        ("a", 0.3),
        ("b", 0.5),
    ]


def measuring(*ratios: float) -> Callable[[Bench], list[Figure]]:
    """Return a scenario that finds one ratio after the other."""
    left = list(ratios)
    return lambda bench: [figure("tried", left.pop(0))]


@pytest.mark.parametrize(
    ("ratios", "status"),
    [((0.9,), 0), ((0.5, 0.8), 0), ((0.5, 0.4, 0.6), 1)],
    ids=["at once", "at the second try", "never"],
)
def test_what_has_fallen_is_measured_again(
    ratios: tuple[float, ...],
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A check fails only if a ratio was too low three times, and says the best of them."""
    monkeypatch.setitem(SCENARIOS, "tried", Scenario(measuring(*ratios)))
    monkeypatch.setattr(recorded, "FILE", tmp_path / "recorded.json")
    recorded.save(recorded.FILE, "short", [figure("tried", 1.0)], {})
    assert command.main(["tried", "--short", "--check"]) == status
    assert ("tried: 0.6 of the floor" in capsys.readouterr().err) == bool(status)


def test_an_unknown_scenario_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever mistypes a scenario is told what there is."""
    with pytest.raises(SystemExit, match="2"):
        command.main(["mesages"])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("no scenario mesages; there are: messages, acked, ")


def test_help_names_the_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    """The help says what can be measured, and what a check allows."""
    with pytest.raises(SystemExit, match="0"):
        command.main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert ", ".join(SCENARIOS) in said
    assert "more than 30% below the recorded one" in said
