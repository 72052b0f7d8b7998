"""Commands that calls have sent and that wait behind others, each with the login of its call.

While a command waits, the login may end, or lose what it takes to send the command: a share ends or
gets fewer rights, a token or a session is revoked, an owner is removed. The car never gets it then.
What was sent already cannot be taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ovms.server.hub.asking import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ovms.server.accounts.login import Login
    from ovms.server.audit import Audit
    from ovms.server.hub.asking import AskedCommand


@dataclass(slots=True, eq=False)
class WaitingCommand:
    """A command that was not sent so far."""

    asked: AskedCommand
    login: Login
    vehicle_id: str
    name: str
    """As the audit trail calls it."""
    may: Callable[[Login], bool]
    """Returns whether a login may send it."""


class AskedCommands:
    """All of them. It is a holder of logins, and belongs to one event loop.

    As many wait as the queues of cars have room for.
    """

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._waiting: list[WaitingCommand] = []

    def keep(self, command: WaitingCommand) -> None:
        """Hold a command until it is sent."""
        self._forget_sent()
        if command.asked.is_waiting:
            self._waiting.append(command)

    def logins(self) -> Iterable[Login]:
        """Return the logins whose commands wait."""
        self._forget_sent()
        return [each.login for each in self._waiting]

    def update(self, changes: Mapping[Login, Login | None]) -> None:
        """Withdraw the commands of logins that no longer hold, or may no longer send them."""
        for each in [*self._waiting]:
            login = changes.get(each.login, each.login)
            if login is not None and each.may(login):
                each.login = login
            else:
                self._withdraw(each, Reason.LOGIN_ENDED if login is None else Reason.RIGHT_LOST)

    def _withdraw(self, command: WaitingCommand, reason: Reason) -> None:
        self._waiting.remove(command)
        if command.asked.withdraw(reason):
            self._audit.put(
                "command.withdrawn",
                actor=command.login.owner,
                vehicle_id=command.vehicle_id,
                detail=f"{command.name}: {reason.name.lower()}",
            )

    def _forget_sent(self) -> None:
        self._waiting = [each for each in self._waiting if each.asked.is_waiting]
