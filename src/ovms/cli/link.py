"""Options of commands that call a server: which one, which vehicle, with what secret."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from ovms.cli.common import resolve_secret

DEFAULT_PORT: Final = 6867

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
TlsOption = Annotated[bool, typer.Option("--tls", help="Reserved: call over TLS.")]


def find_server(text: str) -> tuple[str, int]:
    """Read ``HOST``, ``HOST:PORT``, ``[IPV6]`` or ``[IPV6]:PORT``; anything else is wrong usage."""
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        is_right = not port or port.startswith(":")
        port = port.removeprefix(":")
    elif text.count(":") > 1:
        is_right = True
    else:
        host, _, port = text.partition(":")
        is_right = bool(port) or ":" not in text
    if not is_right or not host or not (port or "1").isdecimal() or int(port or 1) > 65535:
        raise typer.BadParameter(f"{text!r} is no HOST[:PORT]")
    return host, int(port or DEFAULT_PORT)


def find_secret(secret: str | None, secret_file: str | None) -> str:
    """Give the vehicle's secret; wrong usage if nobody tells it."""
    found = resolve_secret(secret, secret_file, "OVMS_SECRET", "Secret of the vehicle")
    if not found:
        raise typer.BadParameter("give --secret, --secret-file or OVMS_SECRET")
    return found


def refuse_tls(tls: bool) -> None:
    """Say that TLS is not there yet, rather than go on without it."""
    if tls:
        raise typer.BadParameter("TLS is not built yet")
