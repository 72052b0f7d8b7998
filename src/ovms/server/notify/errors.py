"""What a channel says when it did not deliver. ``str()`` is for the operator, without keys.

::

    NotDelivered    it may go better later
    └── Gone        never again: nobody is there any more
"""

from __future__ import annotations


class NotDelivered(Exception):
    """The alert was not delivered. ``reason`` holds no key, token, address or alert."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Gone(NotDelivered):
    """The other end says that the subscription's key is not known, or not any more."""
