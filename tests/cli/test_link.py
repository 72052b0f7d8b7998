from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import typer

from ovms.cli.link import find_paranoid, find_place, find_server, find_tls
from tests.certs import make_pair, pair_in


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


def test_paranoid_passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Option, file or variable, or none; standard input is the place of one secret."""
    monkeypatch.delenv("OVMS_PARANOID", raising=False)
    assert find_paranoid(None, None) is None
    assert find_paranoid("option", None, "-") == "option"
    for options in (("", None), (None, "-", "-"), (None, "-", None, "-")):
        with pytest.raises(typer.Exit) as ended:
            find_paranoid(*options)
        assert ended.value.exit_code == 2


def test_plain_and_tls_have_their_ports(tmp_path: Path) -> None:
    """Without a port it is 6867, or 6870 over TLS; one that is given counts."""
    context = find_tls(True, False, None)
    assert find_place("host", None) == ("host", 6867)
    assert find_place("host", context) == ("host", 6870)
    assert find_place("host:1", context) == ("host", 1)


def test_who_is_trusted(tmp_path: Path) -> None:
    """The machine's roots, one file alone, or everybody; without --tls there is no context."""
    ca = make_pair(pair_in(tmp_path)).certificate
    assert find_tls(False, False, None) is None
    for insecure, file, mode in ((False, None, ssl.CERT_REQUIRED), (False, ca, ssl.CERT_REQUIRED),
                                 (True, None, ssl.CERT_NONE)):  # fmt: skip
        context = find_tls(True, insecure, file)
        assert context is not None
        assert context.verify_mode == mode


@pytest.mark.parametrize(
    ("tls", "insecure", "has_ca", "part"),
    [
        (False, True, False, "--insecure goes with --tls"),
        (False, False, True, "--ca goes with --tls"),
        (False, True, True, "goes with --tls"),
        (True, True, True, "--insecure or --ca, not both"),
    ],
)
def test_trust_without_sense_is_wrong_usage(
    tls: bool, insecure: bool, has_ca: bool, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who asks for trust over a plain connection, or for all and one, is told in one line."""
    with pytest.raises(typer.Exit) as ended:
        find_tls(tls, insecure, Path("ca.pem") if has_ca else None)
    assert ended.value.exit_code == 2
    told = capsys.readouterr().err
    assert part in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\xff\x00"])
def test_a_file_that_holds_no_certificate(
    tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing, empty or other file is named in one line, exit code 1."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(typer.Exit) as ended:
        find_tls(True, False, file)
    assert ended.value.exit_code == 1
    told = capsys.readouterr().err
    reason = "cannot be read: No such file" if content is None else "holds no certificate in PEM"
    assert told.startswith(f"ovms: {file} {reason}")
    assert told.count("\n") == 1
