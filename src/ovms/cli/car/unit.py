"""``ovms car unit``: the text of a systemd unit that runs this car."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
    variable,
)


def unit(
    state: Annotated[
        Path, typer.Option(metavar="DIR", help="The car's folder; below /var/lib it is made.")
    ] = STATE_ROOT / "ovms-car",
    user: UserOption = None,
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
    check_paths((state, environment, secret_file, paranoid_file))
    check_name("--user", user)
    check_owner("--state", state, user)
    print_unit(
        "ovms-car.service",
        "docs/service.md",
        state,
        "car",
        user=user_line(user),
        environment=escaped(environment),
        state=state_lines(state, "OVMS_CAR_STATE"),
        secrets=_credentials({"secret": secret_file, "paranoid": paranoid_file}),
    )


def _credentials(secrets: dict[str, Path | None]) -> str:
    """Return lines by which systemd passes on files that the service's user may not read."""
    lines = []
    for name, path in secrets.items():
        if path is not None:
            lines.append(f"LoadCredential={name}:{escaped(path)}")
            lines.append(variable(f"OVMS_{name.upper()}_FILE", f"%d/{name}"))
    return "\n".join(lines)
