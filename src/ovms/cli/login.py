"""How an app logs in: by the vehicle's secret, or as the vehicle's owner."""

from __future__ import annotations

import ipaddress
import os
import sys
from dataclasses import dataclass, field
from typing import Annotated

import typer

from ovms.cli.common import refuse, resolve_secret
from ovms.protocol.welcome import FIRST_VEHICLE

SecretOption = Annotated[
    str | None,
    typer.Option(
        "--secret",
        metavar="S",
        help="The vehicle's secret. Safer: --secret-file, OVMS_SECRET, or wait to be asked.",
    ),
]
SecretFileOption = Annotated[
    str | None,
    typer.Option(
        "--secret-file", metavar="FILE", help="File that holds the secret; - is standard input."
    ),
]
UserOption = Annotated[
    str | None,
    typer.Option(
        "--user",
        metavar="NAME",
        help="Instead of a secret: log in as this owner. Or OVMS_USER. Meant for --tls.",
    ),
]
PasswordOption = Annotated[
    str | None,
    typer.Option(
        "--password",
        metavar="PW",
        help="The owner's password, or an API token with the right v2."
        " Safer: --password-file, OVMS_PASSWORD, or wait to be asked.",
    ),
]
PasswordFileOption = Annotated[
    str | None,
    typer.Option(
        "--password-file", metavar="FILE", help="File that holds it; - is standard input."
    ),
]


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who calls for which vehicle: the holder of its secret or, with a ``user``, an owner."""

    vehicle: str
    password: str = field(repr=False)
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The options that say who calls."""

    secret: str | None = None
    secret_file: str | None = None
    user: str | None = None
    password: str | None = None
    password_file: str | None = None

    def login(self, vehicle: str | None) -> Credentials:
        """Return who calls. Options take precedence over variables; both kinds are wrong usage."""
        has_secret = _any(self.secret, self.secret_file)
        is_owner = _any(self.user, self.password, self.password_file)
        if not (has_secret or is_owner):
            has_secret, is_owner = bool(_variable("SECRET")), bool(_variable("USER"))
        if has_secret and is_owner:
            refuse("either --secret or --user, as options or as variables, not both")
        return self._owner(vehicle) if is_owner else self._holder(vehicle)

    def _holder(self, vehicle: str | None) -> Credentials:
        if not vehicle:
            refuse("give --vehicle or OVMS_VEHICLE")
        secret = resolve_secret(
            self.secret, self.secret_file, "OVMS_SECRET", "Secret of the vehicle"
        )
        if not secret:
            refuse("give --secret, --secret-file or OVMS_SECRET, or log in with --user")
        return Credentials(vehicle, secret)

    def _owner(self, vehicle: str | None) -> Credentials:
        user = self.user if self.user is not None else _variable("USER")
        if not user:
            refuse("a password goes with --user or OVMS_USER")
        password = resolve_secret(
            self.password, self.password_file, "OVMS_PASSWORD", f"Password of {user}"
        )
        if not password:
            refuse("give --password, --password-file or OVMS_PASSWORD")
        return Credentials(vehicle or FIRST_VEHICLE, password, user)


def warn_in_clear(host: str) -> None:
    """Warn that a password is sent unprotected, unless the host is this machine."""
    if not is_loopback(host):
        print("ovms: without --tls everybody on the way can read the password", file=sys.stderr)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, by its name or address alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _any(*options: str | None) -> bool:
    return any(option is not None for option in options)


def _variable(name: str) -> str | None:
    return os.environ.get(f"OVMS_{name}")
