from __future__ import annotations

from tests.server.http.v1.cases import Case, Need

CALLS = {
    "GET /module-server": Case(Need.ACCOUNT),
    "GET /refused-calls": Case(Need.ACCOUNT),
}
