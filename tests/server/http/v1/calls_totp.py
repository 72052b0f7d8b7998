from __future__ import annotations

from tests.server.http.v1.cases import Case, Need

CALLS = {
    "GET /account/totp": Case(Need.ACCOUNT),
    "POST /account/totp": Case(Need.SESSION),
    "POST /account/totp/confirm": Case(Need.SESSION, request={"json": {"code": "123456"}}),
    "DELETE /account/totp": Case(Need.SESSION),
    "POST /account/totp/recovery_codes": Case(Need.SESSION),
}
