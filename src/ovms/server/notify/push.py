"""The start of Web Push: the server's key for push services, made by the first start."""

from __future__ import annotations

from functools import partial
from socket import gethostname
from typing import TYPE_CHECKING

from ovms.server.notify.channels.webpush import WebPushChannel
from ovms.server.notify.vapid import VapidKey, make_vapid_key
from ovms.server.storage.push_key import take_push_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ovms.server.notify.channel import Channel
    from ovms.server.storage.database import Database


async def prepare_push(
    channels: Mapping[str, Channel], database: Database, operator_mail: str | None
) -> None:
    """Set the channel's key to the server's; one is made and stored if there is none."""
    if push_channel(channels) is not None:
        text = await database.write(partial(take_push_key, make=make_vapid_key))
        set_push_key(channels, text, operator_mail)


def set_push_key(channels: Mapping[str, Channel], text: str, operator_mail: str | None) -> None:
    """Set the channel's key; push services hear of ``operator_mail`` unless it has a contact."""
    channel = push_channel(channels)
    if channel is not None:
        channel.vapid = VapidKey(text, channel.contact or contact_of(operator_mail))


def push_channel(channels: Mapping[str, Channel]) -> WebPushChannel | None:
    """Return the channel of Web Push among those that can send."""
    channel = channels.get(WebPushChannel.push_type)
    return channel if isinstance(channel, WebPushChannel) else None


def push_key(channels: Mapping[str, Channel]) -> str | None:
    """Return the server's public key for push services; ``None`` if it does not push."""
    channel = push_channel(channels)
    return None if channel is None or channel.vapid is None else channel.vapid.public


def contact_of(operator_mail: str | None) -> str:
    """Return whom an operator of a push service may ask; nobody, where no address is set."""
    # Its name must be of two parts: push services refuse others.
    return f"mailto:{operator_mail or f'ovms@{gethostname()}.invalid'}"
