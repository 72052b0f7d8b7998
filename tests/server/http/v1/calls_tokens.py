from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage import queries
from tests.server.http.v1.cases import Case, Need

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


def _add(v1: ApiSite) -> dict[str, str]:
    """Make a token of Bob's; another's is not there for others."""
    with v1.database.writing() as connection:
        bob = queries.get_owner(connection, "bob")
        for at in range(2):
            if queries.find_token(connection, digits := f"{at + 0xAB:064x}") is None:
                made = queries.add_token(connection, bob, digits, 1.0, "app", "tests", "auth")
                return {"token_id": str(made.id)}
    return {"token_id": "1"}


CALLS = {
    "GET /account/tokens": Case(Need.ACCOUNT),
    "POST /account/tokens": Case(Need.ACCOUNT, request={"json": {"rights": ["account"]}}),
    "GET /account/tokens/{token_id}": Case(Need.ACCOUNT, prepare=_add),
    "PATCH /account/tokens/{token_id}": Case(
        Need.ACCOUNT, prepare=_add, request={"json": {"purpose": "x"}}
    ),
    "DELETE /account/tokens/{token_id}": Case(Need.ACCOUNT, prepare=_add),
}
