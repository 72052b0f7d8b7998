"""``/session/ticket``: what a page logs in by when it opens a WebSocket."""

from __future__ import annotations

from ovms.server.accounts.tickets import TICKET_LIFE
from ovms.server.http.v1.callers import Context, SessionCall
from ovms.server.http.v1.models import ApiAnswer, Time, time_of
from ovms.server.http.v1.routing import make_router

router = make_router("session")


class TicketAnswer(ApiAnswer):
    """A ticket, which opens one WebSocket."""

    owner: str
    """The user name that it goes with."""
    ticket: str
    """What stands for the password in the welcome of scheme 0x31."""
    expires: Time
    """Until when it must be used."""


@router.post("/session/ticket")
async def make_ticket(call: SessionCall, context: Context) -> TicketAnswer:
    """Make a ticket, by which a page of this session opens one WebSocket (scheme 0x31).

    It holds once and for a minute. The connection ends with the session.
    """
    ticket = context.callers.accounts.tickets.make(call.login)
    expires = time_of(context.clock.time() + TICKET_LIFE)
    return TicketAnswer(owner=call.login.owner, ticket=ticket, expires=expires)
