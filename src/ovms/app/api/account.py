"""Calls about the caller's own account: how it is made and recovered, its tokens, its data."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime

from msgspec import UNSET, UnsetType

from ovms.app.api.calls import ApiCalls, ApiModel, given, time_text


class ApiAccount(ApiModel, frozen=True, kw_only=True):
    """The caller's own account."""

    name: str
    email: str | None = None
    """The mail address; null without one."""
    email_confirmed: datetime | None = None
    """When a mail to it was answered; null if an administrator has set it."""
    is_admin: bool
    has_password: bool
    has_totp: bool
    """One-time codes are asked for."""
    created: datetime
    vehicles: int
    """How many there are."""
    vehicle_limit: int
    """How many there may be; 0 is no limit."""
    bytes: int
    """Of the history of all vehicles."""
    byte_limit: int
    """How many there may be; 0 is no limit."""
    is_over: bool
    """There are so many bytes that nothing more is kept."""
    zone: str
    """The IANA time zone of the days of journeys; the server's unless the owner named one."""
    currency: str
    """ISO 4217, of what charging costs; the server's unless the owner named one."""


class ApiModuleCertificate(ApiModel, frozen=True, kw_only=True):
    """The certificate that modules get."""

    is_trusted: bool
    """Modules trust it as they are; otherwise give them ``authority``, or switch TLS off in
    them."""
    covers_host: bool | None = None
    """It is for the host; ``None`` if that is not known."""
    names: list[str]
    """Host names and addresses that it is for."""
    anchor: str
    """What the root is called that it ends at."""
    fingerprint: str
    """SHA-256 of it, hexadecimal with colons."""
    ends: datetime
    authority: str | None = None
    """The certificate of the server's own CA, PEM, to give to modules."""


class ApiModuleServer(ApiModel, frozen=True, kw_only=True):
    """Where a module reaches the server."""

    host: str | None = None
    """Its name or address: what the operator has set, else as the call named the server."""
    is_certain: bool
    """The operator has set it."""
    port: int | None = None
    """The port without TLS; ``None`` if it is closed."""
    tls_port: int | None = None
    """The port with TLS; ``None`` if it is closed."""
    certificate: ApiModuleCertificate | None = None
    """``None`` without TLS."""


class ApiRefusedCall(ApiModel, frozen=True, kw_only=True):
    """A module that called and was refused."""

    address: str
    """Where it called from."""
    reason: str
    """A word for programs."""
    message: str
    """What it means, for people."""
    vehicle_id: str | None = None
    """The id that it said; of one that is not like the caller's only the beginning."""
    time: datetime
    """When it called last."""
    first: datetime
    count: int


class ApiToken(ApiModel, frozen=True, kw_only=True):
    """An API token, without its digits."""

    id: int
    first: str
    """Its first digits, by which its owner knows it again."""
    application: str
    """The program that uses it."""
    purpose: str
    """What for."""
    rights: list[str]
    """What it allows; ``*`` is everything."""
    created: datetime
    last_used: datetime | None = None
    """When it last logged in, to the minute."""
    expires: datetime | None = None
    """When it ends, or has ended; ``null`` for never. It is deleted 30 days after that."""
    is_live: bool
    """It has not expired."""
    is_current: bool
    """This call was made with it."""


class ApiNewToken(ApiToken, frozen=True, kw_only=True):
    """A token that was just made."""

    token: str
    """All its digits. They are told this once."""


class ApiSetup(ApiModel, frozen=True, kw_only=True):
    """What somebody who is not logged in can do here."""

    is_open: bool
    """The server has no owner yet: make the administrator with the token that it printed."""
    registration: bool
    """Whoever shows that mail arrives may make an account."""
    mail: bool
    """The server sends mail, so a forgotten password can be set again."""


class _Named(ApiModel, frozen=True, kw_only=True):
    name: str


class _Address(ApiModel, frozen=True, kw_only=True):
    email: str


class AccountCalls(ApiCalls):
    """Calls about the caller's account. Those that mail something return a sentence for people."""

    async def account(self) -> ApiAccount:
        """Return the caller's own account, with what it has and may have."""
        return await self._link.ask("GET", "/account", ApiAccount)

    async def module_server(self) -> ApiModuleServer:
        """Return what to set in a module so that it calls the server."""
        return await self._link.ask("GET", "/module-server", ApiModuleServer)

    async def refused_calls(self, vehicle_id: str = "") -> list[ApiRefusedCall]:
        """Return modules of the caller's network that were refused lately, the last one first."""
        query = {"vehicle_id": vehicle_id} if vehicle_id else {}
        return await self._link.ask("GET", "/refused-calls", list[ApiRefusedCall], query=query)

    async def change_account(
        self, *, zone: str | UnsetType | None = UNSET, currency: str | UnsetType | None = UNSET
    ) -> ApiAccount:
        """Change the time zone of days, or the currency of costs; ``None`` is the server's."""
        body = given(zone=zone, currency=currency)
        return await self._link.ask("PATCH", "/account", ApiAccount, body=body)

    def export(self) -> AsyncGenerator[bytes, None]:
        """Yield all of the caller's data as a ZIP of JSON, CSV and GPX, in parts as they come."""
        return self._parts("/account/export", {})

    async def erase_account(self) -> None:
        """Erase the caller's account with its vehicles and all their data, for ever."""
        await self._link.read("DELETE", "/account")

    async def ask_for_email(self, email: str) -> str:
        """Have a code mailed to another address of the caller's."""
        return await self._mailed("/account/email", {"email": email})

    async def confirm_email(self, code: str) -> str:
        """Change an owner's address by the code of a mail; return the new one."""
        body = {"code": code}
        return (await self._link.ask("POST", "/account/email/confirm", _Address, body=body)).email

    # -- tokens -----------------------------------------------------------------------------

    async def tokens(self) -> list[ApiToken]:
        """Return the caller's API tokens, without their digits."""
        return await self._link.ask("GET", "/account/tokens", list[ApiToken])

    async def token(self, token_id: int) -> ApiToken:
        """Return one of the caller's API tokens."""
        return await self._link.ask("GET", f"/account/tokens/{token_id}", ApiToken)

    async def add_token(
        self,
        rights: Sequence[str],
        *,
        application: str = "ovms.app",
        purpose: str = "",
        expires: datetime | None = None,
    ) -> ApiNewToken:
        """Make an API token and return it; its digits are told this once."""
        body = {"rights": list(rights), "application": application, "expires": time_text(expires)}
        if purpose:
            body["purpose"] = purpose
        return await self._link.ask("POST", "/account/tokens", ApiNewToken, body=body)

    async def change_token(
        self,
        token: ApiToken,
        *,
        rights: Sequence[str] | UnsetType = UNSET,
        application: str | UnsetType = UNSET,
        purpose: str | UnsetType = UNSET,
        expires: datetime | UnsetType | None = UNSET,
    ) -> ApiToken:
        """Change what is given of an API token; ``None`` is to live for ever."""
        body = given(rights=rights, application=application, purpose=purpose, expires=expires)
        return await self._link.ask("PATCH", f"/account/tokens/{token.id}", ApiToken, body=body)

    async def remove_token(self, token: ApiToken) -> None:
        """Remove an API token."""
        await self._link.read("DELETE", f"/account/tokens/{token.id}")

    # -- without a log-in -------------------------------------------------------------------

    async def setup(self) -> ApiSetup:
        """Return what somebody who is not logged in can do at the server."""
        return await self._link.ask("GET", "/setup", ApiSetup)

    async def set_up(self, setup_token: str, name: str, password: str, *, email: str = "") -> str:
        """Make the first administrator of a server without owners; return the name."""
        body = {"token": setup_token, "name": name, "password": password, "email": email}
        return (await self._link.ask("POST", "/setup", _Named, body=body)).name

    async def ask_for_account(self, name: str, email: str, password: str) -> str:
        """Have a code mailed that makes an account."""
        body = {"name": name, "email": email, "password": password}
        return await self._mailed("/account/registration", body)

    async def confirm_account(self, code: str) -> str:
        """Make the account for which a mail asked; return its name."""
        path, body = "/account/registration/confirm", {"code": code}
        return (await self._link.ask("POST", path, _Named, body=body)).name

    async def ask_for_reset(self, account: str) -> str:
        """Have a code for a new password mailed to an account's name or mail address."""
        return await self._mailed("/account/reset", {"account": account})

    async def confirm_reset(self, code: str, password: str) -> None:
        """Set a new password by the code of a mail."""
        body = {"code": code, "password": password}
        await self._link.read("POST", "/account/reset/confirm", body=body)
