from __future__ import annotations

from pathlib import Path

import pytest

from ovms.server.backup import files
from ovms.server.backup.errors import CannotWrite
from ovms.server.backup.files import FileSources, KeptFile, collect, is_inside, present
from tests.server.backup.full import FILES, fill_folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a folder with every kind of file, and what is of no use elsewhere."""
    folder = tmp_path / "data"
    fill_folder(folder)
    for name in ("ovms.db", "lock", "ready.json", "map.pmtiles", "tls/.key.pem.x1"):
        (folder / name).write_text("x")
    return folder


def test_collect(data: Path) -> None:
    """Settings, certificates and tables are kept with their modes; nothing else is."""
    found = collect(FileSources(data), secrets=True)
    assert {each.name: each.data.decode() for each in found.files} == FILES
    assert [each.name for each in found.files] == sorted(FILES)
    modes = {each.name: each.mode for each in found.files}
    assert (modes["tls/key.pem"], modes["tls/cert.pem"]) == (0o600, 0o644)
    assert found.elsewhere == ()


def test_without_secrets(data: Path) -> None:
    """What holds secrets is left out as a whole: half of a certificate is worth nothing."""
    sources = FileSources(data, named=(Path("tls/cert.pem"),))
    found = collect(sources, secrets=False)
    assert [each.name for each in found.files] == ["alerts/volt.toml"]


def test_settings_elsewhere(data: Path, tmp_path: Path) -> None:
    """The settings that count are kept, wherever they are, and as ovms.toml."""
    config = tmp_path / "etc.toml"
    config.write_text("port = 1")
    found = collect(FileSources(data, config), secrets=True)
    assert KeptFile("ovms.toml", config.stat().st_mode & 0o777, b"port = 1") in found.files


def test_named(data: Path) -> None:
    """What the settings name is kept if it is in the folder, a folder whole; else it is told."""
    (data / "certs/live").mkdir(parents=True)
    (data / "certs/live/a.pem").write_text("a")
    (data / "peer.pem").symlink_to(data / "certs/live/a.pem")
    named = (Path("certs"), Path("peer.pem"), data / "tls" / "cert.pem", Path("/etc/ssl/x.pem"),
             Path("../y.pem"), Path("none.pem"))  # fmt: skip
    found = collect(FileSources(data, named=named), secrets=True)
    assert {each.name for each in found.files} == {*FILES, "certs/live/a.pem", "peer.pem"}
    assert found.elsewhere == ("/etc/ssl/x.pem", str(data / "../y.pem"))


def test_too_large(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file at the bound is kept; a larger one is refused by name, and so are too many."""
    (data / "alerts/a.toml").write_bytes(b"x" * files.FILE_LIMIT)
    assert len(collect(FileSources(data), secrets=True).files) == len(FILES) + 1
    (data / "alerts/a.toml").write_bytes(b"x" * (files.FILE_LIMIT + 1))
    with pytest.raises(CannotWrite, match=r"alerts/a\.toml is too large for a backup"):
        collect(FileSources(data), secrets=True)
    (data / "alerts/a.toml").unlink()
    monkeypatch.setattr(files, "FILES_LIMIT", len(FILES))
    collect(FileSources(data), secrets=True)
    monkeypatch.setattr(files, "FILES_LIMIT", len(FILES) - 1)
    with pytest.raises(CannotWrite, match="too many for a backup"):
        collect(FileSources(data), secrets=True)


def test_replaced_meanwhile(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that is replaced while the files are read is not kept with the old key."""
    times, read = 0, files._read

    def reading(path: Path, name: str) -> KeptFile:
        nonlocal times
        if name == "tls/key.pem" and times == 0:
            times += 1
            for each in ("cert", "key"):
                (data / f"tls/{each}.pem").write_text(f"new {each}")
        return read(path, name)

    monkeypatch.setattr(files, "_read", reading)
    found = {each.name: each.data for each in collect(FileSources(data), secrets=True).files}
    assert found["tls/cert.pem"] == b"new cert"
    assert found["tls/key.pem"] == b"new key"


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "tls/../../x", "a\0b"])
def test_outside(name: str) -> None:
    """A name that leads out of the folder is seen."""
    assert not is_inside(name)
    assert is_inside("tls/key.pem")


def test_present(data: Path) -> None:
    """What a restore would have in its way is found."""
    assert present(data, ["peer.pem", "alerts/volt.toml"]) == sorted(FILES)
    (data / "peer.pem").symlink_to("nowhere")
    assert present(data, ["peer.pem"]) == sorted([*FILES, "peer.pem"])
