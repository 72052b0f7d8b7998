"""Options of commands that call a server: which one, which vehicle, with what secret."""

from __future__ import annotations

import re
from typing import Annotated, Final

import typer

from ovms.cli.common import refuse, resolve_secret

DEFAULT_PORT: Final = 6867
_SERVER = re.compile(r"(?:\[(?P<v6>[^\]\s]+)\]|(?P<host>[^:\s\[\]]+))(?::(?P<port>\d{1,5}))?")

ServerOption = Annotated[
    str,
    typer.Option(
        "--server",
        metavar="HOST[:PORT]",
        envvar="OVMS_SERVER",
        help="The server; port 6867 unless given.",
    ),
]
VehicleOption = Annotated[
    str,
    typer.Option("--vehicle", metavar="ID", envvar="OVMS_VEHICLE", help="The vehicle's id."),
]
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
ParanoidOption = Annotated[
    str | None,
    typer.Option(
        "--paranoid",
        metavar="PASSWORD",
        help="Paranoid password of a car that seals. Safer: --paranoid-file or OVMS_PARANOID.",
    ),
]
ParanoidFileOption = Annotated[
    str | None,
    typer.Option(
        "--paranoid-file",
        metavar="FILE",
        help="File that holds the paranoid password; - is standard input.",
    ),
]
TlsOption = Annotated[bool, typer.Option("--tls", help="Reserved: call over TLS.")]


def find_server(text: str) -> tuple[str, int]:
    """Read ``HOST[:PORT]``, an IPv6 address in brackets; anything else is wrong usage."""
    match = _SERVER.fullmatch(text)
    port = int(match["port"] or DEFAULT_PORT) if match else 0
    if match is None or not 1 <= port <= 65535:
        refuse(f"--server {text!r} is not HOST[:PORT]; an IPv6 address stands in brackets")
    return match["v6"] or match["host"], port


def find_secret(secret: str | None, secret_file: str | None) -> str:
    """Give the vehicle's secret; wrong usage if nobody tells it."""
    found = resolve_secret(secret, secret_file, "OVMS_SECRET", "Secret of the vehicle")
    if not found:
        refuse("give --secret, --secret-file or OVMS_SECRET")
    return found


def find_paranoid(
    paranoid: str | None, paranoid_file: str | None, secret_file: str | None
) -> str | None:
    """Give the paranoid password, ``None`` if nobody tells one: it is not asked for."""
    if paranoid == "":
        refuse("--paranoid must not be empty")
    if paranoid_file == secret_file == "-":
        refuse("only one of --secret-file and --paranoid-file can be standard input")
    return resolve_secret(paranoid, paranoid_file, "OVMS_PARANOID", None)


def refuse_tls(tls: bool) -> None:
    """Say that TLS is not there yet, rather than go on without it."""
    if tls:
        refuse("TLS is not built yet")
