"""Why a channel did not deliver. ``str()`` is for the operator and contains no keys.

::

    NotDelivered    it is tried again
    └── Gone        the subscription is removed
"""

from __future__ import annotations


class NotDelivered(Exception):
    """The alert was not delivered. ``reason`` contains no key, token, address or alert."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Gone(NotDelivered):
    """The service does not know the subscription's key, or not any more."""
