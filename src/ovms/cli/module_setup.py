"""What to set in a module so that it calls this server, and what a module cannot take.

The lines for an ESP32 (OVMS v3) are those of its shell, the lines for a PIC (v1, v2) are text
messages. Pure.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ovms.net.address import PLAIN_PORT, TLS_PORT

PIC_LENGTH: Final = 31
"""Characters of a parameter that a PIC keeps; it cuts off what is behind them."""

STRONG_BITS: Final = 70
"""Bits that a secret should have at least, by a rough count: whoever overhears one login without
TLS tries billions of secrets a second."""

HISTORY_DAYS: Final = 30
"""Days for which a module is told to have its trips and charges kept."""

COMMON_WORDS: Final = (
    "password", "passwort", "secret", "geheim", "ovms", "tesla", "roadster", "leaf", "twizy", "zoe",
    "qwertz", "qwerty", "asdf", "abc", "letmein", "welcome", "admin", "test", "demo",
    "1234567890", "123456789", "12345678", "1234567", "123456", "12345", "1234", "123",
)  # fmt: skip
"""What adds nothing to a secret, the longest of alike ones first."""

ESP32_ID: Final = re.compile(r"[A-Za-z0-9-]+")
"""What an ESP32's web pages take as an id."""

ESP32_PAGE: Final = "Config, Server V2 (MP)"
"""The menu and the page of an ESP32 where its server is set."""

UNKNOWN_HOST: Final = "HOST"
"""What stands for the server's address while nobody has told it."""

WIDTH: Final = 79
"""Columns of what is said beside the lines to paste."""


@dataclass(frozen=True, slots=True)
class ModuleLink:
    """How a module reaches this server, and as what."""

    vehicle_id: str
    secret: str
    host: str
    tls: bool
    plain_port: int | None = PLAIN_PORT
    """The port without TLS, ``None`` if there is none or the vehicle takes TLS only."""
    tls_port: int | None = TLS_PORT
    units: str = "K"

    @property
    def port(self) -> int | None:
        """The port to set in an ESP32, ``None`` for the one that it takes by itself."""
        port, usual = (self.tls_port, TLS_PORT) if self.tls else (self.plain_port, PLAIN_PORT)
        return None if port == usual else port


def esp32_lines(link: ModuleLink) -> list[str]:
    """Return the lines for the shell of an ESP32, in the order in which they are to be entered."""
    port = [] if link.port is None else [f"config set server.v2 port {link.port}"]
    return [
        "enable",
        f"config set vehicle id {quoted(link.vehicle_id)}",
        f"config set password server.v2 {quoted(link.secret)}",
        f"config set server.v2 server {link.host}",
        f"config set server.v2 tls {'yes' if link.tls else 'no'}",
        *port,
        "config set auto server.v2 yes",
        f"config set notify log.trip.storetime {HISTORY_DAYS}",
        f"config set notify log.grid.storetime {HISTORY_DAYS}",
        "server v2 start",
        "server v2 status",
    ]


def pic_lines(link: ModuleLink) -> list[str]:
    """Return the text messages for a PIC; none if it cannot call, because it has no TLS."""
    if link.plain_port is None:
        return []
    return [
        "REGISTER password",
        f"MODULE {link.vehicle_id} {link.units} SMSIP",
        f"SERVER {link.host} {link.secret}",
        "GPRS apn - -",
    ]


def quoted(value: str) -> str:
    """Return a value as an ESP32's shell takes it: blanks and a quote in front need quotes."""
    if " " not in value and value[:1] not in ("'", '"'):
        return value
    return f"'{value}'" if '"' in value else f'"{value}"'


def setup_text(link: ModuleLink, tls_advice: str) -> Iterator[str]:
    """Yield what to do with a module, line by line; ``tls_advice`` is why TLS is on or off."""
    yield "OVMS v3 (ESP32), in its shell (web page Tools, Shell; SSH; USB):"
    yield ""
    yield from _indented(esp32_lines(link))
    yield ""
    yield from _wrapped(
        "By USB send the first line alone, because it asks for the module's password; elsewhere it"
        " may be left out."
    )
    if link.host == UNKNOWN_HOST:
        yield from _wrapped(
            f"{UNKNOWN_HOST} is the name or address of this server as the car reaches it from the"
            " internet: --host, or the setting public_host, fills it in."
        )
    yield from _wrapped(f"TLS {tls_advice}.")
    yield ""
    yield "The same on its web pages:"
    yield ""
    yield from _indented(esp32_pages(link))
    yield ""
    lines = pic_lines(link)
    if not lines:
        yield "OVMS v1, v2 (PIC): has no TLS, so it cannot call here."
        return
    yield "OVMS v1, v2 (PIC), by SMS, one message each:"
    yield ""
    yield from _indented(lines)
    yield ""
    yield from _wrapped(
        "password is the module's own, OVMS from the factory. K is for km, M for miles. A vehicle"
        " type may follow SMSIP (TR, VA, RT, NL…), a paranoid password the secret. apn is that of"
        " the SIM card; then come its user and password, - for none."
    )
    for problem in pic_problems(link):
        yield from _wrapped(problem)


def esp32_pages(link: ModuleLink) -> list[str]:
    """Return what to enter on the web pages of an ESP32."""
    port = "empty" if link.port is None else str(link.port)
    return [
        f"{ESP32_PAGE}: Server {link.host}, Enable TLS {'on' if link.tls else 'off'}, Port {port},",
        f"  Vehicle ID {link.vehicle_id}, Server password {link.secret}",
        "Config, Autostart: Start server V2 on (else it is away after a reboot)",
        f"Config, Notifications: Trip and Grid history log, {HISTORY_DAYS} days each",
    ]


def pic_problems(link: ModuleLink) -> Iterator[str]:
    """Yield what keeps a PIC from calling with these values."""
    if link.plain_port not in (None, PLAIN_PORT):
        yield f"A PIC calls port {PLAIN_PORT} and no other; this server is at {link.plain_port}."
    for what, value in (
        ("address", link.host), ("id", link.vehicle_id), ("secret", link.secret),
    ):  # fmt: skip
        if len(value) > PIC_LENGTH:
            yield f"The {what} is longer than the {PIC_LENGTH} characters that a PIC keeps."
    if any(map(str.isspace, link.secret)):
        yield "The secret has a blank, at which a PIC splits the message: it needs another one."


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def id_warnings(vehicle_id: str) -> Iterator[str]:
    """Yield what is wrong with a vehicle id for a module."""
    if not ESP32_ID.fullmatch(vehicle_id):
        yield f"an ESP32 module takes letters, digits and - as its id, so not {vehicle_id}"
    if len(vehicle_id) > PIC_LENGTH:
        yield f"a PIC module keeps {PIC_LENGTH} characters of its id, so not all of {vehicle_id}"


def secret_warnings(secret: str, vehicle_id: str = "") -> Iterator[str]:
    """Yield what is wrong with a secret for a module, and if it is weak; none repeats it."""
    if len(secret) > PIC_LENGTH:
        yield f"a PIC module keeps {PIC_LENGTH} characters of its secret: this one is too long"
    if any(map(str.isspace, secret)):
        yield (
            "a secret with a blank cannot be set by SMS (PIC), which splits at it, and needs quotes"
            " in the shell of an ESP32"
        )
    if "'" in secret and '"' in secret:
        yield "a secret with both kinds of quotes cannot be set in the shell of an ESP32 module"
    if not secret.isascii():
        yield "a module cannot take this secret: letters that are not ASCII come to it changed"
    if strength(secret, vehicle_id) < STRONG_BITS:
        yield (
            "this secret is weak, whoever overhears one login without TLS can guess it: leave it"
            " out, and a strong one is made"
        )


def strength(secret: str, vehicle_id: str = "") -> float:
    """Return roughly how many bits a guesser must try; words and runs count as one character."""
    rest = secret
    for word in filter(None, (vehicle_id, *COMMON_WORDS)):
        rest = re.sub(re.escape(word), "a", rest, flags=re.IGNORECASE)
    rest = re.sub(r"(.+?)\1+", r"\1", rest)
    pool = sum(
        size
        for size, kind in ((26, "[a-z]"), (26, "[A-Z]"), (10, "[0-9]"), (33, "[^a-zA-Z0-9]"))
        if re.search(kind, rest)
    )
    return len(rest) * math.log2(pool) if pool else 0.0
