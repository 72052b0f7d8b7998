"""``ovms serve unit``: the text of a systemd unit that runs this server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from ovms.cli.systemd_units import (
    STATE_ROOT,
    UserOption,
    check_name,
    check_owner,
    check_paths,
    escaped,
    print_unit,
    state_lines,
    user_line,
)

FILES: Final = 100_000
"""Open files of the service, one a connection."""


def unit(
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="The data folder; below /var/lib it is made.")
    ] = STATE_ROOT / "ovms",
    user: UserOption = None,
    group: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A further group: who may read certificates, say."),
    ] = None,
    environment: Annotated[
        Path, typer.Option(metavar="FILE", help="Settings as variables; it need not be there.")
    ] = Path("/etc/ovms/server.env"),
    files: Annotated[
        int,
        typer.Option(min=1024, max=10_000_000, metavar="N", help="Open files: one a connection."),
    ] = FILES,
) -> None:
    """Print a systemd unit that runs this server, for /etc/systemd/system/ovms.service.

    Settings stand in ovms.toml in the data folder, so that it need not be edited. See
    docs/hosting.md.
    """
    check_paths((data, environment))
    check_name("--user", user)
    for name in group or ():
        check_name("--group", name, "a group")
    check_owner("--data", data, user)
    groups = f"\nSupplementaryGroups={' '.join(group)}" if group else ""
    print_unit(
        "ovms.service",
        "docs/hosting.md",
        data,
        "serve",
        user=user_line(user) + groups,
        environment=escaped(environment),
        state=state_lines(data, "OVMS_DATA"),
        files=str(files),
    )
