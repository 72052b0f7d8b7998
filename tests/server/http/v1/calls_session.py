from __future__ import annotations

from tests.server.http.api import PASSWORD
from tests.server.http.v1.cases import Case, Need

CALLS = {
    "POST /session": Case(Need.NOTHING, request={"json": {"name": "bob", "password": PASSWORD}}),
    "GET /session": Case(Need.LOGIN),
    "POST /session/ticket": Case(Need.SESSION),
    "DELETE /session": Case(Need.SESSION),
    "POST /session/proof": Case(Need.SESSION, request={"json": {"password": PASSWORD}}),
}
