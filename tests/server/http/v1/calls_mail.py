from __future__ import annotations

from typing import TYPE_CHECKING

from tests.server.http.v1.cases import Case, Need

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


def _open_registration(v1: ApiSite) -> dict[str, str]:
    v1.context.desk.registration = True
    return {}


CODE = {"json": {"code": "none"}}

CALLS = {
    "POST /account/reset": Case(Need.NOTHING, request={"json": {"account": "bob"}}),
    "POST /account/reset/confirm": Case(
        Need.NOTHING, request={"json": {"code": "none", "password": "new"}}
    ),
    "POST /account/registration": Case(
        Need.NOTHING,
        prepare=_open_registration,
        request={"json": {"name": "eve", "email": "eve@example.org", "password": "new"}},
    ),
    "POST /account/registration/confirm": Case(
        Need.NOTHING, prepare=_open_registration, request=CODE
    ),
    "POST /account/email": Case(Need.SESSION, request={"json": {"email": "bob@example.org"}}),
    "POST /account/email/confirm": Case(Need.NOTHING, request=CODE),
    "GET /account": Case(Need.ACCOUNT),
    "PATCH /account": Case(Need.ACCOUNT, request={"json": {"currency": "CHF"}}),
    "GET /setup": Case(Need.NOTHING),
    "GET /web": Case(Need.NOTHING),
    "POST /setup": Case(
        Need.NOTHING, request={"json": {"token": "none", "name": "eve", "password": "new"}}
    ),
}
"""What each call about mails and set-up needs of whoever makes it."""
