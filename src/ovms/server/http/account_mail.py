"""Mails about accounts, by the channel that mails alerts.

What a mail needs is done after its call was answered, one job at a time: so nobody learns by an
answer, or by how long it takes, which accounts exist. Whoever can have mails sent is bounded by
network, by receiver, and all together. A mail that the mail server does not take is sent again a
few times, while its code holds; what waits for that is lost when the server stops.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from ovms.base.buckets import Buckets
from ovms.base.logs import get_logger
from ovms.server.accounts.buckets import network_of
from ovms.server.http.errors import CallFailed
from ovms.server.notify.channel import Notice
from ovms.server.notify.errors import Gone, NotDelivered
from ovms.server.storage.mail_codes import MailPurpose, make_code

if TYPE_CHECKING:
    from ovms.base.clock import Clock
    from ovms.server.notify.channel import Channel

MailJob = Callable[[], Awaitable[object]]

MAIL_JOBS_LIMIT: Final = 100
"""Jobs that wait for the mail server; one more is told to come again."""

SEND_TIMEOUT: Final = 30.0
"""Seconds for the mail server to take a mail."""

JOB_TIMEOUT: Final = 60.0
"""Seconds for one job, which is mostly the mail server's time."""

FULL_WAIT: Final = 60.0
"""Seconds after which a call may be repeated that came while so many jobs waited."""

NETWORK_MAILS: Final = 10
NETWORK_REFILL: Final = 360.0
"""Calls of a network that may send a mail, at once, and seconds until there is one more."""

RECEIVER_MAILS: Final = 5
RECEIVER_REFILL: Final = 3600.0
"""Mails to one receiver at once, and seconds until there is one more."""

ALL_MAILS: Final = 200
ALL_REFILL: Final = 30.0
"""Mails in all at once, and seconds until there is one more: 2880 a day."""

REGISTRATION_MAILS: Final = 100
REGISTRATION_REFILL: Final = 60.0
"""Of those, mails to strangers who want an account: their flood leaves the others to owners."""

RETRIES: Final = (60.0, 300.0, 900.0)
"""Seconds until a mail that was not sent is tried again, each time: within the hour that the
shortest-lived code holds."""

CONFIRM_TRIES: Final = 20
CONFIRM_REFILL: Final = 10.0
"""Codes that a network may try at once, and seconds until it may try one more."""

NETWORKS_COUNTED_LIMIT: Final = 20_000
"""Networks, and receivers, that are counted; those with the most left are forgotten."""

log = get_logger("ovms.http")


class AccountMailer:
    """Mails codes and news of accounts. Belongs to one event loop.

    ``channel`` is ``None`` where no mail server is set.
    """

    def __init__(
        self,
        channel: Channel | None,
        public_url: str | None,
        clock: Clock,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._channel = channel
        self._public_url = public_url
        self._clock = clock
        self._random = random
        self._jobs: deque[MailJob] = deque()
        self._task: asyncio.Task[None] | None = None
        self._networks: Buckets[str] = Buckets(
            NETWORK_MAILS, NETWORK_REFILL, NETWORKS_COUNTED_LIMIT
        )
        self._tries: Buckets[str] = Buckets(CONFIRM_TRIES, CONFIRM_REFILL, NETWORKS_COUNTED_LIMIT)
        self._receivers: Buckets[str] = Buckets(
            RECEIVER_MAILS, RECEIVER_REFILL, NETWORKS_COUNTED_LIMIT
        )
        self._all: Buckets[str] = Buckets(ALL_MAILS, ALL_REFILL, 1)
        self._registrations: Buckets[str] = Buckets(REGISTRATION_MAILS, REGISTRATION_REFILL, 1)
        self._retries: set[asyncio.TimerHandle] = set()

    @property
    def is_on(self) -> bool:
        """Whether a mail server is set."""
        return self._channel is not None

    def new_code(self) -> str:
        """Return a new code."""
        return make_code(self._random)

    def check_try(self, address: str) -> None:
        """Count that somebody at an address tries a code. Raises :class:`CallFailed` (429)."""
        wait = self._tries.take(network_of(address), self._clock.monotonic())
        if wait:
            raise CallFailed(429, "Too many tries", wait=wait)

    def ask(self, address: str, job: MailJob) -> None:
        """Have a job done soon that somebody at an address asks for.

        Raises :class:`CallFailed` (429) if they ask too often, or too many jobs wait.
        """
        wait = self._networks.take(network_of(address), self._clock.monotonic())
        if wait:
            raise CallFailed(429, "Too many mails were asked for from there", wait=wait)
        if not self.put(job):
            raise CallFailed(429, "Too many mails wait", wait=FULL_WAIT)

    def ask_registration(self, address: str, job: MailJob) -> None:
        """Do the same for a stranger who wants an account; all of them together are bounded."""
        wait = self._registrations.wait("", self._clock.monotonic())
        if wait:
            raise CallFailed(429, "Too many accounts were asked for", wait=wait)
        self.ask(address, job)
        self._registrations.take("", self._clock.monotonic())

    def put(self, job: MailJob) -> bool:
        """Have a job done soon; return false if too many wait, and it is not."""
        if len(self._jobs) >= MAIL_JOBS_LIMIT:
            log.warning("an account's mail was not sent: too many wait")
            return False
        self._jobs.append(job)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="account mail")
        return True

    def has_room(self, to: str) -> bool:
        """Return whether a mail to a receiver would be sent now.

        Ask before a new code is stored: it may make an older one void that has arrived.
        """
        now = self._clock.monotonic()
        return not (self._receivers.wait(to.casefold(), now) or self._all.wait("", now))

    async def send(self, to: str, subject: str, *paragraphs: str) -> bool:
        """Send a mail unless its receiver, or all, got too many; return whether it was sent.

        One that the mail server does not take is sent later.
        """
        now, receiver = self._clock.monotonic(), to.casefold()
        if self._channel is None or self._receivers.wait(receiver, now):
            return False
        if self._all.take("", now):
            log.warning("an account's mail was not sent: too many were")
            return False
        self._receivers.take(receiver, now)
        name = f"ovms-account-{self._random(8).hex()}"
        body = "\n\n".join((subject, *paragraphs))
        notice = Notice(name, "OVMS", "OVMS", body, self._clock.time())
        return await self._try(self._channel, to, notice, RETRIES)

    async def _try(
        self, channel: Channel, to: str, notice: Notice, waits: tuple[float, ...]
    ) -> bool:
        """Send a mail; if that fails, have it sent again after the first of ``waits``."""
        try:
            await _send(channel, to, notice)
        except NotDelivered as error:
            is_over = isinstance(error, Gone) or not waits or len(self._retries) >= MAIL_JOBS_LIMIT
            if is_over:
                self._receivers.give_back(to.casefold(), self._clock.monotonic())
                log.warning("an account's mail was not sent", reason=error.reason)
            else:
                again = partial(self._try, channel, to, notice, waits[1:])
                self._put_later(waits[0], again)
                log.warning("an account's mail is sent later", reason=error.reason,
                            wait=round(waits[0]))  # fmt: skip
            return False
        log.info("an account's mail was sent")
        return True

    def _put_later(self, wait: float, job: MailJob) -> None:
        def put() -> None:
            self._retries.discard(timer)
            self.put(job)

        timer = asyncio.get_running_loop().call_later(wait, put)
        self._retries.add(timer)

    def how_to(self, purpose: MailPurpose, code: str, time: str) -> str:
        """Return what to do with a code, in words. ``time`` says for how long it holds.

        It stands behind the ``#`` of a link, which browsers send to no server.
        """
        if self._public_url is None:
            return f"Enter this code within {time}:\n\n{code}"
        link = f"{self._public_url}/{purpose.value}#code={code}"
        return f"Open this page within {time}:\n\n{link}\n\nOr enter this code: {code}"

    async def idle(self) -> None:
        """Wait until no job is left."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """End what is under way, and forget what waits. Calling it again does nothing."""
        self._jobs.clear()
        while self._retries:
            self._retries.pop().cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while self._jobs:
            try:
                async with asyncio.timeout(JOB_TIMEOUT):
                    await self._jobs.popleft()()
            except Exception as error:
                log.warning("an account's mail was not prepared", reason=type(error).__name__)


async def _send(channel: Channel, to: str, notice: Notice) -> None:
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            await channel.send(to, notice)
    except TimeoutError:
        raise NotDelivered("the mail server takes too long") from None
