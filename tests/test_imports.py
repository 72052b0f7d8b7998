"""Who may import whom: the table of docs/architecture.md, held to; and no circles."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src"

# base and the package itself (its version) are open to all, and cli may import everything.
ALLOWED: dict[str, set[str]] = {
    "base": set(),
    "protocol": set(),
    "net": {"protocol"},
    "server.rights": set(),
    "server.values": {"protocol", "server.rights"},
    "server.strangers": set(),
    "server.refused_calls": set(),
    "server.alerts": {"protocol"},
    "server.journeys": {"protocol"},
    "server.storage": {"protocol", "server.journeys", "server.rights", "server.values"},
    "server.audit": {"protocol", "server.storage", "server.values"},
    "server.failed_calls": {"server.hub", "server.storage", "server.values"},
    "server.accounts": {
        "protocol",
        "server.audit",
        "server.rights",
        "server.storage",
        "server.values",
    },
    "server.notify": {"protocol", "server.alerts", "server.storage", "server.values"},
    "server.backup": {"server.storage"},
    "server.migrate": {
        "protocol",
        "server.accounts",
        "server.notify",
        "server.storage",
        "server.values",
    },
    "server.hub": {"protocol", "server.rights", "server.values"},
    "server.peers": {"protocol", "net", "server.hub", "server.storage", "server.values"},
    "server.http": {
        "protocol",
        "net",
        "server.accounts",
        "server.audit",
        "server.failed_calls",
        "server.hub",
        "server.journeys",
        "server.notify",
        "server.refused_calls",
        "server.rights",
        "server.storage",
        "server.strangers",
        "server.values",
    },
    "car": {"protocol", "net"},
    "app": {"protocol", "net"},
}
ALLOWED["server"] = {room for room in ALLOWED if room.startswith("server.")} | {"protocol", "net"}
ALLOWED["cli"] = set(ALLOWED)
ALLOWED["__main__"] = {"cli"}
ALLOWED["ovms"] = set()  # the package's own __init__


def room_of(module: str) -> str:
    """Return the room of a dotted name: `ovms.server.hub.room` is in `server.hub`."""
    parts = module.split(".")
    if len(parts) == 1:
        return parts[0]
    inner = ".".join(parts[1:3])
    return inner if inner in ALLOWED else parts[1]


@cache
def imports_in(file: Path, source: Path) -> list[tuple[int, str, bool]]:
    """Return line and dotted name of each module that a file imports, wherever in it.

    The last of each tells whether it is imported at run time, not for type checkers only.
    """
    package = file.relative_to(source).parent.parts
    tree = ast.parse(file.read_text("utf-8"))
    for_types = {id(each) for node in ast.walk(tree) if _is_for_types(node) for each in _in(node)}
    found: list[tuple[int, str, bool]] = []
    for node in ast.walk(tree):
        at_run_time = id(node) not in for_types
        if isinstance(node, ast.Import):
            found += ((node.lineno, alias.name, at_run_time) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *filter(None, [node.module])])
            # `from ovms import server` names a room only with the alias
            found += ((node.lineno, f"{module}.{alias.name}", at_run_time) for alias in node.names)
    return found


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def _in(node: ast.AST) -> Iterator[ast.AST]:
    assert isinstance(node, ast.If)
    for statement in node.body:
        yield from ast.walk(statement)


def module_of(file: Path, source: Path) -> str:
    """Return the dotted name of a file."""
    parts = file.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def forbidden(source: Path) -> list[str]:
    """Return a line for each import that the table does not allow."""
    found = []
    for file in sorted(source.rglob("*.py")):
        folders = file.relative_to(source).parts[1:-1]
        room = room_of(module_of(file, source))
        if folders[:1] == ("server",) and len(folders) > 1:
            room = ".".join(folders[:2])
        may = ALLOWED.get(room, set()) | {room, "base", "__version__"}
        if room not in ALLOWED:
            found.append(f"{file.relative_to(source)}: room {room!r} is not in the table")
        for line, name, _ in imports_in(file, source):
            if name.split(".")[0] == "ovms" and room_of(name) not in may:
                found.append(f"{file.relative_to(source)}:{line}: {room} imports {name}")
    return found


def circles(source: Path) -> list[list[str]]:
    """Return the groups of modules that import each other at run time, even inside a function."""
    files = {module_of(file, source): file for file in source.rglob("*.py")}
    graph = {
        module: {
            name if name in files else name.rpartition(".")[0]
            for _, name, at_run_time in imports_in(file, source)
            if at_run_time and (name in files or name.rpartition(".")[0] in files)
        }
        for module, file in files.items()
    }
    reached = {module: _reached(module, graph) for module in graph}
    groups = {
        tuple(sorted(other for other in reached[module] if module in reached[other]))
        for module in graph
        if module in reached[module]
    }
    return sorted([*group] for group in groups)


def _reached(module: str, graph: dict[str, set[str]]) -> set[str]:
    """Return what a module imports, and what that imports, and so on."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        for other in graph[waiting.pop()] - found:
            found.add(other)
            waiting.append(other)
    return found


def test_imports_follow_the_table() -> None:
    """No module imports a room that its own must not know."""
    assert forbidden(SOURCE) == []


def test_there_are_no_circles() -> None:
    """No module imports, by whatever way, one that imports it."""
    assert circles(SOURCE) == []


@pytest.mark.parametrize(
    ("kind", "drivers"), [("sqlite", {"sqlite3"}), ("postgres", {"asyncpg", "psycopg"})]
)
def test_only_its_own_room_knows_a_database(kind: str, drivers: set[str]) -> None:
    """On the server a driver is imported in its own room alone, and that room only for a URL."""
    package = SOURCE / "ovms"
    room = f"server/storage/{kind}"
    for file in [*package.glob("server/**/*.py"), *package.glob("cli/*.py")]:
        path = file.relative_to(package).as_posix()
        for _, name, _ in imports_in(file, SOURCE):
            if name.split(".")[0] in drivers:
                assert path.startswith(f"{room}/")
            if name.startswith(f"ovms.server.storage.{kind}."):
                assert path.startswith(f"{room}/") or path == "server/storage/opening.py"


@pytest.mark.parametrize("room", ALLOWED)
def test_table_names_only_its_rooms(room: str) -> None:
    """Each room in the table's arrows has its own line, and no arrow leads back."""
    assert ALLOWED[room] <= set(ALLOWED)
    assert not [other for other in ALLOWED[room] - {room} if room in ALLOWED[other]]


def test_the_three_parties_are_strangers() -> None:
    """Car, app and server know the language and the network, never each other."""
    parties = {"car", "app", *(room for room in ALLOWED if room.split(".")[0] == "server")}
    for room in parties:
        others = {other for other in parties if other.split(".")[0] != room.split(".")[0]}
        assert not ALLOWED[room] & others


@pytest.mark.parametrize(
    ("path", "code", "count"),
    [
        ("server/hub/room.py", "from ovms.protocol.session import Session", 0),
        ("server/hub/room.py", "from ovms import __version__", 0),
        ("server/hub/room.py", "from . import commands", 0),
        ("server/hub/room.py", "from ...base import clock", 0),
        ("server/hub/room.py", "import asyncio, ovms_tools", 0),
        ("server/server.py", "from ovms.server.hub import hub", 0),
        ("cli/serve.py", "import ovms.server.server, ovms.car", 0),
        ("__init__.py", "__version__ = '1'", 0),
        ("__main__.py", "from ovms.cli.main import main", 0),
        ("server/hub/room.py", "from ovms.server.storage import schema", 1),
        ("server/hub/room.py", "import ovms.base, ovms.server.storage.schema", 1),
        ("server/hub/room.py", "from ovms.server import storage", 1),
        ("server/hub/room.py", "from ovms.server import acceptor", 1),
        ("server/hub/room.py", "from ..storage import schema", 1),
        ("server/hub/room.py", "from .. import storage", 1),
        ("protocol/records/status.py", "from ...net import pump", 1),
        ("protocol/crypto.py", "if TYPE_CHECKING:\n    from ovms.net import pump", 1),
        ("base/clock.py", "def f():\n    import ovms.protocol", 1),
        ("server/server.py", "from ovms.car import sim", 1),
        ("car/link.py", "from ovms.server.hub import room", 1),
        ("car/link.py", "from ovms.app import client", 1),
        ("app/client.py", "from ovms.server.values import Vehicle", 1),
        ("__init__.py", "from ovms.cli import main", 1),
        ("garage/door.py", "", 1),
        ("garage.py", "", 1),
        ("server/garage/door.py", "", 1),
    ],
)
def test_arrows_are_seen(path: str, code: str, count: int, tmp_path: Path) -> None:
    """Every way of writing an import is seen, and a room that nobody planned."""
    file = tmp_path / "ovms" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code)
    assert len(forbidden(tmp_path)) == count


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ("import ovms.b", "", 0),
        ("import ovms.b", "from ovms import a", 1),
        ("from ovms.b import x", "from ovms.a import y", 1),
        ("import ovms.b", "def f():\n    from ovms.a import y", 1),
        ("import ovms.b", "if TYPE_CHECKING:\n    from ovms.a import y", 0),
    ],
)
def test_circles_are_seen(first: str, second: str, count: int, tmp_path: Path) -> None:
    """A circle is seen even through an import inside a function; types alone make none."""
    package = tmp_path / "ovms"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "a.py").write_text(first)
    (package / "b.py").write_text(second)
    assert len(circles(tmp_path)) == count
