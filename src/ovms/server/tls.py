"""Which certificate a caller gets, and new ones when their files change.

The listener has one context for good, without a certificate of its own. It asks
:class:`Certificates` at each handshake, which answers by the name that the caller asked for. So a
renewed certificate, even one with another kind of key, is there from the next handshake on, and
connections that are open are not touched.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ovms.base.logs import get_logger
from ovms.server.certificate import (
    BadCertificate,
    Certificate,
    Pair,
    find_pair,
    make_certificate,
    read_certificate,
    server_context,
)
from ovms.server.settings import ServerSettings

WARN_BEFORE: Final = 14 * 86400.0
"""Seconds before the end of a certificate from which the operator is told."""

WARN_AGAIN: Final = 86400.0
"""Seconds until he is told again."""

log = get_logger("ovms.tls")


@dataclass(slots=True)
class _Slot:
    """A place for a certificate: what was read there last, and what was last looked at."""

    pair: Pair
    current: Certificate | None = None
    warned: float | None = None
    _seen: object = field(default=None, repr=False)

    def refresh(self) -> bool:
        """Read the files if they changed; tell whether there is a new certificate.

        Bad ones leave what there was, and are told once.
        """
        stamp = self.pair.stamp
        if stamp == self._seen:
            return False
        found, problem = _try_to_read(self.pair)
        if self.pair.stamp != stamp:
            return False  # somebody is writing: judge what he leaves
        self._seen = stamp
        if found is None:
            log.warning("certificate not taken", reason=problem)
            return False
        log.info("certificate taken", **_facts(found))
        self.current, self.warned = found, None
        return True


def _try_to_read(pair: Pair) -> tuple[Certificate | None, str]:
    try:
        return read_certificate(pair), ""
    except BadCertificate as error:
        return None, str(error)


class Certificates:
    """The certificates of a server, read from ``pair`` and from the pairs in the folder ``names``.

    Raises :class:`~ovms.server.certificate.BadCertificate` if ``pair`` is none; a bad one in the
    folder is only logged.
    """

    def __init__(self, pair: Pair, names: Path | None = None) -> None:
        stamp = pair.stamp
        self._first = read_certificate(pair)
        self._default = _Slot(pair, self._first, _seen=stamp)
        self._names = names
        self._slots: dict[str, _Slot] = {}
        self._by_name: dict[str, Certificate] = {}
        self._folder_problem = ""
        self.context = server_context()
        """For the listener; callers without a name, or with an unknown one, get the default."""
        self.context.sni_callback = self._choose
        self.refresh()

    @property
    def default(self) -> Certificate:
        """The certificate of callers that name none of the others."""
        return self._default.current or self._first

    def refresh(self) -> None:
        """Take up certificates that came, changed or went. Call it every few seconds."""
        changed = self._default.refresh()
        before = set(self._slots)
        if self._look_for_folders():
            for slot in self._slots.values():
                changed = slot.refresh() or changed
        if changed or before != set(self._slots):
            self._by_name = self._map_names()

    def remind(self, now: float) -> None:
        """Warn of certificates that end soon or have ended, each once a day at most.

        ``now`` in Unix seconds. Call it as often as you like.
        """
        for slot in self._all():
            certificate = slot.current
            if certificate is None or certificate.ends.timestamp() - now >= WARN_BEFORE:
                continue
            if slot.warned is None or not 0 <= now - slot.warned < WARN_AGAIN:
                slot.warned = now
                is_over = certificate.ends.timestamp() <= now
                event = "certificate has expired" if is_over else "certificate expires soon"
                log.warning(event, **_facts(certificate))

    def find(self, name: str | None) -> Certificate:
        """Return the certificate for a host name."""
        if not name:
            return self.default
        exact = name.lower().rstrip(".")
        found = self._by_name.get(exact)
        return found or self._by_name.get("*." + exact.partition(".")[2]) or self.default

    def _choose(self, tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        tls.context = self.find(name).context

    def _all(self) -> list[_Slot]:
        return [self._default, *self._slots.values()]

    def _look_for_folders(self) -> bool:
        """See which names there are; false if that cannot be seen."""
        if self._names is None:
            return False
        try:
            pairs = list_pairs(self._names)
        except BadCertificate as error:
            if str(error) != self._folder_problem:
                self._folder_problem = str(error)
                log.warning("certificates not looked for", reason=str(error))
            return False
        self._folder_problem = ""
        old = self._slots
        self._slots = {name: old.get(name) or _Slot(pair) for name, pair in pairs.items()}
        return True

    def _map_names(self) -> dict[str, Certificate]:
        """Return who gets what: what a certificate covers, and over it what its folder says."""
        found: dict[str, Certificate] = {}
        own: dict[str, Certificate] = {}
        for name, slot in self._slots.items():
            if slot.current is not None:
                found.update(dict.fromkeys(slot.current.names, slot.current))
                own[name] = slot.current
        return found | own


def _facts(certificate: Certificate) -> dict[str, str]:
    return {"file": str(certificate.pair.certificate), "expires": f"{certificate.ends:%Y-%m-%d}"}


def list_pairs(folder: Path) -> dict[str, Pair]:
    """Return the pairs in a folder laid out like certbot's ``live``, by host name in lower case.

    Raises :class:`~ovms.server.certificate.BadCertificate` if it cannot be listed.
    """
    try:
        inside = sorted(each for each in folder.iterdir() if each.is_dir())
    except OSError as error:
        raise BadCertificate(f"{folder}: {error.strerror}") from None
    pairs = {
        each.name.lower(): Pair(each / "fullchain.pem", each / "privkey.pem") for each in inside
    }
    return {name: pair for name, pair in pairs.items() if pair.is_there}


def open_certificates(settings: ServerSettings, now: float) -> Certificates | None:
    """Read the certificates, after making the default one on the first start; ``None`` without TLS.

    ``now`` in Unix seconds. Raises :class:`~ovms.server.certificate.BadCertificate`, and
    ``OSError`` if none can be made. A bad certificate for a further name is only logged.
    """
    if not settings.tls:
        return None
    pair = find_pair(settings.data, settings.tls_cert, settings.tls_key)
    if settings.tls_cert is None and not pair.certificate.exists():
        make_certificate(pair, socket.gethostname(), now)
    names = _names_folder(settings)
    if names is not None:
        list_pairs(names)
    certificates = Certificates(pair, names)
    certificates.remind(now)
    return certificates


def check_certificates(settings: ServerSettings, now: float) -> None:
    """Read everything that :func:`open_certificates` would, make nothing, and judge the dates.

    Raises :class:`~ovms.server.certificate.BadCertificate`.
    """
    if not settings.tls:
        return
    pair = find_pair(settings.data, settings.tls_cert, settings.tls_key)
    pairs = [pair] if settings.tls_cert is not None or pair.certificate.exists() else []
    names = _names_folder(settings)
    for each in [*pairs, *(list_pairs(names).values() if names is not None else ())]:
        problem = read_certificate(each).problem(now)
        if problem is not None:
            raise BadCertificate(problem)


def _names_folder(settings: ServerSettings) -> Path | None:
    return None if settings.tls_names is None else settings.data / settings.tls_names
