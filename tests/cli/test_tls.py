from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from ovms.cli.main import cli
from ovms.cli.tls import certificate_lines
from ovms.server.authority import Authority
from ovms.server.certificate import find_pair, make_certificate
from ovms.server.chain import read_chain
from tests.certs import make_pair, pair_in
from tests.server.test_chain import NOW, Signer, write

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVMS_DATA", str(tmp_path / "data"))


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["tls", *arguments])


def _good(*arguments: str) -> str:
    result = _run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def _bad(*arguments: str, code: int = 1) -> str:
    result = _run(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_make_says_what_to_put_where(tmp_path: Path) -> None:
    """Files, the text for the module, its commands, and what a phone needs."""
    told = _good("make", "cars.example.com", "192.0.2.7")
    folder = tmp_path / "data" / "tls"
    assert {file.name for file in folder.iterdir()} == {
        "ca.pem", "ca-key.pem", "cert.pem", "key.pem",
    }  # fmt: skip
    assert (folder / "ca.pem").read_text() in told
    assert "PRIVATE KEY" not in told
    for part in ("/store/trustedca/ovms.pem", "tls trust reload", "config set server.v2 tls yes",
                 "config set server.v2 server cars.example.com", "Android", "iOS",
                 f"--tls --ca {folder / 'ca.pem'}"):  # fmt: skip
        assert part in told
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert told == _good("show")


def test_what_a_module_is_told_fits_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is not the usual one is told; a wildcard is nothing that a module can call."""
    assert "server.v2 port" not in _good("make", "*.example.com")
    assert "  config set server.v2 server HOST\n" in _good("show")
    monkeypatch.setenv("OVMS_TLS_PORT", "7870")
    assert "  config set server.v2 port 7870\n" in _good("show")
    assert "server.v2 server cars.example.com\n" in _good(
        "renew", "*.example.com", "cars.example.com"
    )


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Neither a CA, nor a certificate of somebody; but one that the server made for itself."""
    data = tmp_path / "data"
    pair = find_pair(data, None, None)
    make_certificate(pair, "garage", NOW.timestamp())
    _good("make", "a.example.com")
    before = {file: file.read_bytes() for file in (data / "tls").iterdir()}
    assert "ca.pem: ovms tls renew makes" in _bad("make", "a.example.com")
    assert {file: file.read_bytes() for file in (data / "tls").iterdir()} == before
    for file in before:
        file.unlink()
    make_pair(pair, "theirs.example.com")
    theirs = pair.certificate.read_bytes()
    assert "there is a certificate already" in _bad("make", "a.example.com")
    assert pair.certificate.read_bytes() == theirs
    Authority.of(data).make("x", NOW.timestamp())
    assert "is not of the CA" in _bad("renew", "a.example.com")
    assert pair.certificate.read_bytes() == theirs


def test_renew_keeps_names_and_ca(tmp_path: Path) -> None:
    """Names stay unless others are given; the CA stays in any case."""
    _good("make", "a.example.com", "192.0.2.7")
    data = tmp_path / "data"
    ca = (data / "tls" / "ca.pem").read_bytes()
    old = (data / "tls" / "cert.pem").read_bytes()
    made = json.loads(_good("renew", "--json"))
    assert made["names"] == ["a.example.com", "192.0.2.7", "localhost", "127.0.0.1", "::1"]
    assert (data / "tls" / "cert.pem").read_bytes() != old
    assert (data / "tls" / "ca.pem").read_bytes() == ca
    _good("renew", "b.example.com")
    assert read_chain(data / "tls" / "cert.pem").names[0] == "b.example.com"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(data / "tls" / "cert.pem", data / "tls" / "key.pem")
    (data / "tls" / "cert.pem").unlink()
    assert "cert.pem: No such file" in _bad("renew")
    _good("renew", "c.example.com")


def test_json() -> None:
    """What was made, as data."""
    made = json.loads(_good("make", "a.example.com", "--json"))
    assert set(made) == {"names", "ends", "certificate", "key", "ca", "ca_key", "ca_ends"}
    assert made["ends"] < made["ca_ends"]


def test_what_cannot_be_done(tmp_path: Path) -> None:
    """Wrong names are wrong usage; without a CA there is nothing to renew or to show."""
    assert "'a b' is no host name" in _bad("make", "a b", code=2)
    assert _run("make").exit_code == 2
    assert "ovms tls make NAME makes one" in _bad("renew")
    assert "ovms tls make NAME makes one" in _bad("show")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ovms.toml").write_text('tls_cert = "x.pem"\ntls_key = "k.pem"\n')
    assert "remove tls_cert and tls_key first" in _bad("make", "a.example.com")
    (tmp_path / "data" / "ovms.toml").write_text("tls = false\n")
    assert "set tls = true" in _good("make", "a.example.com")


def test_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """One line names it."""
    (tmp_path / "data").write_text("a file")
    assert "data" in _bad("make", "a.example.com")


def _report(tmp_path: Path, *signers: Signer) -> dict[str, str]:
    file = write(tmp_path, *signers)
    pair = pair_in(file.parent)
    first, *others = certificate_lines(pair, Authority.of(tmp_path), NOW.timestamp())
    assert first == f"certificate {file}"
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in others}


def test_what_is_told_of_a_chain(tmp_path: Path) -> None:
    """Chain, anchor, size and days left; whether modules trust it, and what helps if not."""
    x1 = Signer("ISRG Root X1")
    middle = Signer("E7", x1, organization="Let's Encrypt")
    leaf = Signer("a.example.com", middle, days=60)
    told = _report(tmp_path, leaf, middle)
    assert told["chain"] == "a.example.com < E7 < ISRG Root X1"
    assert told["anchor"] == "ISRG Root X1: modules (ESP32) trust it as they come"
    assert told["size"] == f"{read_chain(tmp_path / 'fullchain.pem').size} bytes"
    assert told["ends"] == "2027-01-25, 60 days left"
    assert told["names"] == "a.example.com"
    other = Signer("E7", Signer("ISRG Root X2"), organization="Let's Encrypt")
    assert "--preferred-chain 'ISRG Root X1'" in _report(tmp_path, Signer("a", other))["anchor"]
    alone = _report(tmp_path, Signer("a", Signer("middle of somebody")))
    assert "fullchain.pem" in alone["anchor"]
    assert alone["chain"] == "a < middle of somebody"
    assert "self-signed, no module trusts it" in _report(tmp_path, Signer("a"))["anchor"]
    assert _report(tmp_path, Signer("a"))["chain"] == "a"
    many = [Signer("a", middle), *(Signer(f"old {number}") for number in range(12))]
    with pytest.raises(Exception, match="is not signed by old 0"):
        _report(tmp_path, *many)


def test_what_is_told_of_a_large_chain(tmp_path: Path) -> None:
    """Older firmware takes 4096 bytes."""
    signers = [Signer("root of many")]
    for number in range(12):
        signers.append(Signer(f"middle {number}", signers[-1]))
    told = _report(tmp_path, *reversed(signers))
    assert told["size"].endswith("firmware of before takes 4096")


def test_what_is_told_of_a_ca_of_ones_own(tmp_path: Path) -> None:
    """Modules must be given its certificate."""
    _good("make", "a.example.com")
    data = tmp_path / "data"
    lines = certificate_lines(find_pair(data, None, None), Authority.of(data), NOW.timestamp())
    anchor = next(line for line in lines if "anchor" in line)
    assert f"your own CA; modules need {data / 'tls' / 'ca.pem'}" in anchor
