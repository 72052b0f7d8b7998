"""``ovms tls``: a certificate of one's own that modules and phones can be made to trust."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from ovms.base.paths import make_private_dir
from ovms.cli.common import JsonOption, fail, iso_time, print_json, refuse
from ovms.cli.database import ConfigOption, DataOption, find_settings
from ovms.cli.module_setup import UNKNOWN_HOST
from ovms.net.address import TLS_PORT
from ovms.server.authority import LOCAL_NAMES, Authority, BadName, checked_name, public_name
from ovms.server.certificate import BadCertificate, Pair, find_pair, is_made_by_server
from ovms.server.chain import MODULE_ROOTS, OLD_BUFFER, Chain, read_chain
from ovms.server.settings import ServerSettings

app = typer.Typer(
    help="A certificate of one's own, and what to do with it on modules and phones.",
    no_args_is_help=True,
)

MODULE_FILE: Final = "/store/trustedca/ovms.pem"
"""Where a module's own trusted certificates are; the name in the folder does not matter."""

NamesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME", help="Host names and addresses by which modules and apps call the server."
    ),
]


@app.command()
def make(
    names: NamesArgument,
    json: JsonOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a CA of your own, and a certificate of it for the server.

    A running server takes it within seconds, and nothing needs to be set. Modules and phones are
    given the CA's certificate once. Nothing is overwritten but a certificate that the server made
    for itself.
    """
    settings = _own_settings(data, config)
    authority, pair = Authority.of(settings.data), find_pair(settings.data, None, None)
    wanted = _checked(names)
    if authority.is_there:
        fail(f"there is a CA already, {authority.certificate}: ovms tls renew makes a new"
             " certificate of it")  # fmt: skip
    if pair.is_there and not is_made_by_server(pair):
        fail(f"there is a certificate already, {pair.certificate}: move it and its key away first")
    now = time.time()
    try:
        make_private_dir(settings.data)
        authority.make(wanted[0], now)
        authority.sign(pair, wanted, now)
    except (OSError, BadCertificate) as error:
        _cannot(error)
    _tell(settings, authority, pair, json)


@app.command()
def renew(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Other names; those of the old one unless given."),
    ] = None,
    json: JsonOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a new certificate of the CA that there is; modules and phones need nothing new."""
    settings = _own_settings(data, config)
    authority, pair = _own_ca(settings)
    is_ours = authority.has_signed(pair) or is_made_by_server(pair)
    if pair.certificate.exists() and not is_ours:
        fail(f"{pair.certificate} is not of the CA {authority.certificate}: move it and its key"
             " away first")  # fmt: skip
    try:
        wanted = _checked(names) if names else _names_of(pair)
        authority.sign(pair, wanted, time.time())
    except (OSError, BadCertificate) as error:
        _cannot(error)
    _tell(settings, authority, pair, json)


@app.command()
def show(
    json: JsonOption = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Show the certificate of your own CA, and what to do with the CA's on modules and phones."""
    settings = _own_settings(data, config)
    authority, pair = _own_ca(settings)
    _tell(settings, authority, pair, json)


def certificate_lines(pair: Pair, authority: Authority, now: float) -> Iterator[str]:
    """Yield what there is to know of a certificate. Raises :class:`BadCertificate`."""
    chain = read_chain(pair.certificate)
    yield f"certificate {pair.certificate}"
    yield f"  names   {', '.join(chain.names) or 'none'}"
    yield f"  chain   {' < '.join([*chain.subjects, *_anchor(chain)])}"
    yield f"  anchor  {chain.anchor}: {trust_of(chain, pair, authority)}"
    note = f"; firmware of before takes {OLD_BUFFER}" if chain.size > OLD_BUFFER else ""
    yield f"  size    {chain.size} bytes{note}"
    yield f"  ends    {chain.ends:%Y-%m-%d}, {chain.days_left(now)} days left"


def trust_of(chain: Chain, pair: Pair, authority: Authority) -> str:
    """Return who trusts a chain, and what to do if modules do not."""
    if chain.is_known:
        return "modules (ESP32) trust it as they come"
    if authority.has_signed(pair):
        return f"your own CA; modules need {authority.certificate} as {MODULE_FILE}"
    if chain.is_self_signed:
        return "self-signed, no module trusts it; ovms tls make NAME makes one that they can"
    if chain.is_lets_encrypt:
        return ("modules do not trust it; certbot's --preferred-chain 'ISRG Root X1' gives a chain"
                " that they trust")  # fmt: skip
    return "modules do not trust it as they come; is what stands between missing (fullchain.pem)?"


def roots_line() -> str:
    """Return which roots modules bring."""
    return f"modules (ESP32) bring the roots {', '.join(MODULE_ROOTS)}"


def _anchor(chain: Chain) -> list[str]:
    return [] if chain.is_self_signed or chain.anchor == chain.subjects[-1] else [chain.anchor]


def _own_settings(data: Path | None, config: Path | None) -> ServerSettings:
    """Return the settings; ends the command if they name a certificate that is elsewhere."""
    settings = find_settings(data, None, config)
    if settings.tls_cert is not None:
        fail(f"the settings name a certificate, tls_cert = {settings.tls_cert}: remove tls_cert and"
             " tls_key first")  # fmt: skip
    return settings


def _own_ca(settings: ServerSettings) -> tuple[Authority, Pair]:
    """Return the CA of the data folder and the server's own certificate; no CA ends the command."""
    authority = Authority.of(settings.data)
    if not authority.certificate.exists():
        fail(f"there is no CA in {authority.certificate.parent}: ovms tls make NAME makes one")
    return authority, find_pair(settings.data, None, None)


def _checked(names: list[str]) -> list[str]:
    try:
        return list(dict.fromkeys(map(checked_name, names)))
    except BadName as error:
        refuse(str(error))


def _names_of(pair: Pair) -> list[str]:
    names = [name for name in read_chain(pair.certificate).names if name not in LOCAL_NAMES]
    return names or fail(f"{pair.certificate} has no names: give them")


def _cannot(error: OSError | BadCertificate) -> NoReturn:
    if isinstance(error, BadCertificate):
        fail(str(error))
    fail(f"{error.filename or 'the certificate'}: {error.strerror or error}")


def _tell(settings: ServerSettings, authority: Authority, pair: Pair, json: bool) -> None:
    try:
        chain, ca = read_chain(pair.certificate), read_chain(authority.certificate)
    except BadCertificate as error:
        fail(str(error))
    if json:
        print_json({
            "names": chain.names, "ends": iso_time(chain.ends.timestamp()),
            "certificate": str(pair.certificate), "key": str(pair.key),
            "ca": str(authority.certificate), "ca_key": str(authority.key),
            "ca_ends": iso_time(ca.ends.timestamp()),
        })  # fmt: skip
        return
    for line in _instructions(settings, authority, pair, chain, ca):
        print(line)


def _instructions(
    settings: ServerSettings, authority: Authority, pair: Pair, chain: Chain, ca: Chain
) -> Iterator[str]:
    host = public_name(chain.names) or UNKNOWN_HOST
    yield f"certificate {pair.certificate}, until {chain.ends:%Y-%m-%d}"
    yield f"for         {', '.join(chain.names)}"
    yield f"key         {pair.key}"
    yield f"CA          {authority.certificate}, until {ca.ends:%Y-%m-%d}: for modules and phones"
    yield f"CA's key    {authority.key}: keep it here; who has it can pretend to be your server"
    yield ""
    yield f"A running server takes it within seconds, on port {settings.tls_port}."
    if not settings.tls:
        yield "TLS is off in the settings: set tls = true."
    yield ""
    yield "On a module (ESP32), web page Tools, Editor: save these lines as"
    yield f"{MODULE_FILE}"
    yield ""
    yield from authority.certificate.read_text().splitlines()
    yield ""
    yield "and in Tools, Shell:"
    yield ""
    yield "  tls trust reload"
    yield f"  config set server.v2 server {host}"
    yield "  config set server.v2 tls yes"
    if settings.tls_port not in (0, TLS_PORT):
        yield f"  config set server.v2 port {settings.tls_port}"
    yield "  server v2 start"
    yield ""
    yield f"On a phone: send {authority.certificate.name} to it and open it there. Android:"
    yield "Settings, Security, Encryption & credentials, Install a certificate, CA certificate;"
    yield "an app may take public roots only all the same. iOS: install the profile, then switch"
    yield "it on in Settings, General, About, Certificate Trust Settings."
    yield f"Our own programs: --tls --ca {authority.certificate}"
