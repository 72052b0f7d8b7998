"""What the commands that print systemd units share: paths, users, and how a unit quotes them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated, Final

import typer

from ovms.cli.common import refuse

STATE_ROOT: Final = Path("/var/lib")
"""Where systemd makes the folder of a service, which only its user can read."""

HOMES: Final = tuple(map(Path, ("/home", "/root", "/run/user")))
"""Folders that a service cannot read unless its unit allows it."""

UserOption = Annotated[
    str | None,
    typer.Option(
        "--user", metavar="NAME", show_default="one made for it", help="Run as this user."
    ),
]

_USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
_PATH = re.compile(r"""/[^\s"'\\]+""")


def check_paths(paths: Iterable[Path | None]) -> None:
    """Refuse paths that would be something else in a unit."""
    for path in filter(None, paths):
        if not _PATH.fullmatch(str(path)) or ".." in path.parts or not str(path).isprintable():
            refuse(f"{str(path)!r} must be an absolute path without blanks and quotes")


def check_name(option: str, name: str | None, what: str = "a user") -> None:
    """Refuse what is no name of a user or a group."""
    if name is not None and not _USER.fullmatch(name):
        refuse(f"{option} must be the name of {what}")


def check_owner(option: str, folder: Path, user: str | None) -> None:
    """Refuse a folder that systemd does not make, if it is nobody's."""
    if user is None and STATE_ROOT not in folder.parents:
        refuse(f"{option} elsewhere than below {STATE_ROOT} needs --user, whose folder it is")


def print_unit(template: str, page: str, folder: Path, command: str, **values: str) -> None:
    """Print a unit made of a template; ``page`` of the docs says what to do if it cannot run."""
    program, words = _program()
    is_at_home = _is_at_home(program, Path(sys.executable).resolve(), folder)
    if is_at_home:
        print(f"ovms: a service may not reach {program}: see {page}", file=sys.stderr)
    text = files("ovms.cli").joinpath(template).read_text("utf-8")
    print(
        Template(text).substitute(
            program=f"{_quoted(program)}{words} {command}",
            home="read-only" if is_at_home else "yes",
            **values,
        ),
        end="",
    )


def state_lines(folder: Path, name: str) -> str:
    """Return the lines that make a service's folder, or let it write one, and name it to it."""
    if STATE_ROOT in folder.parents:
        below = escaped(folder.relative_to(STATE_ROOT))
        made = f"StateDirectory={below}\nStateDirectoryMode=0700"
    else:
        made = f"ReadWritePaths={escaped(folder)}"
    return f"{made}\n{variable(name, escaped(folder))}"


def user_line(user: str | None) -> str:
    """Return the line that says as whom it runs; ``None`` is a user made for it."""
    return f"User={user}" if user else "DynamicUser=yes"


def variable(name: str, value: str) -> str:
    """Return the line that sets a variable."""
    return f'Environment="{name}={value}"'


def escaped(path: Path) -> str:
    """Return a path with systemd's specifiers escaped."""
    return str(path).replace("%", "%%")


def _is_at_home(*paths: Path) -> bool:
    return any(home in path.parents for home in HOMES for path in paths)


def _program() -> tuple[Path, str]:
    """Return the path that starts this program from anywhere, and the words that follow it."""
    script = Path(sys.argv[0])
    if script.name == "ovms" and script.is_file():
        return script.absolute(), ""
    return Path(sys.executable), " -m ovms"


def _quoted(path: Path) -> str:
    text = escaped(path)
    if not re.search(r"""[\s"'\\]""", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
