"""What all commands that call a server share: options, and how the server is found and trusted."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated

import typer

from ovms.cli.common import fail, refuse, resolve_secret
from ovms.net.address import PLAIN_PORT, TLS_PORT, parse_address
from ovms.net.tls import client_context

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
WebSocketOption = Annotated[
    bool,
    typer.Option("--websocket", help="Call through a WebSocket at /apiv2, as proxies want it."),
]

TRUST_HINT = (
    "trust it with --ca FILE (the server keeps its own in DIR/tls/cert.pem), or take any with"
    " --insecure"
)
"""What to do about a certificate that does not verify."""


def find_server(
    text: str, default_port: int = PLAIN_PORT, option: str = "--server"
) -> tuple[str, int]:
    """Return host and port of ``HOST[:PORT]``. Anything else ends the command as wrong usage."""
    address = parse_address(text, default_port)
    if address is None:
        refuse(f"{option} {text!r} is not HOST[:PORT]; an IPv6 address stands in brackets")
    return address


def find_paranoid(
    paranoid: str | None, paranoid_file: str | None, *others: str | None
) -> str | None:
    """Return the paranoid password; ``None`` if none is given, because it is not asked for.

    ``others`` are the files of the other secrets: only one of them can be standard input.
    """
    if paranoid == "":
        refuse("--paranoid must not be empty")
    if [paranoid_file, *others].count("-") > 1:
        refuse("only one of the files with secrets can be standard input")
    return resolve_secret(paranoid, paranoid_file, "OVMS_PARANOID", None)


def find_tls(tls: bool, insecure: bool, ca: Path | None) -> ssl.SSLContext | None:
    """Return the TLS context, ``None`` for plain. A file that is unusable ends the command."""
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


def find_place(
    server: str, tls: ssl.SSLContext | None, option: str = "--server"
) -> tuple[str, int]:
    """Return host and port of ``HOST[:PORT]``; by default the usual port for TLS or for plain."""
    return find_server(server, PLAIN_PORT if tls is None else TLS_PORT, option)
