"""How a module reaches this server, found from the server's settings and its certificate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ovms.cli.common import refuse
from ovms.cli.module_setup import ESP32_PAGE, UNKNOWN_HOST, ModuleLink
from ovms.cli.tls import MODULE_FILE
from ovms.net.address import PLAIN_PORT, TLS_PORT, parse_address
from ovms.server.authority import Authority, public_name
from ovms.server.certificate import BadCertificate, find_pair, is_made_by_server
from ovms.server.chain import Chain, read_chain
from ovms.server.data_folder import running_server
from ovms.server.settings import ServerSettings
from ovms.server.values import Vehicle

HostOption = Annotated[
    str | None,
    typer.Option(
        "--host",
        metavar="HOST[:PORT]",
        help="Where modules reach this server, for what to set in them; the setting public_host, or"
        " the name in the certificate unless given.",
    ),
]
ModuleTlsOption = Annotated[
    bool | None,
    typer.Option(
        "--tls/--no-tls",
        help="Have the module call over TLS; as its certificate allows unless given.",
        show_default=False,
    ),
]
UnitsOption = Annotated[
    str, typer.Option("--units", metavar="K|M", help="What a PIC module reports in: km or miles.")
]


def find_link(
    settings: ServerSettings, vehicle: Vehicle, host: str | None, tls: bool | None, units: str
) -> tuple[ModuleLink, str]:
    """Return how the module of a vehicle calls, and why with TLS or without."""
    if units not in ("K", "M"):
        refuse(f"--units {units!r} is neither K nor M")
    chain = _chain(settings)
    must = vehicle.tls_only or not settings.plain
    is_tls = tls if tls is not None else must or _is_trusted(settings, chain)
    name, port = _place(settings, chain, host)
    link = ModuleLink(
        vehicle.id,
        vehicle.secret,
        name,
        is_tls,
        plain_port=None if must else _port(settings, "mp", None if is_tls else port),
        tls_port=_port(settings, "mp_tls", port if is_tls else None),
        units=units,
    )
    return link, _advice(settings, chain, link, must=must)


def _port(settings: ServerSettings, name: str, told: int | None) -> int:
    """Return a port as it was told, as the running server has it, as it is set, or the usual."""
    try:
        running = running_server(settings.data) or {}
    except OSError:
        running = {}
    is_plain = name == "mp"
    setting, usual = (settings.port, PLAIN_PORT) if is_plain else (settings.tls_port, TLS_PORT)
    return told or running.get(name) or setting or usual


def _chain(settings: ServerSettings) -> Chain | None:
    """Return the chain of the server's certificate; ``None`` without TLS, and if there is none."""
    if not settings.tls:
        return None
    try:
        return read_chain(_pair_file(settings))
    except BadCertificate:
        return None


def _pair_file(settings: ServerSettings) -> Path:
    return find_pair(settings.data, settings.tls_cert, settings.tls_key).certificate


def _is_trusted(settings: ServerSettings, chain: Chain | None) -> bool:
    """Return whether modules trust the certificate, or can be made to."""
    return chain is not None and (chain.is_known or _is_of_own_ca(settings))


def _is_of_own_ca(settings: ServerSettings) -> bool:
    pair = find_pair(settings.data, settings.tls_cert, settings.tls_key)
    return Authority.of(settings.data).has_signed(pair)


def _place(
    settings: ServerSettings, chain: Chain | None, host: str | None
) -> tuple[str, int | None]:
    """Return where modules reach the server; the port only if it was told."""
    text = host or settings.public_host
    if text is None:
        return _certified_name(settings, chain) or UNKNOWN_HOST, None
    found = parse_address(text, 1)
    if found is None:
        refuse(f"--host {text!r} is not HOST[:PORT]; an IPv6 address stands in brackets")
    has_port = parse_address(text, 2) == found
    return found[0], found[1] if has_port else None


def _certified_name(settings: ServerSettings, chain: Chain | None) -> str | None:
    """Return where a certificate says that the server is; ``None`` if we made it ourselves."""
    pair = find_pair(settings.data, settings.tls_cert, settings.tls_key)
    if chain is None or is_made_by_server(pair):
        return None
    return public_name(chain.names)


def _advice(settings: ServerSettings, chain: Chain | None, link: ModuleLink, *, must: bool) -> str:
    """Return why TLS is on or off, and what is to be done first."""
    wizard = f"The module's setup wizard switches TLS on: then switch it off, {ESP32_PAGE}"
    if not settings.tls:
        return f"is off, because this server opens no port for it. {wizard}"
    why = _trust(settings, chain)
    if not link.tls:
        return f"is off: {why}. {wizard}"
    if chain is not None and link.host != UNKNOWN_HOST and not chain.covers(link.host):
        why += f". But the certificate is for {', '.join(chain.names)}, not for {link.host}"
    only = ", because nobody may call without" if must else ""
    return f"is on{only}: {why}"


def _trust(settings: ServerSettings, chain: Chain | None) -> str:
    """Return whether modules trust the certificate, and what makes them."""
    if chain is not None and chain.is_known:
        return f"modules trust the server's certificate, by {chain.anchor}"
    if _is_of_own_ca(settings):
        return (
            f"first the module must be given {Authority.of(settings.data).certificate}, as"
            f" {MODULE_FILE}, and be told tls trust reload; ovms tls show has the steps"
        )
    which = "is self-made"
    if chain is not None and not chain.is_self_signed:
        which = f"ends at {chain.anchor}"
    return (
        f"the server's certificate {which}, which no module trusts; ovms tls make NAME makes one"
        " that it can, see docs/tls.md"
    )
