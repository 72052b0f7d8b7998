"""Why nobody was logged in, in one tree; ``str()`` of each is one line without secrets.

::

    AccountsError
    ├── LoginRefused      a wrong name, password or token, or a token without the right
    │   ├── Throttled     too many tries; whether it was right was not looked at
    │   ├── CodeNeeded    the password is right, and a one-time code is missing
    │   └── WrongCode     the password is right, and the one-time code is not, or was used before
    └── Busy              too many logins at once; nothing is said about this one

What the database cannot do comes as :class:`ovms.server.storage.errors.StoreError`.
"""

from __future__ import annotations

import math


class AccountsError(Exception):
    """Anything that this room raises on purpose."""


class LoginRefused(AccountsError):
    """The login is wrong; no answer says which part of it."""

    def __init__(self, text: str = "wrong name or password") -> None:
        super().__init__(text)


class Throttled(LoginRefused):
    """The account was tried too often; the next try is allowed in ``wait`` seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"too many tries; the next in {math.ceil(wait)} s")
        self.wait = wait


class CodeNeeded(LoginRefused):
    """The password is right, and a one-time code is missing."""

    def __init__(self) -> None:
        super().__init__("a one-time code is needed")


class WrongCode(LoginRefused):
    """The password is right, and the one-time code is not, or was used before."""

    def __init__(self) -> None:
        super().__init__("wrong one-time code")


class Busy(AccountsError):
    """Too many logins wait. This one may be right and should be tried again."""

    def __init__(self) -> None:
        super().__init__("too many logins at once")
