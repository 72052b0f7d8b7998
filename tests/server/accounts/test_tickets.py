from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from ovms.base.clock import ManualClock
from ovms.server.accounts import tickets as module
from ovms.server.accounts.errors import LoginRefused
from ovms.server.accounts.login import Accounts, Credential, Login
from ovms.server.accounts.throttle import BURST
from ovms.server.accounts.tickets import TICKET_LENGTH, TICKET_LIFE, Tickets, is_ticket
from ovms.server.storage.database import Database

BOB = Login(1, "Bob", ("CAR1", "CAR2"), Credential("", session_id=7))
ALICE = Login(2, "Alice", (), Credential("", session_id=8))


@pytest.fixture
def tickets(clock: ManualClock) -> Tickets:
    """Make tickets by a clock; none is like another."""
    numbers = count()
    return Tickets(clock, lambda size: next(numbers).to_bytes(size))


def test_a_ticket_holds_once(tickets: Tickets) -> None:
    """It logs its owner in, in any case of the name, and never again."""
    ticket = tickets.make(BOB)
    assert is_ticket(ticket)
    assert " " not in ticket
    assert tickets.take("bob", ticket) is BOB
    assert tickets.take("bob", ticket) is None


def test_a_ticket_holds_for_a_minute(tickets: Tickets, clock: ManualClock) -> None:
    """Later it is void, and no login is held for it."""
    tickets.make(BOB)
    clock.advance(TICKET_LIFE - 1)
    late = tickets.make(BOB)
    assert len(tickets) == 2
    clock.advance(1)
    assert tickets.logins() == [BOB]
    clock.advance(TICKET_LIFE - 1)
    assert tickets.take("Bob", late) is None


@pytest.mark.parametrize("user", ["Alice", "", "Bob2"])
def test_a_ticket_is_its_owners(tickets: Tickets, user: str) -> None:
    """Under another name it logs nobody in, and is void from then on."""
    ticket = tickets.make(BOB)
    assert tickets.take(user, ticket) is None
    assert tickets.take("Bob", ticket) is None


def test_what_is_no_ticket(tickets: Tickets) -> None:
    """Other texts of the same shape log nobody in."""
    tickets.make(BOB)
    for text in ("ticket-" + "A" * 42 + "é", "ticket-" + "\ud800" * 43, "ticket-" + "B" * 43):
        assert len(text) == TICKET_LENGTH
        assert tickets.take("Bob", text) is None
    assert not is_ticket("ticket-")
    assert not is_ticket("A" * TICKET_LENGTH)


def test_tickets_are_bounded(tickets: Tickets, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many the oldest is void: the owner's own, and of all owners the oldest of all."""
    monkeypatch.setattr(module, "TICKETS_AN_OWNER", 2)
    monkeypatch.setattr(module, "TICKETS_LIMIT", 3)
    of_alice = tickets.make(ALICE)
    first, second, third = (tickets.make(BOB) for _ in range(3))
    assert len(tickets) == 3
    assert tickets.take("Bob", first) is None
    tickets.make(replace(ALICE, owner_id=3))
    assert len(tickets) == 3
    assert tickets.take("Alice", of_alice) is None
    assert tickets.take("Bob", second) is BOB
    assert tickets.take("Bob", third) is BOB


def test_a_ticket_follows_its_session(tickets: Tickets) -> None:
    """What becomes of the login becomes of the ticket; with the session it is void."""
    of_bob, of_alice = tickets.make(BOB), tickets.make(ALICE)
    changed = replace(BOB, vehicles=("CAR1",))
    tickets.update({BOB: changed, ALICE: None})
    assert tickets.take("Alice", of_alice) is None
    assert tickets.take("Bob", of_bob) is changed


async def test_an_app_logs_in_by_a_ticket(database: Database, clock: ManualClock) -> None:
    """A ticket is for apps alone; a wrong one is no try at the owner's password."""
    accounts = Accounts(database, clock)
    ticket = accounts.tickets.make(BOB)
    with pytest.raises(LoginRefused):
        await accounts.log_in("Bob", ticket, "", "home")
    for _ in range(BURST + 20):
        with pytest.raises(LoginRefused):
            await accounts.log_in("Bob", "ticket-" + "A" * 43, "v2", "home")
    assert await accounts.log_in("bob", ticket, "v2", "home") is BOB
    with pytest.raises(LoginRefused):
        await accounts.log_in("Bob", ticket, "v2", "home")
    assert (await accounts.log_in("Bob", "right", "v2", "home")).owner == "Bob"
    assert accounts.counts.done["0x31", "accepted"] == 2
    await accounts.close()


async def test_a_ticket_ends_with_its_session(database: Database, clock: ManualClock) -> None:
    """Sessions that end take their tickets along."""
    accounts = Accounts(database, clock)
    ticket = accounts.tickets.make(BOB)
    accounts.end_sessions([7])
    with pytest.raises(LoginRefused):
        await accounts.log_in("Bob", ticket, "v2", "home")
    await accounts.close()
