"""Options of commands that call a server: which one, which vehicle, with what secret."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated

import typer

from ovms.cli.common import fail, refuse, resolve_secret
from ovms.net.address import PLAIN_PORT, TLS_PORT, parse_address
from ovms.net.tls import client_context

ServerOption = Annotated[
    str,
    typer.Option(
        "--server",
        metavar="HOST[:PORT]",
        envvar="OVMS_SERVER",
        help="The server; port 6867 unless given, 6870 with --tls.",
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
TlsOption = Annotated[bool, typer.Option("--tls", help="Call over TLS.")]
InsecureOption = Annotated[
    bool, typer.Option("--insecure", help="With --tls: take any certificate of anybody.")
]
CaOption = Annotated[
    Path | None,
    typer.Option(
        "--ca",
        metavar="FILE",
        help="With --tls: trust only this, roots or the server's certificate, PEM.",
    ),
]


def find_server(text: str, default_port: int = PLAIN_PORT) -> tuple[str, int]:
    """Read ``HOST[:PORT]``, an IPv6 address in brackets; anything else is wrong usage."""
    address = parse_address(text, default_port)
    if address is None:
        refuse(f"--server {text!r} is not HOST[:PORT]; an IPv6 address stands in brackets")
    return address


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


def find_tls(tls: bool, insecure: bool, ca: Path | None) -> ssl.SSLContext | None:
    """Give the way to speak TLS, ``None`` for plain; ends the command if a file is unusable."""
    if not tls:
        if insecure or ca is not None:
            refuse(f"{'--insecure' if insecure else '--ca'} goes with --tls")
        return None
    if insecure and ca is not None:
        refuse("--insecure or --ca, not both")
    try:
        return client_context(ca, insecure=insecure)
    except ssl.SSLError:
        fail(f"{ca} holds no certificate in PEM")
    except OSError as error:
        fail(f"{ca} cannot be read: {error.strerror}")


def find_place(server: str, tls: ssl.SSLContext | None) -> tuple[str, int]:
    """Read ``HOST[:PORT]``; the port is the usual one for TLS or for plain unless given."""
    return find_server(server, PLAIN_PORT if tls is None else TLS_PORT)
