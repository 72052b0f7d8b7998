"""``/api/v1`` with a real database, called in process; the test moves its clock."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ovms.server.rights import parse_rights
from ovms.server.storage import queries
from tests.server.http.api import PASSWORD_HASH, HttpSite, add_people, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx
    from sqlalchemy import Connection

PREFIX = "/api/v1"

SESSION = "cookie"
"""Stands for a session's cookie where a token's rights do."""


class ApiSite:
    """``/api/v1``; Bob has CAR1 and CAR2, Alice has CAR3, and Root is an administrator."""

    def __init__(self, http: HttpSite) -> None:
        self.http = http
        self.context = http.context
        self.clock = http.clock
        self.database = http.database
        self._tokens: dict[tuple[str, str], str] = {}
        self._sessions: dict[str, str] = {}

    def token(self, owner: str = "bob", permit: str = "*") -> str:
        """Return an API token of an owner with rights."""
        key = owner, permit
        if key not in self._tokens:
            token = f"{len(self._tokens) + 1:064x}"
            with self.database.writing() as connection:
                found = queries.get_owner(connection, owner)
                queries.add_token(
                    connection, found, token, self.clock.time(), "test", "test", permit
                )
            self._tokens[key] = token
        return self._tokens[key]

    async def session(self, owner: str = "bob") -> str:
        """Return the cookie of a session of an owner, who has just logged in."""
        if owner not in self._sessions:
            with self.database.reading() as connection:
                found = queries.get_owner(connection, owner)
            opened = await self.context.callers.web.open(found.id, address="192.0.2.7")
            self._sessions[owner] = opened[0]
        return self._sessions[owner]

    def share(
        self,
        rights: str,
        vehicle_id: str = "CAR1",
        owner: str = "alice",
        expires: float | None = None,
    ) -> None:
        """Share a vehicle with another owner."""
        with self.database.writing() as connection:
            vehicle = queries.get_vehicle(connection, vehicle_id)
            other = queries.get_owner(connection, owner)
            now = self.clock.time()
            queries.put_share(connection, vehicle, other, parse_rights(rights), now, expires)

    def share_only(self, rights: str) -> None:
        """Share CAR1 with Alice and with nobody else; not at all without rights."""
        with self.database.writing() as connection:
            now = self.clock.time()
            alice = queries.get_owner(connection, "alice")
            if queries.list_shares(connection, now, owner=alice):
                queries.end_share(connection, "CAR1", alice, now)
        if rights:
            self.share(rights)

    async def call(
        self, call: str, owner: str | None = "bob", permit: str = "*", **body: Any
    ) -> httpx.Response:
        """Make a call (``GET /vehicles``) with an owner's token, or nobody's.

        The permit ``cookie`` stands for the cookie of a session.
        """
        method, path = call.split()
        headers = dict(body.pop("headers", {}))
        if owner is not None and permit == SESSION:
            cookie = f"ovms_session={await self.session(owner)}"
            headers = {"cookie": cookie, "sec-fetch-site": "same-origin"} | headers
        elif owner is not None:
            headers["authorization"] = f"Bearer {self.token(owner, permit)}"
        return await self.http.client.request(method, PREFIX + path, headers=headers, **body)


def add_people_and_root(connection: Connection) -> None:
    """Add an administrator to the others."""
    add_people(connection)
    queries.add_owner(connection, "root", 1.0, password_hash=PASSWORD_HASH, admin=True)


@asynccontextmanager
async def open_api(folder: Path) -> AsyncIterator[ApiSite]:
    """Open the site in a folder."""
    async with open_site(folder, fill=add_people_and_root) as http:
        yield ApiSite(http)
