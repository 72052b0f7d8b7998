from __future__ import annotations

from dataclasses import dataclass

import pytest

from ovms.server.strangers import (
    CROWD_LEAST,
    CROWD_SHARE,
    PATIENCE,
    StrangerStage,
    crowd_of,
    crowding,
    patient,
)

NOW = 1000.0


@dataclass(eq=False)
class Someone:
    """A stranger who came so far some seconds ago."""

    network: str
    age: float
    stage: StrangerStage | None = StrangerStage.SILENT

    @property
    def since(self) -> float:
        """When that was."""
        return NOW - self.age

    def turn_away(self) -> bool:
        """Go; nobody asks for it here."""
        raise AssertionError


def test_the_oldest_of_the_busiest_network_goes_first() -> None:
    """Networks are brought to one level, and within each the oldest goes first."""
    busy = [Someone("busy", age) for age in (11, 14, 13, 12)]
    other = [Someone("other", age) for age in (60, 50)]
    chosen = patient([*other, *busy], 6, NOW)
    assert [(each.network, each.age) for each in chosen if isinstance(each, Someone)] == [
        ("busy", 14), ("busy", 13), ("busy", 12), ("other", 60), ("busy", 11), ("other", 50),
    ]  # fmt: skip


def test_a_tie_among_networks() -> None:
    """It is broken somehow, and the rest is as it should be."""
    assert len(patient([Someone("a", 20), Someone("b", 30)], 1, NOW)) == 1


@pytest.mark.parametrize(
    "stage", [StrangerStage.SILENT, StrangerStage.UNFINISHED, StrangerStage.HANDSHAKE]
)
def test_patience(stage: StrangerStage) -> None:
    """Everybody has ten seconds for what it does, and not more."""
    late, young = Someone("n", PATIENCE, stage), Someone("n", PATIENCE - 0.1, stage)
    assert patient([young, late], 2, NOW) == [late]


def test_stages_go_one_after_the_other() -> None:
    """Who was refused goes first and at once, then the silent, then those who have begun."""
    those = [
        Someone("n", 0 if stage is StrangerStage.LEAVING else 20, stage)
        for stage in reversed(StrangerStage)
    ]
    chosen = patient([*those, *[Someone("n", 99, None)] * 9], 99, NOW)
    assert [each.stage for each in chosen] == list(StrangerStage)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_no_more_than_must(count: int) -> None:
    """Only as many leave as room is needed for."""
    assert len(patient([Someone("n", 20) for _ in range(3)], count, NOW)) == count


def test_a_crowd() -> None:
    """Of a network that has too many the oldest leave, however young, and no more than those."""
    crowd = [Someone("busy", age / 100) for age in range(8)]
    chosen = crowding([*crowd, *[Someone("other", 9) for _ in range(5)]], 99, 5)
    assert [each.age for each in chosen if isinstance(each, Someone)] == [0.07, 0.06, 0.05]


def test_a_crowd_of_several_stages() -> None:
    """Its oldest go whatever they do, since a car is younger; those who must stay do not count."""
    half = [Someone("n", 1 + age, StrangerStage.UNFINISHED) for age in range(4)]
    silent = [Someone("n", 0) for _ in range(2)]
    welcomed = [Someone("n", 99, None) for _ in range(50)]
    chosen = crowding([*half, *welcomed, *silent], 99, 3)
    assert [each.age for each in chosen if isinstance(each, Someone)] == [4, 3, 2]


def test_what_is_a_crowd() -> None:
    """It is a share of all places, and never few."""
    assert crowd_of(CROWD_SHARE * 1000) == 1000
    assert crowd_of(CROWD_SHARE * CROWD_LEAST) == crowd_of(0) == CROWD_LEAST
    assert crowd_of(CROWD_SHARE * (CROWD_LEAST + 1)) == CROWD_LEAST + 1


def test_many_are_chosen_quickly() -> None:
    """It is a few passes over all, not one for each that goes."""
    many = [Someone(f"n{number % 5000}", 20) for number in range(20_000)]
    assert len(patient(many, 20_000, NOW)) == 20_000
