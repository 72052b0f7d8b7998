"""The server's API for programs without an event loop: the same names, and calls that wait.

::

    with app.api.sync.connect("https://example.org:6869", token) as server:
        for vehicle in server.vehicles():
            print(vehicle.id, vehicle.is_online)

Each client has a thread of its own, which runs an event loop. Its methods may be called from any
thread.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import suppress
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from ovms.app.api import client
from ovms.app.api.client import ApiClient
from ovms.app.api.link import CALL_TIMEOUT
from ovms.app.errors import ConnectionLost
from ovms.app.sync import LoopThread

__all__ = ["SyncApiClient", "connect"]

P = ParamSpec("P")
T = TypeVar("T")


def connect(
    url: str,
    token: str | Path | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    timeout: float = CALL_TIMEOUT,
) -> SyncApiClient:
    """Return a client of the server. See :func:`ovms.app.api.connect`."""
    return SyncApiClient(client.connect(url, token, tls=tls, timeout=timeout))


class _Waits(Generic[P, T]):
    """A method of :class:`ApiClient`, which waits for its result."""

    def __init__(self, method: Callable[Concatenate[ApiClient, P], Coroutine[Any, Any, T]]) -> None:
        self._method = method

    def __get__(self, owner: SyncApiClient, kind: type | None = None) -> Callable[P, T]:
        """Return the method of a client."""

        @wraps(self._method)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            return owner._thread.run(self._method(owner._client, *args, **kwargs))

        return call


class _Yields(Generic[P, T]):
    """A method of :class:`ApiClient`, which is an ordinary iterator."""

    def __init__(
        self, method: Callable[Concatenate[ApiClient, P], AsyncGenerator[T, None]]
    ) -> None:
        self._method = method

    def __get__(
        self, owner: SyncApiClient, kind: type | None = None
    ) -> Callable[P, Generator[T, None, None]]:
        """Return the method of a client."""

        @wraps(self._method)
        def call(*args: P.args, **kwargs: P.kwargs) -> Generator[T, None, None]:
            return owner._thread.iterate(self._method(owner._client, *args, **kwargs))

        return call


class SyncApiClient:
    """An :class:`ApiClient` with calls that wait. Leaving ``with`` closes it.

    ``on_lost`` of those that follow something is called in the thread of the client.
    """

    def __init__(self, api: ApiClient) -> None:
        self._client = api
        self._thread = LoopThread()

    def close(self) -> None:
        """Close its connections. May be called again."""
        with suppress(ConnectionLost):
            self._thread.run(self._client.close())
        self._thread.stop()

    def __enter__(self) -> Self:
        """Use the API."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its connections."""
        self.close()

    call = _Waits(ApiClient.call)

    vehicles = _Waits(ApiClient.vehicles)
    vehicle = _Waits(ApiClient.vehicle)
    add_vehicle = _Waits(ApiClient.add_vehicle)
    change_vehicle = _Waits(ApiClient.change_vehicle)
    change_secret = _Waits(ApiClient.change_secret)
    remove_vehicle = _Waits(ApiClient.remove_vehicle)
    erase_vehicle_data = _Waits(ApiClient.erase_vehicle_data)
    connection = _Waits(ApiClient.connection)
    data_use = _Waits(ApiClient.data_use)
    groups = _Waits(ApiClient.groups)

    state = _Waits(ApiClient.state)
    events = _Yields(ApiClient.events)

    known_commands = _Waits(ApiClient.known_commands)
    send_command = _Waits(ApiClient.send_command)
    command = _Waits(ApiClient.command)
    finished = _Waits(ApiClient.finished)
    get_command = _Waits(ApiClient.get_command)
    follow_command = _Yields(ApiClient.follow_command)
    commands = _Yields(ApiClient.commands)
    withdraw_command = _Waits(ApiClient.withdraw_command)
    features = _Waits(ApiClient.features)
    feature = _Waits(ApiClient.feature)
    set_feature = _Waits(ApiClient.set_feature)
    parameters = _Waits(ApiClient.parameters)
    parameter = _Waits(ApiClient.parameter)
    set_parameter = _Waits(ApiClient.set_parameter)

    history = _Waits(ApiClient.history)
    records = _Yields(ApiClient.records)
    records_csv = _Yields(ApiClient.records_csv)
    delete_records = _Waits(ApiClient.delete_records)
    alerts = _Yields(ApiClient.alerts)
    all_alerts = _Yields(ApiClient.all_alerts)
    series_fields = _Waits(ApiClient.series_fields)
    series = _Waits(ApiClient.series)
    track = _Waits(ApiClient.track)
    track_gpx = _Yields(ApiClient.track_gpx)

    journeys = _Yields(ApiClient.journeys)
    journey_page = _Waits(ApiClient.journey_page)
    journey = _Waits(ApiClient.journey)
    battery = _Waits(ApiClient.battery)
    journeys_csv = _Yields(ApiClient.journeys_csv)
    journey_gpx = _Yields(ApiClient.journey_gpx)
    trip_log = _Yields(ApiClient.trip_log)
    change_journey = _Waits(ApiClient.change_journey)
    merge_journeys = _Waits(ApiClient.merge_journeys)
    split_journey = _Waits(ApiClient.split_journey)
    journey_edits = _Yields(ApiClient.journey_edits)
    undo_journey_edit = _Waits(ApiClient.undo_journey_edit)
    journey_alerts = _Waits(ApiClient.journey_alerts)
    change_journey_alerts = _Waits(ApiClient.change_journey_alerts)
    places = _Waits(ApiClient.places)
    place = _Waits(ApiClient.place)
    place_suggestions = _Waits(ApiClient.place_suggestions)
    add_place = _Waits(ApiClient.add_place)
    change_place = _Waits(ApiClient.change_place)
    remove_place = _Waits(ApiClient.remove_place)
    set_tariff = _Waits(ApiClient.set_tariff)
    remove_tariff = _Waits(ApiClient.remove_tariff)
    vehicle_sums = _Waits(ApiClient.vehicle_sums)
    sums = _Waits(ApiClient.sums)

    shares = _Waits(ApiClient.shares)
    share = _Waits(ApiClient.share)
    end_share = _Waits(ApiClient.end_share)
    received_shares = _Waits(ApiClient.received_shares)
    leave_share = _Waits(ApiClient.leave_share)
    provision = _Waits(ApiClient.provision)
    put_provision = _Waits(ApiClient.put_provision)
    remove_provision = _Waits(ApiClient.remove_provision)
    links = _Waits(ApiClient.links)
    add_link = _Waits(ApiClient.add_link)
    remove_link = _Waits(ApiClient.remove_link)
    position = _Waits(ApiClient.position)
    follow_position = _Yields(ApiClient.follow_position)

    channel_kinds = _Waits(ApiClient.channel_kinds)
    channels = _Waits(ApiClient.channels)
    channel = _Waits(ApiClient.channel)
    put_channel = _Waits(ApiClient.put_channel)
    remove_channel = _Waits(ApiClient.remove_channel)
    test_channel = _Waits(ApiClient.test_channel)
    push = _Waits(ApiClient.push)
    put_push_device = _Waits(ApiClient.put_push_device)
    remove_push_device = _Waits(ApiClient.remove_push_device)
    test_push_device = _Waits(ApiClient.test_push_device)

    account = _Waits(ApiClient.account)
    module_server = _Waits(ApiClient.module_server)
    refused_calls = _Waits(ApiClient.refused_calls)
    change_account = _Waits(ApiClient.change_account)
    export = _Yields(ApiClient.export)
    erase_account = _Waits(ApiClient.erase_account)
    ask_for_email = _Waits(ApiClient.ask_for_email)
    confirm_email = _Waits(ApiClient.confirm_email)
    tokens = _Waits(ApiClient.tokens)
    token = _Waits(ApiClient.token)
    add_token = _Waits(ApiClient.add_token)
    change_token = _Waits(ApiClient.change_token)
    remove_token = _Waits(ApiClient.remove_token)
    setup = _Waits(ApiClient.setup)
    set_up = _Waits(ApiClient.set_up)
    ask_for_account = _Waits(ApiClient.ask_for_account)
    confirm_account = _Waits(ApiClient.confirm_account)
    ask_for_reset = _Waits(ApiClient.ask_for_reset)
    confirm_reset = _Waits(ApiClient.confirm_reset)

    who = _Waits(ApiClient.who)
    web = _Waits(ApiClient.web)
    ticket = _Waits(ApiClient.ticket)
    log_in = _Waits(ApiClient.log_in)
    log_out = _Waits(ApiClient.log_out)
    prove = _Waits(ApiClient.prove)
    change_password = _Waits(ApiClient.change_password)
    sessions = _Waits(ApiClient.sessions)
    end_session = _Waits(ApiClient.end_session)
    end_other_sessions = _Waits(ApiClient.end_other_sessions)
    totp = _Waits(ApiClient.totp)
    begin_totp = _Waits(ApiClient.begin_totp)
    confirm_totp = _Waits(ApiClient.confirm_totp)
    end_totp = _Waits(ApiClient.end_totp)
    renew_recovery_codes = _Waits(ApiClient.renew_recovery_codes)
    passkeys = _Waits(ApiClient.passkeys)
    begin_passkey = _Waits(ApiClient.begin_passkey)
    create_passkey = _Waits(ApiClient.create_passkey)
    remove_passkey = _Waits(ApiClient.remove_passkey)
    begin_passkey_login = _Waits(ApiClient.begin_passkey_login)
    log_in_with_passkey = _Waits(ApiClient.log_in_with_passkey)

    audit = _Yields(ApiClient.audit)
    vehicle_audit = _Yields(ApiClient.vehicle_audit)
    server_audit = _Yields(ApiClient.server_audit)

    owners = _Yields(ApiClient.owners)
    owner = _Waits(ApiClient.owner)
    add_owner = _Waits(ApiClient.add_owner)
    change_owner = _Waits(ApiClient.change_owner)
    remove_owner = _Waits(ApiClient.remove_owner)
    mail_owner_reset = _Waits(ApiClient.mail_owner_reset)
    all_vehicles = _Yields(ApiClient.all_vehicles)
    server = _Waits(ApiClient.server)
    connections = _Yields(ApiClient.connections)
    end_connection = _Waits(ApiClient.end_connection)
    transfer_vehicle = _Waits(ApiClient.transfer_vehicle)
    remove_any_vehicle = _Waits(ApiClient.remove_any_vehicle)
    erase_any_data = _Waits(ApiClient.erase_any_data)
