from __future__ import annotations

from ovms.base.clock import ManualClock
from ovms.server.notify.errors import NotDelivered
from ovms.server.notify.operator import LASTS, MAIL_REFILL, MAILS, OVER, OperatorMail
from tests.server.notify.fakes import FakeChannel, clock

DISK = {"disk": "The disk is nearly full."}


class Watch:
    """The operator's mail, and a clock that the test moves."""

    def __init__(self) -> None:
        self.clock: ManualClock = clock()
        self.channel = FakeChannel()
        self.mail = OperatorMail(self.channel, "ops@example.org", "host", self.clock)

    async def goes_on(self, troubles: dict[str, str], seconds: float) -> list[str]:
        """Look each minute for so long; return what was sent meanwhile."""
        before = len(self.channel.sent)
        for _ in range(int(seconds / 60) + 1):
            await self.mail.note(troubles)
            self.clock.advance(60)
        return self.channel.bodies[before:]


async def test_once_when_it_begins_and_once_when_it_ends() -> None:
    """A trouble is told once however long it lasts, and its end once."""
    watch = Watch()
    assert await watch.goes_on(DISK, 0) == []
    assert await watch.goes_on(DISK, 7 * 86400) == ["The disk is nearly full."]
    assert await watch.goes_on({}, OVER - 120) == []
    (over,) = await watch.goes_on({}, 86400)
    assert over == "This is over: The disk is nearly full.\nIt began 2023-11-14T22:13:20Z."
    address, notice = watch.channel.sent[0]
    assert (address, notice.title) == ("ops@example.org", "OVMS server host")
    assert notice.id != watch.channel.sent[1][1].id


async def test_what_flaps_is_one_trouble() -> None:
    """What comes back soon is the same trouble; what is short is none."""
    watch = Watch()
    assert await watch.goes_on(DISK, 0) + await watch.goes_on({}, 3600) == []
    assert len(await watch.goes_on(DISK, LASTS)) == 1
    for _ in range(50):
        assert await watch.goes_on({}, OVER - 180) + await watch.goes_on(DISK, 60) == []
    assert len(await watch.goes_on({}, 3600)) == 1
    assert len(await watch.goes_on(DISK, LASTS)) == 1


async def test_a_mail_server_that_is_away() -> None:
    """What cannot be told is tried again while it is true, and then forgotten."""
    watch = Watch()
    watch.channel.error = NotDelivered("away")
    assert await watch.goes_on(DISK | {"short": "x"}, LASTS) == []
    assert await watch.goes_on(DISK, 86400) == []
    watch.channel.error = None
    assert await watch.goes_on(DISK, 0) == ["The disk is nearly full."]
    assert len(await watch.goes_on({}, 2 * OVER)) == 1


async def test_mails_are_bounded() -> None:
    """Whatever happens, there are so many mails at once; the others follow while they are true."""
    watch = Watch()
    many = {f"peer-{number}": f"{number} is lost." for number in range(MAILS + 2)}
    assert len(await watch.goes_on(many, LASTS)) == MAILS
    assert len(await watch.goes_on(many, 2 * MAIL_REFILL)) == 2
