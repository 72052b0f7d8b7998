"""The Containerfile: it fits the project, and a linter finds no fault."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from ovms.base.statussocket import telling_status
from ovms.server.http.monitor.status import SOCKET
from ovms.server.settings import ServerSettings
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
HADOLINT = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which(
    "hadolint"
)


def instructions() -> list[tuple[str, str]]:
    """Return the instructions and what follows them, with lines that go on joined."""
    text = (ROOT / "Containerfile").read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def last(word: str) -> str:
    """Return what follows the last instruction of a kind."""
    return [rest for found, rest in instructions() if found == word][-1]


def test_it_runs_as_nobody_special_and_ends_in_order() -> None:
    """No root, and signals reach the program itself, not a shell."""
    assert re.fullmatch("[1-9][0-9]*:[1-9][0-9]*", last("USER"))
    assert json.loads(last("CMD")) == ["ovms", "serve"]
    assert last("STOPSIGNAL") == "SIGTERM"


def test_its_health_is_that_of_the_server(tmp_path: Path) -> None:
    """The check fails where no server runs, and passes beside one that gives its status."""
    rest = last("HEALTHCHECK")
    program, *arguments = json.loads(rest[rest.index("CMD") + 3 :])
    assert program == "python"

    def check() -> int:
        done = subprocess.run(
            [sys.executable, *arguments], env={"OVMS_DATA": str(tmp_path)}, check=False,
            capture_output=True, timeout=PATIENCE,
        )  # fmt: skip
        return done.returncode

    async def tell() -> bytes:
        return b"{}"

    async def check_beside() -> int:
        async with telling_status(tmp_path, SOCKET, tell):
            return await asyncio.to_thread(check)

    assert check() == 1
    assert asyncio.run(check_beside()) == 0


def test_it_is_made_of_what_was_tested() -> None:
    """The bases have versions, as all packages have."""
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert len(bases) == 2
    assert all(re.search(r":3\.[0-9]+-slim-[a-z]+$", base) for base in bases)
    install = next(rest for word, rest in instructions() if word == "RUN" and "pip" in rest)
    assert "--constraint constraints/run.txt" in install
    assert "PIP_CONSTRAINT=constraints/build.txt" in last("ENV") or any(
        "PIP_CONSTRAINT=constraints/build.txt" in rest for _, rest in instructions()
    )


def test_data_and_ports_are_those_of_the_server() -> None:
    """The volume is the data folder; the ports are the usual ones."""
    assert f"OVMS_DATA={last('VOLUME')}" in last("ENV")
    fields = ServerSettings.model_fields
    names = ("port", "http_port", "https_port", "tls_port")
    ports = [str(fields[name].default) for name in names]
    assert last("EXPOSE").split() == ports


def test_what_is_copied_is_there() -> None:
    """Each source is in the project, and is not left out of what the builder is sent."""
    sent = [
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    sources = [
        source
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]
    assert "src" in sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source, pattern) for pattern in sent), source


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not here")
def test_a_linter_finds_no_fault() -> None:
    """Hadolint knows what goes wrong in such files."""
    done = subprocess.run(
        [str(HADOLINT), str(ROOT / "Containerfile")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
