"""Calls about how somebody logs in: by password, one-time code or passkey, with a cookie.

The client keeps the cookie. A client with a token calls by the token all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ovms.app.api.calls import ApiCalls, ApiModel
from ovms.app.api.link import segment


class ApiSession(ApiModel, frozen=True, kw_only=True):
    """A session, which a browser's cookie names."""

    id: str
    is_current: bool
    """It is the one by which this call was made."""
    means: str
    """By what it began."""
    address: str
    """Where the browser was then."""
    agent: str
    """What it called itself then (User-Agent)."""
    created: datetime
    used: datetime
    """Its last call."""
    expires: datetime
    """When it ends if no call comes before."""
    proof_expires: datetime
    """Until when changes of the log-in need no new proof of who calls."""


class ApiWho(ApiModel, frozen=True, kw_only=True):
    """Who calls, and how they are logged in."""

    owner: str
    is_admin: bool
    means: str
    """By what the caller is logged in."""
    rights: list[str]
    """What the token may be used for; ``*`` is everything, as for every session."""
    session: ApiSession | None = None
    """The session; null of a token."""


class ApiTotp(ApiModel, frozen=True, kw_only=True):
    """Whether one-time codes are on."""

    is_on: bool
    recovery_codes_left: int | None = None
    """How many recovery codes were not used yet; null while one-time codes are off."""


class ApiTotpKey(ApiModel, frozen=True, kw_only=True):
    """What an app makes one-time codes from; it is not told again."""

    secret: str
    """For typing, in base32."""
    uri: str
    """For a QR code: ``otpauth://…``."""


class ApiTicket(ApiModel, frozen=True, kw_only=True):
    """A ticket, which opens one WebSocket."""

    owner: str
    """The user name that it goes with."""
    ticket: str
    """What stands for the password in the welcome of scheme 0x31."""
    expires: datetime
    """Until when it must be used."""


class ApiMap(ApiModel, frozen=True, kw_only=True):
    """Where the ground of the web app's map comes from."""

    kind: str
    """``raster``, ``style`` or ``pmtiles``."""
    url: str
    attribution: str
    hosts: list[str]
    """The hosts that the pages may load parts of it from."""


class ApiDemo(ApiModel, frozen=True, kw_only=True):
    """How anybody logs in to the demo."""

    owner: str
    password: str


class ApiWeb(ApiModel, frozen=True, kw_only=True):
    """What pages must know first."""

    name: str
    """The server's name for people."""
    version: str
    is_new: bool
    """The server has no owner yet."""
    registration: bool
    """Whoever shows that mail arrives may make an account."""
    mail: bool
    """The server sends mail, so a forgotten password can be set again."""
    demo: ApiDemo | None = None
    """The server is a demo; ``None`` of any other."""
    map: ApiMap | None = None
    """``None`` for no ground."""
    push_key: str | None = None
    """The public key by which a browser subscribes to alerts."""
    session: ApiWho | None = None
    """Who calls, by the cookie of a session."""


class ApiPasskey(ApiModel, frozen=True, kw_only=True):
    """A passkey."""

    id: str
    name: str
    created: datetime
    last_used: datetime | None = None
    """When it last logged in; null if never."""


class _Sessions(ApiModel, frozen=True, kw_only=True):
    items: list[ApiSession]


class _RecoveryCodes(ApiModel, frozen=True, kw_only=True):
    recovery_codes: list[str]


class _PublicKey(ApiModel, frozen=True, kw_only=True):
    public_key: dict[str, Any]


class SessionCalls(ApiCalls):
    """Calls about sessions, passwords, one-time codes and passkeys."""

    async def web(self) -> ApiWeb:
        """Return what pages must know first: of the server, and whether somebody is logged in."""
        return await self._link.ask("GET", "/web", ApiWeb)

    async def ticket(self) -> ApiTicket:
        """Make a ticket, by which an app opens one WebSocket in the name of the session."""
        return await self._link.ask("POST", "/session/ticket", ApiTicket)

    async def who(self) -> ApiWho:
        """Return who calls, and how they are logged in."""
        return await self._link.ask("GET", "/session", ApiWho)

    async def log_in(self, name: str, password: str, *, one_time_code: str | None = None) -> ApiWho:
        """Log in: calls without a token are made by the new session from then on."""
        body = {"name": name, "password": password, "one_time_code": one_time_code}
        return await self._link.ask("POST", "/session", ApiWho, body=body)

    async def log_out(self) -> None:
        """End the session."""
        await self._link.read("DELETE", "/session")

    async def prove(
        self, *, password: str | None = None, one_time_code: str | None = None
    ) -> ApiWho:
        """Prove again who calls, by one of the two, for changes that want it."""
        body = {"password": password, "one_time_code": one_time_code}
        return await self._link.ask("POST", "/session/proof", ApiWho, body=body)

    async def change_password(self, new_password: str, old_password: str | None = None) -> ApiWho:
        """Change the owner's password, and end all other sessions."""
        body = {"new_password": new_password, "old_password": old_password}
        return await self._link.ask("POST", "/account/password", ApiWho, body=body)

    async def sessions(self) -> list[ApiSession]:
        """Return where the owner is logged in with a cookie."""
        return (await self._link.ask("GET", "/account/sessions", _Sessions)).items

    async def end_session(self, session_id: str) -> None:
        """End one of the owner's sessions."""
        await self._link.read("DELETE", f"/account/sessions/{segment(session_id)}")

    async def end_other_sessions(self) -> None:
        """End all of the owner's sessions but the one by which this call is made."""
        await self._link.read("DELETE", "/account/sessions")

    # -- one-time codes ---------------------------------------------------------------------

    async def totp(self) -> ApiTotp:
        """Return whether the owner's one-time codes are on."""
        return await self._link.ask("GET", "/account/totp", ApiTotp)

    async def begin_totp(self) -> ApiTotpKey:
        """Begin to set up one-time codes: return the key for the owner's app."""
        return await self._link.ask("POST", "/account/totp", ApiTotpKey)

    async def confirm_totp(self, code: str) -> list[str]:
        """Switch one-time codes on by a code of the app; return the recovery codes."""
        return await self._recovery_codes("/account/totp/confirm", {"code": code})

    async def end_totp(self) -> None:
        """Switch one-time codes off."""
        await self._link.read("DELETE", "/account/totp")

    async def renew_recovery_codes(self) -> list[str]:
        """Return new recovery codes; the old ones are worth nothing from then on."""
        return await self._recovery_codes("/account/totp/recovery_codes", None)

    async def _recovery_codes(self, path: str, body: object) -> list[str]:
        return (await self._link.ask("POST", path, _RecoveryCodes, body=body)).recovery_codes

    # -- passkeys ---------------------------------------------------------------------------

    async def passkeys(self) -> list[ApiPasskey]:
        """Return the owner's passkeys, the oldest first."""
        return await self._link.ask("GET", "/account/passkeys", list[ApiPasskey])

    async def begin_passkey(self) -> dict[str, Any]:
        """Return what an authenticator needs to make a passkey, in the words of WebAuthn."""
        return await self._options("/account/passkeys/options")

    async def create_passkey(self, name: str, credential: Mapping[str, Any]) -> ApiPasskey:
        """Keep a passkey that an authenticator has made."""
        body = {"name": name, "credential": dict(credential)}
        return await self._link.ask("POST", "/account/passkeys", ApiPasskey, body=body)

    async def remove_passkey(self, passkey_id: str) -> None:
        """Remove a passkey; the sessions that began with it end."""
        await self._link.read("DELETE", f"/account/passkeys/{segment(passkey_id)}")

    async def begin_passkey_login(self) -> dict[str, Any]:
        """Return what an authenticator needs to log in with a passkey."""
        return await self._options("/session/passkey/options")

    async def log_in_with_passkey(self, credential: Mapping[str, Any]) -> ApiWho:
        """Log in with what an authenticator has made of the options."""
        body = {"credential": dict(credential)}
        return await self._link.ask("POST", "/session/passkey", ApiWho, body=body)

    async def _options(self, path: str) -> dict[str, Any]:
        return (await self._link.ask("POST", path, _PublicKey)).public_key
