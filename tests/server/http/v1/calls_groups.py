from __future__ import annotations

from tests.server.http.v1.cases import Case, Need

CALLS = {
    "GET /groups": Case(Need.LOGIN),
}
