"""``ovms car unit``: the text of a systemd unit that runs this car."""

from __future__ import annotations

import re
import sys
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

_USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
_PATH = re.compile(r"""/[^\s"'\\]+""")


def unit(
    state: Annotated[
        Path, typer.Option(metavar="DIR", help="The car's folder; below /var/lib it is made.")
    ] = STATE_ROOT / "ovms-car",
    user: Annotated[
        str | None,
        typer.Option(metavar="NAME", show_default="one made for it", help="Run as this user."),
    ] = None,
    environment: Annotated[
        Path, typer.Option(metavar="FILE", help="Where its options stand, as variables.")
    ] = Path("/etc/ovms-car/car.env"),
    secret_file: Annotated[
        Path, typer.Option(metavar="FILE", help="The vehicle's secret; root's alone will do.")
    ] = Path("/etc/ovms-car/secret"),
    paranoid_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The paranoid password, if it seals.")
    ] = None,
) -> None:
    """Print a systemd unit that runs this car, for /etc/systemd/system/ovms-car.service.

    Its options are read from variables, so that it need not be edited. See docs/service.md.
    """
    for path in filter(None, (state, environment, secret_file, paranoid_file)):
        if not _PATH.fullmatch(str(path)) or ".." in path.parts or not str(path).isprintable():
            refuse(f"{str(path)!r} must be an absolute path without blanks and quotes")
    if user is not None and not _USER.fullmatch(user):
        refuse("--user must be the name of a user")
    if user is None and STATE_ROOT not in state.parents:
        refuse(f"--state elsewhere than below {STATE_ROOT} needs --user, whose folder it is")
    program, words = _program()
    if is_at_home := _is_at_home(program, Path(sys.executable).resolve(), state):
        print(f"ovms: a service may not reach {program}: see docs/service.md", file=sys.stderr)
    text = files("ovms.cli").joinpath("ovms-car.service").read_text("utf-8")
    print(
        Template(text).substitute(
            program=_quoted(program) + words,
            user=f"User={user}" if user else "DynamicUser=yes",
            environment=_escaped(environment),
            state=_state(state),
            secrets=_credentials({"secret": secret_file, "paranoid": paranoid_file}),
            home="read-only" if is_at_home else "yes",
        ),
        end="",
    )


def _is_at_home(*paths: Path) -> bool:
    return any(home in path.parents for home in HOMES for path in paths)


def _program() -> tuple[Path, str]:
    """Return the path that starts this program from anywhere, and the words that follow it."""
    script = Path(sys.argv[0])
    if script.name == "ovms" and script.is_file():
        return script.absolute(), ""
    return Path(sys.executable), " -m ovms"


def _state(folder: Path) -> str:
    if STATE_ROOT in folder.parents:
        name = _escaped(folder.relative_to(STATE_ROOT))
        made = f"StateDirectory={name}\nStateDirectoryMode=0700"
    else:
        made = f"ReadWritePaths={_escaped(folder)}"
    return f"{made}\n{_variable('OVMS_CAR_STATE', _escaped(folder))}"


def _credentials(secrets: dict[str, Path | None]) -> str:
    """Return lines by which systemd passes on files that the service's user may not read."""
    lines = []
    for name, path in secrets.items():
        if path is not None:
            lines.append(f"LoadCredential={name}:{_escaped(path)}")
            lines.append(_variable(f"OVMS_{name.upper()}_FILE", f"%d/{name}"))
    return "\n".join(lines)


def _variable(name: str, value: str) -> str:
    return f'Environment="{name}={value}"'


def _escaped(path: Path) -> str:
    """Return a path with systemd's specifiers escaped."""
    return str(path).replace("%", "%%")


def _quoted(path: Path) -> str:
    text = _escaped(path)
    if not re.search(r"""[\s"'\\]""", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
