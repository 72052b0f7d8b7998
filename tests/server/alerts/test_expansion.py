from __future__ import annotations

from pathlib import Path

import pytest

from ovms.protocol.records.alert import Alert, VehicleError
from ovms.server.alerts.expansion import SENTENCE_LIMIT, BadTable, Expansion, load, merge, parse

TABLES = Expansion(
    {
        "TR": {"25": "short {data} %", "26": "both", "default": "Roadster {code}"},
        "TR2": {"26": "long"},
        "": {"9": "for all", "default": "{type} says {code} {data}"},
    }
)


@pytest.mark.parametrize(
    ("vehicle_type", "code", "said"),
    [
        ("TR", 25, "short 100 %"),
        ("TR2N", 25, "short 100 %"),
        ("TR2N", 26, "long"),
        ("TR", 26, "both"),
        ("tr2n", 26, "long"),
        ("TR2N", 9, "for all"),
        ("TR2N", 8, "Roadster 8"),
        ("T", 25, "T says 25 100"),
        ("", 9, "for all"),
    ],
)
def test_longest_prefix_wins(vehicle_type: str, code: int, said: str) -> None:
    """The longest prefix that has the code wins, then the longest that has a default."""
    assert TABLES.sentence(VehicleError(vehicle_type, code, "100")) == said


def test_without_tables() -> None:
    """Without any table there is still a sentence."""
    assert Expansion({}).sentence(VehicleError("X", 7, "3")) == "Vehicle error 7 (3)"


@pytest.mark.parametrize(
    ("alert", "told"),
    [
        (Alert("A", "TR,25,100"), Alert("A", "TR,25,100")),
        (Alert("I", "hello"), Alert("I", "hello")),
        (Alert("E", "TR,25,100"), Alert("E", "short 100 %")),
        (Alert("E", "no error"), Alert("E", "no error")),
        (Alert("E", "TR,x,1"), Alert("E", "TR,x,1")),
        (Alert("E", "TR,25,{code}"), Alert("E", "short {code} %")),
        (Alert("E", "TR,25,a,b"), Alert("E", "short a,b %")),
    ],
)
def test_only_errors_are_expanded(alert: Alert, told: Alert) -> None:
    """Errors become sentences, once; everything else stays as it came."""
    assert TABLES.expand(alert) == told
    assert TABLES.expand(told) == told or alert.kind == "E"


def test_shipped_tables() -> None:
    """The Roadster's table comes with the program, and a sentence for all others."""
    told = load().expand(Alert("E", "TR,25,100"))
    assert told.text == "Logs are being copied to the USB stick: 100 % done."
    assert load().expand(Alert("E", "TR,4711,5")).text == "Vehicle error 4711 (5)"
    assert load().expand(Alert("E", "XX,25,5")).text == "Vehicle error 25 (5)"


def test_operators_tables_lie_over_ours(tmp_path: Path) -> None:
    """An operator's files replace single sentences, in the order of their names."""
    (tmp_path / "b.toml").write_text('[TR]\n25 = "mine {data}"\n', "utf-8")
    (tmp_path / "a.toml").write_text('[tr]\n25 = "not this"\n[XX]\n0001 = "Größe"\n', "utf-8")
    (tmp_path / "c.txt").write_text("no table")
    expansion = load(tmp_path)
    assert expansion.expand(Alert("E", "TR,25,7")).text == "mine 7"
    assert expansion.expand(Alert("E", "XX1,1,7")).text == "Größe"
    assert expansion.expand(Alert("E", "TR,27,0")).text == load().expand(Alert("E", "TR,27,0")).text


def test_folder_need_not_exist(tmp_path: Path) -> None:
    """Most operators have no tables of their own."""
    assert load(tmp_path / "none") == load()


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("\n[TR\n", 2, "is not TOML"),
        ('[TR]\n1 = "unfinished', 2, "is not TOML"),
        ('\n25 = "x"\n', 2, "outside of a"),
        ('[A]\n7 = "x"\n[TR]\n8 = "x"\nseven = "x"\n', 5, "a code is a number"),
        ('[TR]\n1234567890 = "x"\n', 2, "a code is a number"),
        ('[A]\n7 = "x"\n["TR"]\n"7" = 5\n', 4, "no sentence"),
        ('[TR]\n7 = " "\n', 2, "no sentence"),
        ('[TR]\n7 = "a\\nb"\n', 2, "one line"),
        ('[TR]\n# note\n7 = "{cod}"\n', 3, "{cod} is none of {code}"),
        ('[TR]\n7 = "{data.x}"\n', 2, "{data.x} is none of"),
        (f'[TR]\n7 = "{"x" * (SENTENCE_LIMIT + 1)}"\n', 2, f"longer than {SENTENCE_LIMIT}"),
        ('\n[TR.x]\n1 = "y"\n', 2, "a code is a number"),
    ],
)
def test_bad_table(text: str, line: int, problem: str) -> None:
    """A table that cannot be used is named with file, line and problem."""
    with pytest.raises(BadTable, match=f"^x.toml:{line}: ") as caught:
        parse("x.toml", text)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unreadable_files(tmp_path: Path) -> None:
    """A file that is not UTF-8, or none, is named too."""
    (tmp_path / "a.toml").write_bytes(b'[TR]\n1 = "\xff"\n')
    with pytest.raises(BadTable, match=r"a.toml:2: is not UTF-8"):
        load(tmp_path)
    (tmp_path / "a.toml").unlink()
    (tmp_path / "a.toml").mkdir()
    with pytest.raises(BadTable, match=r"a.toml:1: cannot be read"):
        load(tmp_path)


def test_longest_sentence() -> None:
    """A sentence may have as many characters as the limit says."""
    sentence = "x" * SENTENCE_LIMIT
    assert merge([("x", f'[TR]\n7 = "{sentence}"')]) == {"TR": {"7": sentence}}
