"""What `make` says while it installs, and when it cannot."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "packages"

PIP = """#!/bin/sh
[ "$3" = install ] || exit 0
echo "Collecting something"
echo "{says}"
sleep {seconds}
exit {code}
"""


def install(
    folder: Path, says: str = "", code: int = 0, seconds: float = 0, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the script with a python whose pip says something and ends with a code."""
    python = folder / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PIP.format(says=says, seconds=seconds, code=code))
    python.chmod(0o755)
    return subprocess.run(
        [SCRIPT, str(python), "--editable", "."],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], **variables},
        check=False,
    )


def test_it_says_what_it_does(tmp_path: Path) -> None:
    """At the beginning, while it takes its time, and at the end."""
    done = install(tmp_path, "Downloading something", seconds=1.5, PROGRESS_EVERY="1")
    assert done.returncode == 0
    first, *middle, last = done.stdout.splitlines()
    assert first.startswith("make: fetching packages into ")
    assert "1 packages so far: Downloading something" in middle[0]
    assert last == "make: all packages are there"
    assert not done.stderr


@pytest.mark.parametrize(
    ("says", "text"),
    [
        ("NewConnectionError: [Errno -3] Temporary failure in name resolution", "machine online?"),
        ("ConnectTimeoutError: connection timed out\nERROR: No matching distribution",
         "machine online?"),
        ("ProxyError: Cannot connect to proxy", "HTTPS_PROXY"),
        ("SSLError: CERTIFICATE_VERIFY_FAILED", "PIP_CERT"),
        ("ERROR: No matching distribution found for uvloop", "does not have all of them"),
        ("ERROR: HTTP error 404 while getting a page", "does not have all of them"),
        ("OSError: No space left on device", "disk is full"),
        ("      ERROR: Cannot install x, as these have conflicting dependencies", "not have all"),
        ("WARNING: x is not a trusted or secure host and is being ignored", "PIP_TRUSTED_HOST"),
        ("ERROR: something else", "everything that pip said is in"),
    ],
)  # fmt: skip
def test_it_says_why_packages_cannot_be_fetched(tmp_path: Path, says: str, text: str) -> None:
    """Offline, behind a proxy, with an index that lacks them: each has its own advice."""
    done = install(tmp_path, says, code=1)
    assert done.returncode == 1
    assert text in done.stderr
    assert "could not be installed" in done.stderr
    assert "all packages are there" not in done.stdout


def test_the_index_is_named_without_its_password(tmp_path: Path) -> None:
    """Whoever reads the terminal may know where packages come from, not with which password."""
    index = "http://me:secret@index.example/simple"
    done = install(tmp_path, "ERROR: 404 Client Error", code=1, PIP_INDEX_URL=index)
    assert "http://index.example/simple" in done.stderr
    assert "secret" not in done.stderr
