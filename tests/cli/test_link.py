from __future__ import annotations

from pathlib import Path

import pytest
import typer

from ovms.cli.link import find_secret, find_server, refuse_tls


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host", ("host", 6867)),
        ("host.example:7000", ("host.example", 7000)),
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("[::1]", ("::1", 6867)),
        ("[fe80::1%eth0]:6870", ("fe80::1%eth0", 6870)),
    ],
)
def test_a_server_is_a_host_with_or_without_a_port(text: str, expected: tuple[str, int]) -> None:
    """Names, IPv4 and bracketed IPv6 addresses, port 6867 unless told."""
    assert find_server(text) == expected


@pytest.mark.parametrize(
    "text", ["", ":", ":1", "a:", "a:0", "a:65536", "a:b", "::1", "[::1", "a b"]
)
def test_anything_else_is_wrong_usage(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no server ends the command with one line and exit code 2."""
    with pytest.raises(typer.Exit) as ended:
        find_server(text)
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_secret_comes_from_one_of_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option, the file or the variable, in this order."""
    monkeypatch.setenv("OVMS_SECRET", "variable")
    (tmp_path / "secret").write_text("file\n")
    assert find_secret("option", None) == "option"
    assert find_secret(None, str(tmp_path / "secret")) == "file"
    assert find_secret(None, None) == "variable"


def test_without_a_secret_nothing_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody to ask and nothing told is wrong usage."""
    monkeypatch.delenv("OVMS_SECRET", raising=False)
    monkeypatch.setattr("ovms.cli.common.on_terminal", lambda: False)
    with pytest.raises(typer.Exit) as ended:
        find_secret(None, None)
    assert ended.value.exit_code == 2


def test_tls_is_not_silently_left_out() -> None:
    """Who asks for TLS must not get a plain connection."""
    refuse_tls(False)
    with pytest.raises(typer.Exit):
        refuse_tls(True)
