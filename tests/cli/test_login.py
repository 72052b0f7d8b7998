from __future__ import annotations

from pathlib import Path

import pytest
import typer

from ovms.cli.login import Credentials, Shown, is_loopback, warn_in_clear


@pytest.fixture(autouse=True)
def _nobody_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without variables and without a terminal."""
    for name in ("SECRET", "USER", "PASSWORD"):
        monkeypatch.delenv(f"OVMS_{name}", raising=False)
    monkeypatch.setattr("ovms.cli.common.on_terminal", lambda: False)


def test_a_secret_comes_from_one_of_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option, the file or the variable, in this order."""
    monkeypatch.setenv("OVMS_SECRET", "variable")
    (tmp_path / "secret").write_text("file\n")
    assert Shown(secret="option").login("CAR") == Credentials("CAR", "option")
    assert Shown(secret_file=str(tmp_path / "secret")).login("CAR") == Credentials("CAR", "file")
    assert Shown().login("CAR") == Credentials("CAR", "variable")


def test_so_do_owner_and_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An owner needs no vehicle: it is then the first one."""
    monkeypatch.setenv("OVMS_USER", "variable")
    monkeypatch.setenv("OVMS_PASSWORD", "from variable")
    (tmp_path / "password").write_text("file\n")
    assert Shown().login(None) == Credentials("*", "from variable", "variable")
    assert Shown(user="bob").login("car") == Credentials("car", "from variable", "bob")
    assert Shown(user="bob", password="pw").login(None) == Credentials("*", "pw", "bob")
    file = str(tmp_path / "password")
    assert Shown(password_file=file).login(None) == Credentials("*", "file", "variable")


def test_options_decide_between_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """With both variables set, an option of either kind says which is meant."""
    for name in ("SECRET", "USER", "PASSWORD"):
        monkeypatch.setenv(f"OVMS_{name}", name.lower())
    assert Shown(secret="s").login("CAR") == Credentials("CAR", "s")
    assert Shown(user="bob").login("CAR") == Credentials("CAR", "password", "bob")


@pytest.mark.parametrize(
    ("shown", "variables", "vehicle", "part"),
    [
        (Shown(), [], "CAR", "--secret"),
        (Shown(), [], "CAR", "--user"),
        (Shown(), ["SECRET", "USER"], "CAR", "not both"),
        (Shown(), ["PASSWORD"], "CAR", "give --secret"),
        (Shown(), ["USER"], None, "give --password"),
        (Shown(secret="s", user="u"), [], "CAR", "not both"),
        (Shown(secret_file="-", password="p"), [], "CAR", "not both"),
        (Shown(secret="s"), [], None, "give --vehicle"),
        (Shown(secret=""), [], "CAR", "give --secret"),
        (Shown(password="p"), [], None, "goes with --user"),
        (Shown(user="", password="p"), [], None, "goes with --user"),
        (Shown(user="u"), [], None, "give --password"),
        (Shown(user="u", password=""), [], None, "give --password"),
        (Shown(user="u", password="p", password_file="f"), [], None, "not both"),
    ],
)
def test_anything_else_is_wrong_usage(
    shown: Shown,
    variables: list[str],
    vehicle: str | None,
    part: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both ways, none, or half of one end the command with one line and exit code 2."""
    for name in variables:
        monkeypatch.setenv(f"OVMS_{name}", "x")
    with pytest.raises(typer.Exit) as ended:
        shown.login(vehicle)
    assert ended.value.exit_code == 2
    told = capsys.readouterr().err
    assert part in told
    assert told.count("\n") == 1


def test_no_password_shows() -> None:
    """What is printed of a login by mistake holds no password."""
    assert "pw" not in repr(Credentials("CAR", "pw", "bob"))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104 (nobody listens)
        ("192.0.2.1", False),
        ("fe80::1%eth0", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_a_password_in_clear_is_told(
    host: str, expected: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, unless it stays on this machine."""
    assert is_loopback(host) is expected
    warn_in_clear(host)
    assert capsys.readouterr().err.count("\n") == (0 if expected else 1)
