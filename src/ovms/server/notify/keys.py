"""Keys and ids of subscriptions: what all channels ask of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ovms.server.storage.owner_mail import OWNER
from ovms.server.storage.push_names import PREFIX

if TYPE_CHECKING:
    from ovms.server.notify.channel import Channel

KEY_LIMIT: Final = 1024
"""Characters of a key; the longest token of a phone has some 250."""

APP_ID_LIMIT: Final = 128
"""Characters of an app's id, most often a UUID of 36."""

NAME_LIMIT: Final = 32
"""Characters of a vehicle's id."""


def app_id_problem(app_id: str) -> str | None:
    """Return what is wrong with the id of an app, ``None`` if nothing is."""
    if not app_id or len(app_id) > APP_ID_LIMIT:
        return f"the app's id has not 1 to {APP_ID_LIMIT} characters"
    if app_id == OWNER:
        return f"the app's id {OWNER} is kept for mail to the owner"
    if app_id.startswith(PREFIX):
        return f"the app's id begins with {PREFIX}, which is kept for devices"
    return None if app_id.isprintable() else "the app's id cannot be printed"


def key_problem(channel: type[Channel], key: str) -> str | None:
    """Return what is wrong with a channel's key, without repeating it; ``None`` if nothing is."""
    if not key or len(key) > KEY_LIMIT:
        return f"the key has not 1 to {KEY_LIMIT} characters"
    if not key.isprintable():
        return "the key holds a character that cannot be printed"
    return channel.key_problem(key)


def masked(channel: type[Channel] | None, key: str) -> str:
    """Return a key as it may be shown, by its channel if there is one that can say it."""
    try:
        return "***" if channel is None else channel.mask(key)
    except Exception:  # of another package's channel
        return "***"
