"""The push services of the phones' makers. Apps subscribe to them; nothing is sent yet."""

from __future__ import annotations

from ovms.server.notify.channel import WaitingChannel


class ApnsChannel(WaitingChannel):
    """Apple's. The key is the device's token."""

    push_type = "apns"
    key_hint = "a device's token"


class GcmChannel(WaitingChannel):
    """Google's. The key is the device's registration."""

    push_type = "gcm"
    key_hint = "a device's registration"
