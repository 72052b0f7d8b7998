#!/usr/bin/env python3
"""Change a module in many small ways, and print each change that its tests do not notice.

``scripts/mutants.py ovms/server/hub/telemetry.py [TESTS…]``: the tests are those that mirror the
module, or those that import it where none does, unless some are named. mutmut works on a copy.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"

TIMEOUT = 1800
"""Seconds for one module: about a second for each change, and some have 500."""

SECTION = """
[tool.mutmut]
source_paths = ["src/"]
only_mutate = ["src/{module}"]
pytest_add_cli_args_test_selection = [{tests}]
"""


def main() -> None:
    """Test one module; the exit code is 1 if a change went unnoticed."""
    if len(sys.argv) < 2 or not (SOURCE / sys.argv[1]).is_file():
        sys.exit("usage: scripts/mutants.py ovms/PATH/MODULE.py [TESTS…]")
    module, *named = sys.argv[1:]
    tests = named or tests_of(Path(module))
    print(f"{module}, by", *tests)
    with TemporaryDirectory() as folder:
        unnoticed = mutate(Path(folder), module, tests)
    print(f"{unnoticed} changes went unnoticed")
    sys.exit(bool(unnoticed))


def tests_of(module: Path) -> list[str]:
    """Return the test files of a module, relative to the project."""
    mirror = Path("tests", *module.parts[1:-1], f"test_{module.name}")
    if (ROOT / mirror).exists():
        return [str(mirror)]
    name = ".".join(module.with_suffix("").parts)
    package, _, last = name.rpartition(".")
    imports = (f"from {name} import", f"from {package} import {last}")
    found = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if any(line in path.read_text("utf-8") for line in imports)
    ]
    return found or sys.exit(f"no tests import {name}; name some")


def mutate(copy: Path, module: str, tests: list[str]) -> int:
    """Run mutmut on a copy and print what survived; returns how many did."""
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    quoted = ", ".join(f'"{test}"' for test in tests)
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    section = SECTION.format(module=module, tests=quoted)
    (copy / "pyproject.toml").write_text(settings + section, "utf-8")
    done = mutmut(copy, "run")
    if done.returncode:
        print(done.stdout[-3000:], done.stderr[-3000:], sep="\n", file=sys.stderr)
        sys.exit(2)
    names = [line.split(":")[0].strip() for line in mutmut(copy, "results").stdout.splitlines()]
    survivors = [name for name in names if name]
    for name in survivors:
        print(mutmut(copy, "show", name).stdout)
    return len(survivors)


def mutmut(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run mutmut in the copy."""
    return subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=copy,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


if __name__ == "__main__":
    main()
