"""The running server: what is started in which order, and stopped in the reverse.

Start: settings, lock, certificate, sockets bound, database, hub, sockets listening, ``ready.json``.
A caller is accepted only when it can be answered. Stop: ``ready.json`` goes, those that have
connected are accepted and no others, the sockets close, connections close, the writer is drained.
What was acknowledged is on disk.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from random import Random
from socket import gethostname, socket
from ssl import SSLContext

from ovms import __version__
from ovms.base.clock import Clock, SystemClock
from ovms.base.logs import get_logger
from ovms.base.paths import make_private_dir
from ovms.base.tasks import ending_signals
from ovms.protocol.spelling import owner_key
from ovms.server.acceptor import Acceptor
from ovms.server.accounts.login import Accounts
from ovms.server.alerts.expansion import Expansion
from ovms.server.alerts.expansion import load as alert_tables
from ovms.server.audit import Audit
from ovms.server.backup.schedule import CHECK, BackupSchedule, run_job
from ovms.server.call_notes import CallNotes
from ovms.server.data_folder import READY, data_lock, ready_file
from ovms.server.doorstep import Doorstep
from ovms.server.failed_calls import FailedCalls
from ovms.server.forwarded import ForwardedReader
from ovms.server.http.account_mail import AccountMailer
from ovms.server.http.callers import Callers
from ovms.server.http.context import HttpContext
from ovms.server.http.desk import AccountDesk, SetupToken
from ovms.server.http.geocoding import Geocoder
from ovms.server.http.service import HttpService
from ovms.server.http.watches import Watches
from ovms.server.http.web_options import DemoLogin
from ovms.server.hub.hub import Hub, HubSettings
from ovms.server.hub.telemetry import LogSettings
from ovms.server.journey_alerts import JourneyWatch
from ovms.server.journey_follower import POLL, JourneyFollower
from ovms.server.listener import (
    Entrance,
    Gate,
    Ports,
    ProtocolFactory,
    bound,
    close_gently,
    listen,
)
from ovms.server.module_server import module_server
from ovms.server.monitoring import Watched, monitoring
from ovms.server.notify.channel import Channel
from ovms.server.notify.desk import ChannelDesk
from ovms.server.notify.notifier import Notifier
from ovms.server.notify.operator import OperatorMail
from ovms.server.notify.push import prepare_push
from ovms.server.notify.registry import ChannelTypes, find_types, open_channels
from ovms.server.peering import peering
from ovms.server.proxy import TrustedProxies
from ovms.server.quota_watch import QuotaWatch
from ovms.server.refused_calls import RefusedCalls
from ovms.server.services import Services
from ovms.server.settings import ServerSettings
from ovms.server.storage import queries
from ovms.server.storage.audit import OPERATOR
from ovms.server.storage.errors import StoreError
from ovms.server.storage.journey_view import JourneyMaking
from ovms.server.storage.notify import NotifyStore
from ovms.server.storage.opening import open_database
from ovms.server.storage.owner_locale import set_default_locale
from ovms.server.storage.plausible import PlausibleClock
from ovms.server.storage.positions import PositionExpiry
from ovms.server.storage.push_devices import drop_unshared
from ovms.server.storage.seen_tokens import SeenTokens
from ovms.server.storage.shares import forget_shares
from ovms.server.storage.stale_journeys import refresh_left
from ovms.server.storage.store import Store
from ovms.server.tls import Certificates, open_certificates
from ovms.server.troubles import find_troubles
from ovms.server.values import VehicleChange

Job = Callable[[], Awaitable[None] | None]
"""What is done again and again, at once or as a coroutine."""

TICK = 1.0
"""Seconds between two checks of the time limits."""

PACE = 0.1
"""Seconds between two tries to send cars what waits for them, if anything does."""

REFRESH = 2.0
"""Seconds between two searches for vehicles that were changed or removed by the command line."""

HEARTBEAT = 10.0
"""Seconds between signs of life in the database."""

EXPIRY = 60.0
"""Seconds between two removals of records whose time is over."""

TROUBLES = 60.0
"""Seconds between two looks for what the operator should hear of."""

QUOTAS = 300.0
"""Seconds between two looks for owners who have too much history."""

JOURNEY_ALERTS = 60.0
"""Seconds between two looks for what owners should hear of journeys."""

RELOAD = 2.0
"""Seconds between two checks for certificates that were renewed."""

PORTS = {"port": "mp", "tls_port": "mp_tls", "http_port": "http", "https_port": "https",
         "metrics_port": "metrics"}  # fmt: skip
"""What the port of each setting is called in ``ready.json``."""

log = get_logger("ovms.server")


@contextmanager
def stopping_on_signals(
    stop: asyncio.Event, on_stop: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Set ``stop`` on SIGTERM, SIGINT or SIGHUP; a second one ends the process at once.

    Calls ``on_stop`` first.
    But no second SIGHUP does: of a terminal that closes come two, its own and its shell's.
    """
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if stop.is_set() and number != signal.SIGHUP:
            os._exit(1)
        if not stop.is_set():
            on_stop()
        stop.set()

    signals = ending_signals()
    for each in signals:
        loop.add_signal_handler(each, on_signal, each)
    try:
        yield
    finally:
        for each in signals:
            loop.remove_signal_handler(each)


async def serve(
    settings: ServerSettings,
    stop: asyncio.Event,
    *,
    clock: Clock | None = None,
    on_ready: Callable[[Ports], None] = lambda ports: None,
    on_setup: Callable[[Ports, str], None] = lambda ports, token: None,
    demo: DemoLogin | None = None,
    reserved: Mapping[str, list[socket]] | None = None,
) -> None:
    """Run the server until ``stop`` is set; see :func:`stopping_on_signals`.

    ``on_ready`` gets the ports once every listener accepts; then, if there is no owner yet,
    ``on_setup`` the ports and the token by which the first administrator is made. ``demo`` is what
    its pages tell everybody to log in by. ``reserved`` are sockets of ports, by the names of their
    settings, that the caller has bound already and closes in the end. Raises
    :class:`~ovms.server.data_folder.AlreadyRunning`,
    :class:`~ovms.server.certificate.BadCertificate`, :class:`~ovms.server.peering.BadPeer`,
    :class:`~ovms.server.listener.CannotListen`,
    :class:`~ovms.base.settings.SettingsError` (a channel's table),
    :class:`~ovms.server.storage.errors.StoreError` or ``OSError`` (the data folder) if it cannot
    start.
    """
    clock, held = clock or SystemClock(), reserved or {}
    make_private_dir(settings.data)
    expansion = alert_tables(settings.data / "alerts")
    types = find_types()
    channels = open_channels(types, settings)
    with ExitStack() as stack:
        stack.enter_context(data_lock(settings.data))
        (settings.data / READY).unlink(missing_ok=True)
        certificates = open_certificates(settings, clock.time())
        ports = {
            name: held.get(name) or stack.enter_context(bound(settings.hosts_of(name), port))
            for name, port in settings.open_ports().items()
        }
        async with (
            _store(settings, clock) as (store, plausible),
            _notifier(settings, store, types, channels, expansion, clock, plausible) as notifier,
            _hub(settings, store, notifier, clock) as hub,
            _audit(settings, store, clock) as audit,
            _accounts(store, clock, audit) as accounts,
            _failed_calls(store, hub, clock) as failed_calls,
            _services(settings, store, hub, accounts, audit, failed_calls, clock) as services,
            _http(
                settings,
                store,
                hub,
                accounts,
                audit,
                failed_calls,
                clock,
                notifier.desk,
                demo,
                ports,
            ) as http,
            _metrics(http.context) as metrics,
            _quotas(settings, store, hub, audit, clock) as quotas,
        ):
            journeys = None
            if settings.journeys:
                journeys = JourneyFollower(
                    store.database, clock, settings.log_interval, settings.log_days
                )
                journeys.on_written = http.context.live.journeys_changed
            acceptor = Acceptor(
                services, clock, rate=settings.message_rate(),
                refused_calls=http.context.refused_calls,
                forwarded=ForwardedReader(settings.forwarded_from).read,
            )  # fmt: skip
            services.accounts.add_holder(acceptor)
            http.on_unfit, http.websocket = acceptor.strays.put_line, acceptor.answer
            entrances = _entrances(ports, certificates, acceptor, http, metrics)
            operator = _operator(settings, channels, clock)
            parts = ServerParts(
                store, acceptor, accounts, notifier, http, metrics, certificates, clock, plausible,
                quotas, operator,
                JourneyWatch(store, hub, clock) if settings.journeys else None, journeys,
                PositionExpiry(settings.history_position_days), _backups(settings, clock),
            )  # fmt: skip

            def ready(ports: Ports) -> None:
                on_ready(ports)
                if http.context.desk.setup is not None:
                    on_setup(ports, http.context.desk.setup.text)

            await _serve(settings, parts, entrances, stop, ready)
    log.info("stopped")


def _entrances(
    ports: Mapping[str, list[socket]],
    certificates: Certificates | None,
    acceptor: Acceptor,
    http: HttpService,
    metrics: HttpService,
) -> dict[str, Entrance]:
    """Return the entrances, by the names of their ports' settings."""
    tls = certificates.context if certificates is not None else None
    lines, calls = acceptor.answer, partial(acceptor.answer, http.answer)
    kinds: dict[str, tuple[ProtocolFactory, SSLContext | None]] = {
        "port": (lines, None),
        "tls_port": (lines, tls),
        "http_port": (calls, None),
        "https_port": (calls, tls),
        "metrics_port": (partial(acceptor.answer, metrics.answer), None),
    }
    return {
        # Who scrapes is on this machine, as a proxy may be, and says no header.
        name: Entrance(
            sockets,
            *kinds[name],
            has_proxies=name != "metrics_port",
            is_for_modules=name in ("port", "tls_port"),
        )
        for name, sockets in ports.items()
    }


@asynccontextmanager
async def _store(
    settings: ServerSettings, clock: Clock
) -> AsyncIterator[tuple[Store, PlausibleClock]]:
    """Open the database, for this server alone; at the end save what waits and close it."""
    database = open_database(
        settings.data, settings.database, settings.key_file, settings.history_limits()
    )
    try:
        database.hold()
        store = await Store.open(database, clock.time, trust_clock=settings.trust_clock)
        zone, currency = settings.journey_zone, settings.journey_currency
        await database.write(partial(set_default_locale, zone=zone, currency=currency))
        try:
            yield store, PlausibleClock(clock, store.last_alive)
        finally:
            lost = await store.close()
            if lost:
                log.error("the database did not take everything", rows=lost)
    finally:
        await database.close()


@asynccontextmanager
async def _notifier(
    settings: ServerSettings,
    store: Store,
    types: ChannelTypes,
    channels: Mapping[str, Channel],
    expansion: Expansion,
    clock: Clock,
    plausible: PlausibleClock,
) -> AsyncIterator[Notifier]:
    """Run the notifier, and end deliveries in order."""
    await prepare_push(channels, store.database, settings.operator_mail)
    notifier = Notifier(
        NotifyStore(
            store.database, settings.subscription_limits(), mails_owners=settings.mail_owners
        ),
        types,
        channels,
        expansion,
        clock,
        Random(),  # noqa: S311 (spreads retries)
        window=settings.alert_window,
        repeat=settings.alert_repeat,
        alerts_a_vehicle=settings.limit_alerts,
        addresses_a_vehicle=settings.limit_mails,
        life_clock=plausible.time,
    )
    await notifier.start()
    try:
        yield notifier
    finally:
        await notifier.close()


def _operator(
    settings: ServerSettings, channels: Mapping[str, Channel], clock: Clock
) -> OperatorMail | None:
    """Return what tells the operator of troubles, if the settings name an address."""
    if settings.operator_mail is None:
        return None
    if "mail" not in channels:
        log.warning("the operator hears of no trouble: mail is not set up (mail_host)")
        return None
    return OperatorMail(channels["mail"], settings.operator_mail, gethostname(), clock)


def _backups(settings: ServerSettings, clock: Clock) -> BackupSchedule | None:
    """Return what makes backups, if the settings want any."""
    plan = settings.backup_plan()
    if plan is None:
        return None
    return BackupSchedule(plan, clock, lambda now: run_job(settings.backup_job(plan, now)))


@asynccontextmanager
async def _hub(
    settings: ServerSettings, store: Store, notifier: Notifier, clock: Clock
) -> AsyncIterator[Hub]:
    """Open the hub; at the end log what waits to be logged."""
    log_settings = LogSettings(settings.log_interval, settings.log_days, settings.log_position_days)
    limits = settings.hub_limits()
    hub_settings = HubSettings(__version__, settings.answer_timeout, log_settings, limits)
    hub = Hub(store, notifier, clock, hub_settings)
    try:
        yield hub
    finally:
        await hub.close()


@asynccontextmanager
async def _services(
    settings: ServerSettings,
    store: Store,
    hub: Hub,
    accounts: Accounts,
    audit: Audit,
    failed_calls: FailedCalls,
    clock: Clock,
) -> AsyncIterator[Services]:
    """Open the services for each kind of caller, and call the other servers."""

    def on_taken(changes: Sequence[VehicleChange], owners: set[int]) -> None:
        hub.refresh(changes)
        accounts.suspect(owners, {change.id for change in changes})

    tokens = await SeenTokens.open(store.database, store.writer, clock.time)
    async with peering(settings, store.database, hub, clock, on_taken, tokens) as peers:
        notes = CallNotes(audit, failed_calls)
        yield Services(hub, accounts, peers, tokens, store.find_provision, notes)


@asynccontextmanager
async def _http(
    settings: ServerSettings,
    store: Store,
    hub: Hub,
    accounts: Accounts,
    audit: Audit,
    failed_calls: FailedCalls,
    clock: Clock,
    channels: ChannelDesk,
    demo: DemoLogin | None,
    ports: Mapping[str, list[socket]],
) -> AsyncIterator[HttpService]:
    """Open what answers calls by HTTP; at the end no call is under way."""
    desk = await _desk(settings, store, clock, channels.channels)
    watches = Watches(hub, clock.monotonic)
    accounts.add_holder(watches)
    callers = Callers(accounts, clock, settings.call_rate())
    context = HttpContext(
        hub, store, callers, clock, watches, audit, desk, channels, failed_calls,
        settings.http_answer_timeout, settings.mqtt_superuser, settings.owner_quotas(),
        settings.public_url, JourneyMaking(settings.journeys, settings.log_days),
        Geocoder(None if settings.nominatim_url is None else str(settings.nominatim_url)),
        web=settings.web_options(settings.data, demo), refused_calls=RefusedCalls(clock.time),
        module_server=module_server(settings, ports),
    )  # fmt: skip
    accounts.add_holder(context.live)
    accounts.add_holder(context.asked)
    http = HttpService(context, settings.forwarded_from)
    try:
        yield http
    finally:
        await http.close()
        await context.geocoder.close()
        await desk.mailer.close()


async def _desk(
    settings: ServerSettings, store: Store, clock: Clock, channels: Mapping[str, Channel]
) -> AccountDesk:
    """Return what makes and recovers accounts."""
    mailer = AccountMailer(channels.get("mail"), settings.public_url, clock)
    if settings.registration and not mailer.is_on:
        log.warning("nobody can register: mail is not set up (mail_host)")
    names = [OPERATOR, *([settings.mqtt_superuser] if settings.mqtt_superuser else [])]
    is_new = settings.http and not await store.database.read(queries.has_owners)
    return AccountDesk(
        mailer,
        settings.registration,
        frozenset(map(owner_key, names)),
        SetupToken() if is_new else None,
    )


@asynccontextmanager
async def _quotas(
    settings: ServerSettings, store: Store, hub: Hub, audit: Audit, clock: Clock
) -> AsyncIterator[QuotaWatch]:
    """Watch what owners have; at the end note what was not kept."""
    quotas = QuotaWatch(store, hub, audit, clock, settings.owner_quotas())
    try:
        yield quotas
    finally:
        quotas.close()


@asynccontextmanager
async def _metrics(context: HttpContext) -> AsyncIterator[HttpService]:
    """Open what answers calls at the port of the metrics; at the end no call is under way."""
    metrics = HttpService(context)
    try:
        yield metrics
    finally:
        await metrics.close()


@asynccontextmanager
async def _failed_calls(store: Store, hub: Hub, clock: Clock) -> AsyncIterator[FailedCalls]:
    """Open what knows why cars failed to connect; at the end write what waits."""
    failed_calls = await FailedCalls.open(store.database, clock)
    hub.add_observer(failed_calls)
    try:
        yield failed_calls
    finally:
        await failed_calls.close()


@asynccontextmanager
async def _audit(settings: ServerSettings, store: Store, clock: Clock) -> AsyncIterator[Audit]:
    """Open the audit trail; at the end write what waits."""
    audit = Audit(store.database, clock, settings.audit_days)
    try:
        yield audit
    finally:
        await audit.close()


@asynccontextmanager
async def _accounts(store: Store, clock: Clock, audit: Audit) -> AsyncIterator[Accounts]:
    """Open the accounts; at the end write what they have deferred."""
    accounts = Accounts(store.database, clock, audit)
    try:
        yield accounts
    finally:
        await accounts.close()


@dataclass(frozen=True, slots=True)
class ServerParts:
    """The parts of the running server that need regular work."""

    store: Store
    acceptor: Acceptor
    accounts: Accounts
    notifier: Notifier
    http: HttpService
    metrics: HttpService
    """Calls at the port of the metrics."""
    certificates: Certificates | None
    clock: Clock
    plausible: PlausibleClock
    """What is deleted goes by this one."""
    quotas: QuotaWatch
    operator: OperatorMail | None = None
    journey_alerts: JourneyWatch | None = None
    journeys: JourneyFollower | None = None
    positions: PositionExpiry = field(default_factory=PositionExpiry)
    backups: BackupSchedule | None = None

    @property
    def hub(self) -> Hub:
        """The rooms."""
        return self.acceptor.services.hub

    async def find_troubles(self, data: Path, gate: Gate) -> dict[str, str]:
        """Return what is wrong now, in words, by a name each."""
        found = await find_troubles(data, self.store, self.certificates, self.clock.time())
        others = {"places": gate.trouble}
        if self.backups is not None:
            others["backup"] = self.backups.trouble
        return found | {name: trouble for name, trouble in others.items() if trouble is not None}


async def _serve(
    settings: ServerSettings,
    parts: ServerParts,
    entrances: Mapping[str, Entrance],
    stop: asyncio.Event,
    on_ready: Callable[[Ports], None],
) -> None:
    acceptor, http, metrics = parts.acceptor, parts.http, parts.metrics
    proxies = TrustedProxies(settings.proxy_from)
    doorstep = Doorstep(parts.clock, settings.tls_handshakes, acceptor.strays.put_line, proxies,
                        acceptor.refused_calls)  # fmt: skip
    gate = Gate(
        [*entrances.values()],
        _open_files(),
        lambda: acceptor.count + doorstep.count + http.count + metrics.count,
        lambda: chain(
            doorstep.strangers(), acceptor.strangers(), http.strangers(), metrics.strangers()
        ),
        parts.clock.monotonic,
    )
    ports = Ports(
        **{PORTS[name]: entrances[name].port if name in entrances else None for name in PORTS}
    )
    watched = Watched(
        settings.data, parts.clock, parts.store, parts.accounts, parts.notifier, acceptor, http,
        metrics, doorstep, parts.certificates, _opened(ports),
        partial(parts.find_troubles, settings.data, gate), parts.journeys, parts.backups,
    )  # fmt: skip
    async with monitoring(watched, settings.metrics_token):
        listeners = listen([*entrances.values()], doorstep, gate)
        work = _start_work(settings.data, parts, doorstep, gate)
        try:
            with ready_file(settings.data / READY, {"pid": os.getpid(), **_opened(ports)}):
                log.info("ready", port=ports.mp, tls_port=ports.mp_tls, http_port=ports.http,
                         https_port=ports.https, folder=str(settings.data),
                         version=__version__)  # fmt: skip
                on_ready(ports)
                await stop.wait()
            log.info("stopping", connections=len(parts.acceptor.connections))
        finally:
            watched.is_stopping = True
            gate.retire()
            await close_gently(listeners)
            # Whoever waits for a car's answer has one when the acceptor has closed the car.
            calls = (parts.http, parts.metrics)
            await asyncio.gather(
                acceptor.empty(doorstep.is_emptied), *(each.empty() for each in calls)
            )
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)


def _opened(ports: Ports) -> dict[str, int | None]:
    """Return the ports as ``ready.json`` has them: that of the metrics only if it is open."""
    facts: dict[str, int | None] = asdict(ports)
    if ports.metrics is None:
        del facts["metrics"]
    return facts


def _open_files() -> int:
    """Return how many open files the system grants."""
    granted = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if granted == resource.RLIM_INFINITY else granted


def _start_work(
    data: Path, parts: ServerParts, doorstep: Doorstep, gate: Gate
) -> list[asyncio.Task[None]]:
    """Start the periodic work of the running server."""
    hub, acceptor, store, clock = parts.hub, parts.acceptor, parts.store, parts.clock
    check_logins = acceptor.services.accounts.check_logins
    checked = clock.time()

    async def tick() -> None:
        for _ in hub.tick_in_parts():
            await asyncio.sleep(0)
        for _ in acceptor.tick_in_parts():
            await asyncio.sleep(0)
        parts.http.tick()
        parts.metrics.tick()
        doorstep.tick()
        gate.check()

    async def refresh() -> None:
        nonlocal checked
        now = clock.time()
        changes = await store.changed_since(checked)
        hub.refresh(changes)
        acceptor.services.peers.refresh(changes)
        checked = now

    async def expire() -> None:
        was_doubted = parts.plausible.is_doubted
        now = parts.plausible.time()
        is_doubted = parts.plausible.is_doubted
        if is_doubted != was_doubted:
            await store.note_clock(now if is_doubted else None)
        await store.expire(now)
        await store.forget_ended(now)
        if await parts.positions.run(store.database, now):
            store.series_cache.clear()
        hub.forget_positions(now, parts.positions.days)
        await parts.http.context.audit.expire(now)
        await store.database.write(partial(forget_shares, now=now))
        await store.database.write(partial(drop_unshared, now=now))
        await refresh_left(store.database)

    def reload() -> None:
        if parts.certificates is not None:
            parts.certificates.refresh()
            parts.certificates.remind(clock.time())

    async def tell_operator() -> None:
        if parts.operator is not None:
            await parts.operator.note(await parts.find_troubles(data, gate))

    jobs: tuple[tuple[Job, float], ...] = (
        (tick, TICK), (refresh, REFRESH), (check_logins, REFRESH),
        (store.heartbeat, HEARTBEAT), (expire, EXPIRY), (parts.quotas.check, QUOTAS),
        (reload, RELOAD), (tell_operator, TROUBLES),
    )  # fmt: skip
    if parts.journeys is not None:
        jobs += ((parts.journeys.check, POLL),)
    if parts.journey_alerts is not None:
        jobs += ((parts.journey_alerts.check, JOURNEY_ALERTS),)
    if parts.backups is not None:
        jobs += ((parts.backups.check, CHECK),)
    work = [hub.keep_pace(PACE), *(_repeat(job, seconds) for job, seconds in jobs)]
    return [asyncio.create_task(each) for each in work]


async def _repeat(job: Job, seconds: float) -> None:
    """Do a job every so many seconds; a failure is logged once and does not end it.

    Why a database is away is told in other words from one moment to the next.
    """
    failing: object = None
    while True:
        try:
            result = job()
            if result is not None:
                await result
        except Exception as error:
            what = type(error) if isinstance(error, StoreError) else str(error)
            if what != failing:
                log.warning("periodic work failed", work=job.__name__, reason=str(error))
            failing = what
        else:
            if failing is not None:
                log.info("periodic work goes on", work=job.__name__)
            failing = None
        await asyncio.sleep(seconds)
