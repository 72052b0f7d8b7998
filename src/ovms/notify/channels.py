"""The channels that the settings give, by type of subscription."""

from __future__ import annotations

from collections.abc import Mapping

from ovms.notify.apprise import AppriseChannel
from ovms.notify.expo import ExpoChannel
from ovms.notify.interfaces import Channel, ChannelSettings
from ovms.notify.keys import active_types
from ovms.notify.mail import MailChannel


def open_channels(settings: ChannelSettings) -> Mapping[str, Channel]:
    """Make the channels; nothing is connected yet."""
    channels: dict[str, Channel] = {
        "mail": MailChannel(settings),
        "expo": ExpoChannel(settings.expo_url),
        "apprise": AppriseChannel(),
    }
    return {push_type: channels[push_type] for push_type in active_types(settings)}
