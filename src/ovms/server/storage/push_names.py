"""What subscriptions of devices are called."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "webpush:"
"""How the apps' ids begin; apps may take no such id."""


def app_of(number: int) -> str:
    """Return the app's id of a device."""
    return f"{PREFIX}{number}"


def device_of(app_id: str) -> int | None:
    """Return the number of the device behind an app's id; ``None`` if it is an app's."""
    number = app_id.removeprefix(PREFIX)
    is_device = app_id.startswith(PREFIX) and number.isascii() and number.isdecimal()
    return int(number) if is_device else None
