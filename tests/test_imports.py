"""Who may import whom: the table of docs/architecture.md, held to."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src"

# base and the package itself (its version) are open to all, and cli may import everything.
ALLOWED: dict[str, set[str]] = {
    "base": set(),
    "protocol": set(),
    "net": {"protocol"},
    "alerts": {"protocol"},
    "store": {"protocol"},
    "bus": {"protocol"},
    "accounts": {"store"},
    "notify": {"alerts", "protocol"},
    "hub": {"protocol", "alerts"},
    "peers": {"protocol", "net", "hub", "store"},
    "http": {"protocol", "net", "hub", "store", "accounts", "notify"},
    "car": {"protocol", "net"},
    "app": {"protocol", "net"},
    "migrate": {"store", "accounts"},
}
ALLOWED["server"] = set(ALLOWED) - {"car", "app", "migrate"}
ALLOWED["cli"] = set(ALLOWED)
ALLOWED["__main__"] = {"cli"}
ALLOWED["ovms"] = set()  # the package's own __init__


def room_of(module: str) -> str:
    """Give the room of a dotted name: `ovms.hub.room` is in `hub`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def names_in(file: Path, source: Path) -> Iterator[tuple[int, str]]:
    """Give line and dotted name of each of our modules that a file imports, wherever in it."""
    package = file.relative_to(source).parent.parts
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *filter(None, [node.module])])
            # `from ovms import hub` names a room only with the alias
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def forbidden(source: Path) -> list[str]:
    """Give a line for each import that the table does not allow."""
    found = []
    for file in sorted(source.rglob("*.py")):
        room = room_of(".".join(file.relative_to(source).with_suffix("").parts))
        room = "ovms" if room == "__init__" else room
        may = ALLOWED.get(room, set()) | {room, "base", "__version__"}
        if room not in ALLOWED:
            found.append(f"{file.relative_to(source)}: room {room!r} is not in the table")
        for line, name in names_in(file, source):
            if name.split(".")[0] == "ovms" and room_of(name) not in may:
                found.append(f"{file.relative_to(source)}:{line}: {room} imports {name}")
    return found


def test_imports_follow_the_table() -> None:
    """No module imports a room that its own must not know."""
    assert forbidden(SOURCE) == []


@pytest.mark.parametrize("room", ALLOWED)
def test_table_names_only_its_rooms(room: str) -> None:
    """Each room in the table's arrows has its own line, and no arrow leads back."""
    assert ALLOWED[room] <= set(ALLOWED)
    assert not [other for other in ALLOWED[room] - {room} if room in ALLOWED[other]]


@pytest.mark.parametrize(
    ("path", "code", "count"),
    [
        ("hub/room.py", "from ovms.protocol.session import Session", 0),
        ("hub/room.py", "from ovms import __version__", 0),
        ("hub/room.py", "from . import commands", 0),
        ("hub/room.py", "from ..base import clock", 0),
        ("hub/room.py", "import asyncio, ovms_tools", 0),
        ("cli/serve.py", "import ovms.server.server, ovms.car", 0),
        ("__init__.py", "__version__ = '1'", 0),
        ("__main__.py", "from ovms.cli.main import main", 0),
        ("hub/room.py", "from ovms.store import schema", 1),
        ("hub/room.py", "import ovms.base, ovms.store.schema", 1),
        ("hub/room.py", "from ovms import store", 1),
        ("hub/room.py", "from ..store import schema", 1),
        ("hub/room.py", "from .. import store", 1),
        ("protocol/records/status.py", "from ...net import pump", 1),
        ("protocol/crypto.py", "if TYPE_CHECKING:\n    from ovms.net import pump", 1),
        ("base/clock.py", "def f():\n    import ovms.protocol", 1),
        ("server/server.py", "from ovms.car import sim", 1),
        ("__init__.py", "from ovms.cli import main", 1),
        ("garage/door.py", "", 1),
        ("garage.py", "", 1),
    ],
)
def test_arrows_are_seen(path: str, code: str, count: int, tmp_path: Path) -> None:
    """Every way of writing an import is seen, and a room that nobody planned."""
    file = tmp_path / "ovms" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code)
    assert len(forbidden(tmp_path)) == count
