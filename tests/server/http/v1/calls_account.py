from __future__ import annotations

from tests.server.http.api import PASSWORD
from tests.server.http.v1.cases import Case, Need

CALLS = {
    "GET /account/sessions": Case(Need.ACCOUNT),
    "DELETE /account/sessions": Case(Need.ACCOUNT),
    "DELETE /account/sessions/{session_id}": Case(Need.ACCOUNT, path={"session_id": "1"}),
    "POST /account/password": Case(
        Need.SESSION, request={"json": {"old_password": PASSWORD, "new_password": "another"}}
    ),
}
