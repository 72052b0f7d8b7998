"""What may be a vehicle id, an owner's name, a secret; and what makes two of them the same.

Ids and names are words in messages, URLs and topics, so they hold nothing that separates words
there. Each function gives the value as it is stored, or raises :class:`InvalidValue`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from ovms.protocol.spelling import composed
from ovms.protocol.spelling import owner_key as owner_key
from ovms.protocol.spelling import vehicle_key as vehicle_key
from ovms.server.storage.errors import InvalidValue

MAX_VEHICLE_ID: Final = 32
MAX_OWNER_NAME: Final = 64
MAX_VEHICLE_NAME: Final = 64
MAX_PLACE_NAME: Final = 64
MAX_SECRET: Final = 255
"""In characters, as all of these. Modules take 32; a welcome line has room for any."""
MAX_EMAIL: Final = 254
"""The longest address that mail can carry (RFC 5321)."""
MAX_HASH: Final = 255
"""Argon2's has 97 characters, those of the field fewer."""
MAX_LOG_DAYS: Final = 36_500
"""A century: enough for those who want to keep everything."""
MAX_LABEL: Final = 255
"""What a token is for, and its rights."""
MAX_PROVISION_KEY: Final = 64
"""A VIN has 17."""
TOKEN_DIGITS: Final = 64
"""Hexadecimal digits of an API token."""

_MAIL_ADDRESS: Final = re.compile(
    r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\.]+(\.[^\s@<>,;:\"()\[\]\\.]+)*"
)
"""One word on each side of one ``@``, and nothing that means something in a list of addresses."""


def vehicle_id(text: str) -> str:
    """Check a vehicle id: 1 to 32 characters; return it in upper case."""
    return _word("vehicle id", vehicle_key(text), MAX_VEHICLE_ID, ",*/\\")


def owner_name(text: str) -> str:
    """Check an owner's name: 1 to 64 characters; return it in NFC."""
    return _word("owner name", composed(text), MAX_OWNER_NAME, ",")


def server_name(text: str) -> str:
    """Check which server serves a vehicle: ``*`` for any, or a vehicle id."""
    return text if text == "*" else _word("server", vehicle_key(text), MAX_VEHICLE_ID, ",*/\\")


def provision_key(text: str) -> str:
    """Check what a car asks for its parameters by: 1 to 64 characters; return it in upper case."""
    return _word("provisioning key", text.upper(), MAX_PROVISION_KEY, "")


def api_token(text: str) -> str:
    """Check an API token: 64 hexadecimal digits; return them in lower case."""
    token = text.lower()
    # A token is not repeated in an error.
    if len(token) != TOKEN_DIGITS or not set(token) <= set("0123456789abcdef"):
        raise InvalidValue(f"a token is {TOKEN_DIGITS} hexadecimal digits")
    return token


def token_label(text: str) -> str:
    """Check what a token's application or purpose is called: up to 255 characters."""
    return _line("token's label", text, MAX_LABEL)


def permit(text: str) -> str:
    """Check a token's rights: words with commas between, 255 characters; return each once."""
    words = dict.fromkeys(word.strip() for word in text.split(","))
    checked = ",".join(_word("right", word, MAX_LABEL, "") for word in words)
    return _line("list of rights", checked, MAX_LABEL)


def vehicle_name(text: str) -> str:
    """Check what a vehicle is called: up to 64 characters, blanks allowed, may be empty."""
    return _line("vehicle name", text, MAX_VEHICLE_NAME)


def secret(text: str) -> str:
    """Check a vehicle's secret: 1 to 255 characters."""
    if not text:
        raise InvalidValue("the secret is empty")
    # A secret is not repeated in an error.
    if len(text) > MAX_SECRET:
        raise InvalidValue(f"the secret is longer than {MAX_SECRET} characters")
    if not text.isprintable():
        raise InvalidValue("the secret holds a character that cannot be printed")
    return text


def password_hash(text: str) -> str:
    """Check the hash of a password that another server tells: up to 255 characters, or none."""
    # A hash is not repeated in an error.
    if len(text) > MAX_HASH or not (text.isascii() and text.isprintable()):
        raise InvalidValue("the password's hash is none")
    return text


def email(text: str) -> str:
    """Check an address: empty, or one that mail can be sent to."""
    if not text:
        return ""
    if not is_mail_address(_word("e-mail address", text, MAX_EMAIL, "")):
        raise InvalidValue(f"the e-mail address {text!r} is none")
    return text


def is_mail_address(text: str) -> bool:
    """Return whether text is one address, without a name beside it."""
    return _MAIL_ADDRESS.fullmatch(text) is not None


def vehicle_type(text: str) -> str:
    """Check the type of a vehicle: ``car`` or ``server``."""
    if text not in ("car", "server"):
        raise InvalidValue(f"the vehicle type {text!r} is neither car nor server")
    return text


def place_name(text: str) -> str:
    """Check what a place is called: 1 to 64 characters, blanks within; return it in NFC."""
    name = _line("name of a place", composed(text).strip(), MAX_PLACE_NAME)
    if not name:
        raise InvalidValue("the name of a place is empty")
    return name


def zone(text: str | None) -> str | None:
    """Check the name of a time zone (IANA); ``None`` is the default."""
    if text is not None and text not in _zones():
        raise InvalidValue(f"{text[:80]!r} is no time zone, such as Europe/Berlin")
    return text


def currency(text: str | None) -> str | None:
    """Check a currency (ISO 4217): three capital letters; ``None`` is the default."""
    if text is not None and re.fullmatch("[A-Z]{3}", text) is None:
        raise InvalidValue(f"{text[:80]!r} is no currency, such as EUR")
    return text


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def log_days(days: int | None) -> int | None:
    """Check how many days something is kept: 0 to 36500, or ``None`` for the default."""
    if days is not None and not 0 <= days <= MAX_LOG_DAYS:
        raise InvalidValue(f"{days} days is not between 0 and {MAX_LOG_DAYS}")
    return days


def _word(what: str, text: str, limit: int, forbidden: str) -> str:
    if not text:
        raise InvalidValue(f"the {what} is empty")
    for character in text:
        if character.isspace() or character in forbidden:
            raise InvalidValue(f"the {what} {text[:80]!r} may not hold {character!r}")
    return _line(what, text, limit)


def _line(what: str, text: str, limit: int) -> str:
    if len(text) > limit:
        raise InvalidValue(f"the {what} {text[:80]!r} is longer than {limit} characters")
    if not text.isprintable():
        raise InvalidValue(f"the {what} {text!r} holds a character that cannot be printed")
    return text
