"""A server's API: all its calls, by subject."""

from __future__ import annotations

import ssl
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ovms.app.api.account import AccountCalls
from ovms.app.api.administration import AdministrationCalls
from ovms.app.api.audit import AuditCalls
from ovms.app.api.channels import ChannelCalls
from ovms.app.api.commands import CommandCalls
from ovms.app.api.events import StateCalls
from ovms.app.api.history import HistoryCalls
from ovms.app.api.journey_alerts import JourneyAlertCalls
from ovms.app.api.journeys import JourneyCalls
from ovms.app.api.link import CALL_TIMEOUT, ApiLink, Query, decode
from ovms.app.api.places import PlaceCalls
from ovms.app.api.provisioning import ProvisionCalls
from ovms.app.api.sessions import SessionCalls
from ovms.app.api.sharing import SharingCalls
from ovms.app.api.sums import SumCalls
from ovms.app.api.vehicles import VehicleCalls


def connect(
    url: str,
    token: str | Path | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    timeout: float = CALL_TIMEOUT,
) -> ApiClient:
    """Return a client of the server at ``https://HOST:PORT``, to be used in ``async with``.

    ``token`` is an API token, or the file that holds it; without one, log in. The server's
    certificate must verify: by the machine's roots, or by ``tls`` (:func:`ovms.app.tls_context`).
    Raises :class:`InvalidRequest`, and :class:`OSError` for a file; nothing is sent yet.
    """
    if isinstance(token, Path):
        token = token.read_text("utf-8").strip()
    return ApiClient(ApiLink(url, token, tls, timeout))


class ApiClient(
    VehicleCalls,
    StateCalls,
    CommandCalls,
    HistoryCalls,
    JourneyCalls,
    JourneyAlertCalls,
    PlaceCalls,
    ProvisionCalls,
    SumCalls,
    SharingCalls,
    ChannelCalls,
    AccountCalls,
    SessionCalls,
    AuditCalls,
    AdministrationCalls,
):
    """A server's API. Methods raise :class:`ApiRefused` and what :mod:`ovms.app.errors` has."""

    async def close(self) -> None:
        """Close its connections. May be called again."""
        await self._link.close()

    async def __aenter__(self) -> Self:
        """Use the API."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its connections."""
        await self.close()

    async def call(
        self, method: str, path: str, *, query: Query | None = None, body: object = None
    ) -> Any:
        """Make any call, its path behind ``/api/v1``; return its answer as JSON or ``None``."""
        answer = await self._link.read(method, path, query=query, body=body)
        return decode(answer, object) if answer else None
