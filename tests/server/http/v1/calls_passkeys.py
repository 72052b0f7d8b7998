from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage import queries
from ovms.server.storage.passkeys import add_passkey, list_passkeys
from tests.server.http.v1.cases import Case, Need

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

CREDENTIAL = {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA"}}


def passkey(v1: ApiSite) -> dict[str, str]:
    """Have Bob have a passkey."""
    with v1.database.writing() as connection:
        bob = queries.get_owner(connection, "bob")
        found = list_passkeys(connection, bob.id)
        found = found or [add_passkey(connection, bob.id, b"id", b"key", 0, "phone", 1.0)]
    return {"passkey_id": str(found[0].id)}


CALLS = {
    "GET /account/passkeys": Case(Need.ACCOUNT),
    "POST /account/passkeys/options": Case(Need.SESSION),
    "POST /account/passkeys": Case(
        Need.SESSION, request={"json": {"name": "phone", "credential": CREDENTIAL}}
    ),
    "DELETE /account/passkeys/{passkey_id}": Case(Need.SESSION, prepare=passkey),
    "POST /session/passkey/options": Case(Need.NOTHING),
    "POST /session/passkey": Case(Need.NOTHING, request={"json": {"credential": CREDENTIAL}}),
}
