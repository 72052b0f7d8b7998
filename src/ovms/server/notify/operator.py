"""Mail to the operator: a trouble of the server is told once when it begins, and once when it ends.

It goes straight to the mail server, not through the outbox: a full disk takes no alert. What
cannot be delivered is tried again as long as it is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ovms.base.buckets import Buckets
from ovms.base.clock import Clock, iso_time
from ovms.base.logs import get_logger
from ovms.server.notify.channel import Channel, Notice
from ovms.server.notify.errors import NotDelivered

LASTS: Final = 60.0
"""Seconds that a trouble must last until it is told."""

OVER: Final = 600.0
"""Seconds without it after which it is over. One that comes back sooner is the same."""

MAILS: Final = 10
"""Mails at once, whatever happens to a server."""

MAIL_REFILL: Final = 3600.0
"""Seconds until there may be one more."""

log = get_logger("ovms.server.notify")


@dataclass(slots=True)
class KnownTrouble:
    """A trouble; ``began`` in Unix seconds, the others by the clock that never goes back."""

    text: str
    began: float
    first: float
    last: float
    is_told: bool = False


class OperatorMail:
    """Tells one address of troubles. ``place`` names the server, in the subject of the mails."""

    def __init__(self, channel: Channel, address: str, place: str, clock: Clock) -> None:
        self._channel = channel
        self._address = address
        self._place = place
        self._clock = clock
        self._known: dict[str, KnownTrouble] = {}
        self._mails: Buckets[str] = Buckets(MAILS, MAIL_REFILL, 1)
        self._is_failing = False

    async def note(self, troubles: Mapping[str, str]) -> None:
        """Take note of all troubles that there are now: what names each, and what to say of it.

        Call it about once a minute.
        """
        now = self._clock.monotonic()
        for name, text in troubles.items():
            known = self._known.setdefault(name, KnownTrouble(text, self._clock.time(), now, now))
            known.text, known.last = text, now
        for name, known in list(self._known.items()):
            if now - known.last >= OVER:
                await self._end(name, known)
            elif name in troubles and not known.is_told and now - known.first >= LASTS:
                known.is_told = await self._send(f"{name}-begin", known, known.text)

    async def _end(self, name: str, known: KnownTrouble) -> None:
        """Forget a trouble that is over; tell so if it was told."""
        text = f"This is over: {known.text}\nIt began {iso_time(known.began)}."
        if not known.is_told or await self._send(f"{name}-end", known, text):
            del self._known[name]

    async def _send(self, name: str, known: KnownTrouble, text: str) -> bool:
        """Send a mail; return whether it arrived, or never can."""
        now = self._clock.monotonic()
        if self._mails.take("", now):
            return False
        number = f"ovms-operator-{sha256(name.encode()).hexdigest()[:16]}-{int(known.began)}"
        notice = Notice(number, self._place, f"OVMS server {self._place}", text, self._clock.time())
        try:
            await self._channel.send(self._address, notice)
        except NotDelivered as error:
            self._mails.give_back("", now)
            if not self._is_failing:
                log.warning("the operator cannot be told by mail", reason=error.reason)
            self._is_failing = True
            return False
        self._is_failing = False
        log.info("the operator was told by mail", trouble=name)
        return True
