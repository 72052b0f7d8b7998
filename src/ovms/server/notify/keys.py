"""The types of subscriptions: which have a channel, what keys they take, how keys are shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ovms.server.notify.interfaces import ChannelSettings

APP_TYPES: Final = ("apns", "gcm", "expo", "mail")
"""What an app may subscribe. Not ``apprise``: its keys make the server call any address."""

TYPES: Final = (*APP_TYPES, "apprise")

KEY_LIMIT: Final = 1024
"""Characters of a key; the longest token of a phone has some 250."""

APP_ID_LIMIT: Final = 128
"""Characters of an app's id, most often a UUID of 36."""

NAME_LIMIT: Final = 32
"""Characters of a vehicle's id."""

_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,253}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=://.)")


def active_types(settings: ChannelSettings) -> tuple[str, ...]:
    """Return the types that can be delivered; the others are kept, and wait for a channel."""
    return (*(("mail",) if settings.mail_host else ()), "expo", "apprise")


def app_id_problem(app_id: str) -> str | None:
    """Return what is wrong with the id of an app, ``None`` if nothing."""
    if not app_id or len(app_id) > APP_ID_LIMIT:
        return f"the app's id has not 1 to {APP_ID_LIMIT} characters"
    return None if app_id.isprintable() else "the app's id cannot be printed"


def key_problem(push_type: str, key: str) -> str | None:
    """Return what is wrong with a key, without repeating it; ``None`` if nothing."""
    if not key or len(key) > KEY_LIMIT:
        return f"the key has not 1 to {KEY_LIMIT} characters"
    if not key.isprintable():
        return "the key holds a character that cannot be printed"
    if push_type == "mail" and not _ADDRESS.fullmatch(key):
        return "the key is no mail address"
    if push_type == "apprise" and not _SCHEME.match(key):
        return "the key is no Apprise address, such as ntfy://host/topic"
    return None


def masked(push_type: str, key: str) -> str:
    """Return a key as it may be shown: addresses of Apprise hold passwords, tokens are ones."""
    if push_type == "mail":
        return key
    if push_type == "apprise":
        scheme = _SCHEME.match(key)
        return f"{scheme[0] if scheme else ''}://***"
    return f"…{key[-4:]}" if len(key) >= 16 else "***"
