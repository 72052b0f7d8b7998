"""The repository itself: what must not be in it, and how it is laid out."""

import ast
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "ovms"
LONGEST_MODULE = 700  # lines; past it a module does two things
GENERATED = {"__pycache__", "node_modules", "dist", "build"}

# Brackets keep these patterns from finding themselves.
TELLTALES = {
    "a package registry": r"\b(?:pypi|pythonhosted|npmjs|yarnpkg|npmmirror)[.](?:org|com)\b",
    "an index setting": r"--(?:extra-)?index[-]url|--find[-]links|\bindex[-_]url\s*=|\bregistry\s*=.*://",
    "a developer's path": r"(?<![\w.:/-])/(?:work|farm|root|Users)/",
}


def files(root: Path) -> list[Path]:
    """Return the project's files: what git knows or would add, or without git what lies there."""
    if (root / ".git").exists():
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        done = subprocess.run(listing, cwd=root, capture_output=True, check=False)
        if done.returncode == 0:
            paths = [root / os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
            return sorted(path for path in paths if path.is_file())
    return sorted(walk(root))


def walk(root: Path) -> Iterator[Path]:
    """Yield the files below a folder, hidden folders of tools and what is generated left out."""
    for path in root.iterdir():
        if path.is_dir() and not path.is_symlink():
            if path.name == ".ci" or not (path.name.startswith(".") or path.name in GENERATED):
                yield from walk(path)
        elif path.is_file():
            yield path


def telltales(text: str) -> list[str]:
    """Return what in a text belongs to somebody's machine."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        found += [f"{number}: {what}" for what, seen in TELLTALES.items() if re.search(seen, line)]
    return found


def read(path: Path) -> str:
    """Return a file's text; one that is none, such as a picture, has none."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


def has_code(path: Path) -> bool:
    """Return whether a module holds more than its docstring and imports."""
    passive = (ast.Import, ast.ImportFrom, ast.Expr)
    return any(not isinstance(node, passive) for node in ast.parse(read(path)).body)


@cache
def modules() -> list[Path]:
    """Return the modules that need tests, relative to the package."""
    paths = sorted(path for path in files(ROOT) if path.suffix == ".py")
    inside = [path.relative_to(PACKAGE) for path in paths if path.is_relative_to(PACKAGE)]
    return [
        path
        for path in inside
        if path.stem not in ("__init__", "__main__")
        and "migrations" not in path.parts
        and has_code(PACKAGE / path)
    ]


@dataclass(frozen=True, slots=True)
class Definition:
    """A class or a function of a module."""

    place: str
    """Path and line."""
    name: str
    is_class: bool
    docstring: str


@cache
def definitions() -> list[Definition]:
    """Return what the modules define, wherever in them."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        Definition(
            f"{path}:{node.lineno}",
            node.name,
            isinstance(node, ast.ClassDef),
            ast.get_docstring(node) or "",
        )
        for path in modules()
        for node in ast.walk(ast.parse(read(PACKAGE / path)))
        if isinstance(node, kinds)
    ]


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted names that a test file imports."""
    for node in ast.walk(ast.parse(read(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_nothing_tells_of_a_machine() -> None:
    """No file names a package registry, an index or the path of somebody's machine."""
    found = {str(path.relative_to(ROOT)): telltales(read(path)) for path in files(ROOT)}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_readme_links_work_on_an_index_page() -> None:
    """What the package shows as its page has no link that only works in the repository."""
    project = tomllib.loads(read(ROOT / "pyproject.toml"))
    hook = project["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    page = read(ROOT / "README.md")
    for change in hook["substitutions"]:
        page = re.sub(change["pattern"], change["replacement"], page)
    targets = re.findall(r"\]\(([^)]+)\)", page)
    home = project["project"]["urls"]["Homepage"]
    assert len(targets) > 20
    assert [each for each in targets if not each.startswith(("https://", "#"))] == []
    for path in (each.removeprefix(f"{home}/blob/main/") for each in targets):
        assert path.startswith(("https://", "#")) or (ROOT / path.partition("#")[0]).exists()


def test_no_class_name_occurs_twice() -> None:
    """A class name says by itself what is meant; where two are alike, each says whose it is."""
    places: dict[str, list[str]] = {}
    for each in definitions():
        if each.is_class:
            places.setdefault(each.name.lstrip("_"), []).append(each.place)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


NOT_PLAIN = re.compile(
    r"(?:Gives?(?! up)|Learn|Tell (?:whether|if|how)|Say (?:whether|if)|See (?:off|to)|Take up)\b"
)
"""How no docstring begins: it says with an imperative what the caller gets (*Return whether*)."""


def test_docstrings_are_plain() -> None:
    """A function's docstring says what it returns or does in the verbs of the standard library."""
    found = [
        f"{each.place}: {each.docstring.splitlines()[0]}"
        for each in definitions()
        if not each.is_class and NOT_PLAIN.match(each.docstring)
    ]
    assert found == []


def test_no_module_is_too_long() -> None:
    """A module past the longest is to be split."""
    lengths = {path: len(read(path).splitlines()) for path in PACKAGE.rglob("*.py")}
    assert [str(path) for path, lines in lengths.items() if lines > LONGEST_MODULE] == []


LONGEST_SOURCE = 400  # lines of a file of the web app
WRITTEN_BY_PROGRAMS = {"api-types.ts", "package-lock.json", "tables.json"}


def test_no_source_of_the_web_app_is_too_long() -> None:
    """A file past the longest is to be split, unless a program writes it."""
    sources = [path for path in files(ROOT) if path.is_relative_to(ROOT / "web")]
    written = [path for path in sources if path.name not in WRITTEN_BY_PROGRAMS]
    lengths = {path: len(read(path).splitlines()) for path in written}
    assert len(lengths) > 50
    assert [str(path) for path, lines in lengths.items() if lines > LONGEST_SOURCE] == []


def test_the_lock_of_the_web_app_names_no_registry() -> None:
    """Packages are pinned by what is in them; where they come from is the machine's business."""
    lock = json.loads(read(ROOT / "web" / "package-lock.json"))
    entries = lock["packages"].items()
    ours = {"", *(each["resolved"] for _, each in entries if each.get("link"))}
    assert ours == {"", "empty"}
    packages = {name: each for name, each in entries if name not in ours and not each.get("link")}
    assert len(packages) > 100
    assert [name for name, each in packages.items() if "resolved" in each] == []
    bundled = [name for name, each in packages.items() if "integrity" not in each]
    assert [name for name in bundled if not packages[name].get("inBundle")] == []


def test_each_module_has_its_tests() -> None:
    """A module has the test file that mirrors it, or that another test file says it covers."""
    tests = ROOT / "tests"
    known = {name for path in tests.rglob("test_*.py") for name in imported(path)}
    lacking = [
        str(path)
        for path in modules()
        if not (tests / path.parent / f"test_{path.name}").exists()
        and ".".join(["ovms", *path.with_suffix("").parts]) not in known
        and not covered_elsewhere(path)
    ]
    assert lacking == []


COVERED_ELSEWHERE = {
    "cli/car/run.py": "programs/test_commands.py",
    "car/recordings/": "car/recordings/test_formats.py",
    "car/vehicles/interface.py": "car/test_vehicle_data.py",
    "car/vehicles/simulation.py": "cli/test_simulate.py",
    "car/vehicles/roadster/": "car/test_roadster.py",
    "car/vehicles/data/": "car/test_vehicle_data.py",
    "car/vehicles/sim/": "car/test_sim.py",
    "cli/demo/command.py": "programs/test_demo.py",
    "cli/demo/vehicles.py": "programs/test_demo.py",
    "cli/step_progress.py": "cli/test_backup.py",
    "cli/systemd_units.py": "cli/test_serve_unit.py",
    "cli/vehicle_csv.py": "cli/test_vehicle.py",
    "cli/vehicle_listing.py": "cli/test_vehicle.py",
    "server/http/context.py": "server/http/test_callers.py",
    "server/http/errors.py": "server/http/test_callers.py",
    "server/http/routing.py": "server/http/test_callers.py",
    "server/hub/context.py": "server/hub/test_room.py",
    "server/hub/interfaces.py": "server/hub/test_room.py",
    "server/notify/channels/phones.py": "server/notify/test_registry.py",
    "server/peers/exchange.py": "server/peers/test_link.py",
    "server/peers/interfaces.py": "server/peers/test_records.py",
    "server/services.py": "server/test_acceptor.py",
    "server/peering.py": "programs/test_peers.py",
    "server/hub/member.py": "server/hub/test_room.py",
    "server/storage/imports.py": "server/storage/test_queries.py",
    "server/storage/owners.py": "server/storage/test_queries.py",
    "server/storage/vehicles.py": "server/storage/test_queries.py",
}
"""Modules, or folders of them, that the tests of what they are part of cover."""


def covered_elsewhere(path: Path) -> bool:
    """Return whether a module is on the list, and its tests are there."""
    return any(
        str(path).startswith(place) and (ROOT / "tests" / test).exists()
        for place, test in COVERED_ELSEWHERE.items()
    )


@pytest.mark.parametrize(
    "line",
    [
        "see https://py" + "pi.org/project/ovms",
        "pip install --index" + "-url http://mirror.example/simple",
        "--extra-index" + "-url=x",
        "index" + "-url = http://mirror.example",
        "registry" + "=https://mirror.example",
        'path = "/ro' + 'ot/ovms"',
        "cd /wo" + "rk/main",
    ],
)
def test_telltales_are_seen(line: str) -> None:
    """The patterns find what they are for, wherever in the text."""
    assert len(telltales(f"first\n{line}\n")) == 1


@pytest.mark.parametrize(
    "line",
    ["https://example.org/work/list", "../work/x", "GET /api/root", "var/root/x", "registry = {}"],
)
def test_ordinary_lines_are_left_alone(line: str) -> None:
    """An address, a relative path or a variable is no telltale."""
    assert telltales(line) == []


def test_files_are_found_without_git(tmp_path: Path) -> None:
    """An unpacked archive is checked too, tools' and generated folders left out."""
    for name in ("a.py", ".ci/run", ".venv/x", "src/b.py", "web/node_modules/x", "src/dist/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in files(tmp_path)]
    assert found == [".ci/run", "a.py", "src/b.py"]
    assert ROOT / "pyproject.toml" in files(ROOT)
