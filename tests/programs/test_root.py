"""What root does in the folder of a service: no file is left that the service cannot write."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.programs.conftest import Start, run_ovms

OWNER = (1234, 5678)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return the folder of a service that runs as another user."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, *OWNER)
    return folder


def strangers(folder: Path) -> list[str]:
    """Return the files in a folder, however deep, that are not the service's."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if (path.lstat().st_uid, path.lstat().st_gid) != OWNER
    ]


def test_every_command(data: Path) -> None:
    """Database, its logs, key, lock, certificates: all belong to whom the folder belongs to."""
    for words in (
        ("serve --check --port 0 --tls-port 0"),
        ("owner add bob --password x"),
        ("vehicle add CAR1 --owner bob"),
        ("vehicle secret CAR1 --new --yes"),
        ("vehicle list"),
        ("token add --owner bob"),
        ("notify add CAR1 --type mail --key a@example.org"),
        ("provision add --vin VIN1 --iccid 8900 7=x"),
        ("tls make cars.example.org"),
        ("tls renew"),
        ("history CAR1"),
        ("key change"),
        ("backup {}/x.backup"),
        ("restore {}/x.backup --replace"),
        ("serve --check --port 0 --tls-port 0"),
    ):
        done = run_ovms(*words.format(data).split(), "--data", str(data))
        assert done.returncode == 0, (words, done.stderr)
        assert strangers(data) == [], words
    assert {"ovms.db", "secrets.key", "tls"} <= {path.name for path in data.iterdir()}


def test_the_server_itself(data: Path, start: Start) -> None:
    """Neither while it runs, nor after it was killed, nor after it has stopped in order."""
    words = ("serve", "--data", str(data), "--host", "127.0.0.1", "--port", "0", "--tls-port", "0")
    program = start(*words)
    program.wait_for("^ovms ready:")
    assert {"ready.json", "lock", "ovms.db-wal", "ovms.db-shm"} <= {
        path.name for path in data.iterdir()
    }
    assert strangers(data) == []
    assert run_ovms("owner", "add", "bob", "--password", "x", "--data", str(data)).returncode == 0
    assert strangers(data) == []
    program.process.send_signal(signal.SIGKILL)
    program.end()
    assert run_ovms("owner", "list", "--data", str(data)).returncode == 0
    assert strangers(data) == []
    program = start(*words)
    program.wait_for("^ovms ready:")
    assert program.stop() == 0
    assert strangers(data) == []


def test_a_car_in_the_folder_of_its_service(data: Path, start: Start) -> None:
    """Its store and its parameters are the service's, too; its socket goes with it."""
    car = start(
        "car", "--server", "127.0.0.1:9", "--vehicle", "CAR1", "--secret", "s3cret", "--type",
        "sim", "--state", str(data / "state"),
    )  # fmt: skip
    car.wait_for("no connection")
    assert car.stop() == 0
    assert {path.name for path in (data / "state").iterdir()} >= {"delivery.db"}
    assert strangers(data) == []
