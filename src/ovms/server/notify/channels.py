"""The channels that the settings give, by type of subscription."""

from __future__ import annotations

from collections.abc import Mapping

from ovms.server.notify.apprise import AppriseChannel
from ovms.server.notify.expo import ExpoChannel
from ovms.server.notify.interfaces import Channel, ChannelSettings
from ovms.server.notify.keys import active_types
from ovms.server.notify.mail import MailChannel


def open_channels(settings: ChannelSettings) -> Mapping[str, Channel]:
    """Make the channels; nothing is connected yet."""
    channels: dict[str, Channel] = {
        "mail": MailChannel(settings),
        "expo": ExpoChannel(settings.expo_url),
        "apprise": AppriseChannel(),
    }
    return {push_type: channels[push_type] for push_type in active_types(settings)}
