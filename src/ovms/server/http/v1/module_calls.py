"""``/module-server`` and ``/refused-calls``: what helps to get a module to connect."""

from __future__ import annotations

import asyncio
import socket
from difflib import SequenceMatcher
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

from fastapi import Query, Request

from ovms.protocol.spelling import vehicle_key
from ovms.server.accounts.tokens import ADMIN_RIGHT, allows
from ovms.server.http.v1.callers import AccountCall, Context
from ovms.server.http.v1.models import ApiAnswer, Time, time_of
from ovms.server.http.v1.routing import make_router

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ovms.server.http.module_place import ModuleServer
    from ovms.server.refused_calls import RefusedCall

router = make_router("set-up")

ALIKE: Final = 0.7
"""How alike two ids are of which one is taken for the other mistyped, from 0 to 1."""

SHOWN_CALLS: Final = 50

ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address beyond this network; nothing is sent to it."""


class CertificateAnswer(ApiAnswer):
    """The certificate that modules get."""

    is_trusted: bool
    """Modules trust it as they are; otherwise give them `authority`, or switch TLS off in them."""
    covers_host: bool | None
    """It is for `host`; null if that is not known."""
    names: list[str]
    """Host names and addresses that it is for."""
    anchor: str
    """What the root is called that it ends at."""
    fingerprint: str
    """SHA-256 of it, hexadecimal with colons."""
    ends: Time
    authority: str | None
    """The certificate of the server's own CA, PEM, to give to modules; null without one."""


class ModuleServerAnswer(ApiAnswer):
    """Where a module reaches this server."""

    host: str | None
    """Its name or address: what the operator has set, else as this call named the server; null if
    that is of this machine alone."""
    is_certain: bool
    """The operator has set it. Otherwise it holds where the caller is, and may not elsewhere."""
    port: int | None
    """The port without TLS; null if it is closed. A PIC calls 6867 and no other."""
    tls_port: int | None
    """The port with TLS; null if it is closed."""
    certificate: CertificateAnswer | None
    """Null without TLS."""


class RefusedCallAnswer(ApiAnswer):
    """A module that called and was refused, or something else that called where modules do."""

    address: str
    """Where it called from."""
    reason: str
    """A word for programs: `refused`, `no_tls`, `unexpected_tls`, `tls_failed`, `no_protocol`,
    `no_welcome`; more may come."""
    message: str
    """What it means, for people."""
    vehicle_id: str | None
    """The id that it said; null if none. Of one that is not like the caller's only the beginning,
    with `…`."""
    time: Time
    """When it called last."""
    first: Time
    count: int


WantedId = Annotated[
    str, Query(max_length=100, description="The id that the module should have, or is to get.")
]


@router.get("/module-server")
async def get_module_server(
    request: Request, _: AccountCall, context: Context
) -> ModuleServerAnswer:
    """Return what to set in a module so that it calls this server, and whether it will trust it."""
    place = context.module_server
    host = await find_module_host(request, place)
    facts = await asyncio.to_thread(place.read_certificate)
    certificate = None
    if facts is not None:
        above = None if host is None else "*." + host.partition(".")[2]
        certificate = CertificateAnswer(
            is_trusted=facts.is_known,
            covers_host=None if host is None else host in facts.names or above in facts.names,
            names=list(facts.names),
            anchor=facts.anchor,
            fingerprint=facts.fingerprint,
            ends=time_of(facts.ends),
            authority=facts.authority,
        )
    return ModuleServerAnswer(
        host=host,
        is_certain=place.host is not None,
        port=place.port,
        tls_port=place.tls_port,
        certificate=certificate,
    )


@router.get("/refused-calls")
async def list_refused_calls(
    caller: AccountCall, context: Context, vehicle_id: WantedId = ""
) -> list[RefusedCallAnswer]:
    """Return modules that were refused within the last hour, the last one first.

    They called from the caller's own address or home network; administrators see all. A call with
    the right id of a vehicle of the caller's is told by its `connection`, too.
    """
    sees_all = caller.login.admin and allows(caller.login.permit, ADMIN_RIGHT)
    found = context.refused_calls.recent(None if sees_all else caller.address)
    latest = sorted(found, key=lambda each: each.time, reverse=True)[:SHOWN_CALLS]
    ids = [each for each in caller.vehicles if caller.is_own(each)]
    if vehicle_id:
        ids.append(vehicle_key(vehicle_id))

    def answers() -> list[RefusedCallAnswer]:
        return [
            _answer(each, _shown_id(each.vehicle_id, None if sees_all else ids)) for each in latest
        ]

    # Fifty ids beside a hundred take most of a second.
    return await asyncio.to_thread(answers)


async def find_module_host(request: Request, place: ModuleServer) -> str | None:
    """Return the name or address by which modules reach the server; ``None`` if nobody knows."""
    host = _host_of(place.host or request.headers.get("host", ""))
    if host is None or (place.host is None and _is_local(host)):
        return await asyncio.to_thread(_own_address)
    return host


def _host_of(text: str) -> str | None:
    """Return the host of HOST[:PORT]; ``None`` if it is none."""
    try:
        return urlsplit(f"//{text}").hostname
    except ValueError:
        return None


def _shown_id(said: str, ids: Iterable[str] | None) -> str | None:
    """Return as much of an id as somebody may see who may have mistyped one of ``ids``.

    Who may see everything has ``None`` there.
    """
    if not said:
        return None
    return said if ids is None or _is_like(said, ids) else f"{said[:2]}…"


def _is_like(said: str, ids: Iterable[str]) -> bool:
    matcher = SequenceMatcher(None, "", said)
    for each in ids:
        matcher.set_seq1(each)
        if matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE:  # the first is a bound
            return True
    return False


def _answer(call: RefusedCall, shown: str | None) -> RefusedCallAnswer:
    return RefusedCallAnswer(
        address=call.address,
        reason=call.trouble.value,
        message=call.trouble.sentence,
        vehicle_id=shown,
        time=time_of(call.time),
        first=time_of(call.first),
        count=call.count,
    )


def _is_local(host: str) -> bool:
    """Return whether a name or address is this machine's own alone."""
    try:
        found = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return found.is_loopback or found.is_unspecified


def _own_address() -> str | None:
    """Return the address by which this machine is known in its network; ``None`` without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            line.connect(ELSEWHERE)
            found = str(line.getsockname()[0])
        except OSError:
            return None
    return None if _is_local(found) else found
