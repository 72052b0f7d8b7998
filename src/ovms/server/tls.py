"""Which certificate a caller gets, and new ones when their files change.

The listener has one context as long as it lives, without a certificate. At each handshake
:class:`Certificates` chooses one by the name that the caller asks for. So a renewed certificate is
used from the next handshake on, even one with another kind of key, and open connections stay open.
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
"""Seconds before the end of a certificate from which the operator is warned."""

WARN_AGAIN: Final = 86400.0
"""Seconds until the operator is warned again."""

log = get_logger("ovms.tls")


@dataclass(slots=True)
class _Slot:
    """Two files of a certificate, and the certificate that was last read from them."""

    pair: Pair
    current: Certificate | None = None
    warned: float | None = None
    _seen: object = field(default=None, repr=False)

    def refresh(self) -> bool:
        """Read the files if they changed; return whether there is a new certificate.

        Bad files are logged once, and the old certificate stays.
        """
        stamp = self.pair.stamp
        if stamp == self._seen:
            return False
        found, problem = _try_to_read(self.pair)
        if self.pair.stamp != stamp:
            return False  # they are being written; the next call reads them
        self._seen = stamp
        if found is None:
            log.warning("certificate cannot be used", reason=problem)
            return False
        log.info("certificate loaded", **_facts(found))
        self.current, self.warned = found, None
        return True


def _try_to_read(pair: Pair) -> tuple[Certificate | None, str]:
    try:
        return read_certificate(pair), ""
    except BadCertificate as error:
        return None, str(error)


class Certificates:
    """The certificates of a server, read from ``pair`` and from the pairs in the folder ``names``.

    Raises :class:`~ovms.server.certificate.BadCertificate` if ``pair`` cannot be used. A bad one in
    the folder is only logged.
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
        """The listener's context. Callers with no name or an unknown one get the default."""
        self.context.sni_callback = self._choose
        self.refresh()

    @property
    def default(self) -> Certificate:
        """Return the certificate of callers that ask for no other."""
        return self._default.current or self._first

    def refresh(self) -> None:
        """Load certificates that are new, changed or removed. Call it every few seconds."""
        changed = self._default.refresh()
        before = set(self._slots)
        if self._look_for_folders():
            for slot in self._slots.values():
                changed = slot.refresh() or changed
        if changed or before != set(self._slots):
            self._by_name = self._map_names()

    def remind(self, now: float) -> None:
        """Log certificates that end soon or have ended, each once a day at most.

        ``now`` in Unix seconds. Call it as often as you like.
        """
        for slot in self._all():
            certificate = slot.current
            if certificate is None or not _is_ending(certificate, now):
                continue
            if slot.warned is None or not 0 <= now - slot.warned < WARN_AGAIN:
                slot.warned = now
                is_over = certificate.ends.timestamp() <= now
                event = "certificate has expired" if is_over else "certificate expires soon"
                log.warning(event, **_facts(certificate))

    def ends(self) -> dict[str, float]:
        """Return when each certificate ends, in Unix seconds, by its folder's name.

        The one of callers that ask for no other is ``default``.
        """
        slots = {"default": self._default, **self._slots}
        certificates = {name: slot.current for name, slot in slots.items()}
        return {name: each.ends.timestamp() for name, each in certificates.items() if each}

    def ending(self, now: float) -> list[Certificate]:
        """Return those that end soon or have ended."""
        current = [slot.current for slot in self._all()]
        return [each for each in current if each is not None and _is_ending(each, now)]

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
        """List the folder of names; return false if that is not possible."""
        if self._names is None:
            return False
        try:
            pairs = list_pairs(self._names)
        except BadCertificate as error:
            if str(error) != self._folder_problem:
                self._folder_problem = str(error)
                log.warning("certificates cannot be listed", reason=str(error))
            return False
        self._folder_problem = ""
        old = self._slots
        self._slots = {name: old.get(name) or _Slot(pair) for name, pair in pairs.items()}
        return True

    def _map_names(self) -> dict[str, Certificate]:
        """Return certificates by host name: those that they cover, then those of their folders."""
        found: dict[str, Certificate] = {}
        own: dict[str, Certificate] = {}
        for name, slot in self._slots.items():
            if slot.current is not None:
                found.update(dict.fromkeys(slot.current.names, slot.current))
                own[name] = slot.current
        return found | own


def _is_ending(certificate: Certificate, now: float) -> bool:
    return certificate.ends.timestamp() - now < WARN_BEFORE


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
    """Read the certificates, and make the default one on the first start; ``None`` without TLS.

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


def check_certificates(settings: ServerSettings, now: float) -> list[Pair]:
    """Check all files and dates of :func:`open_certificates`, and make nothing; return the pairs.

    Raises :class:`~ovms.server.certificate.BadCertificate`.
    """
    if not settings.tls:
        return []
    pair = find_pair(settings.data, settings.tls_cert, settings.tls_key)
    pairs = [pair] if settings.tls_cert is not None or pair.certificate.exists() else []
    names = _names_folder(settings)
    pairs += list_pairs(names).values() if names is not None else ()
    for each in pairs:
        problem = read_certificate(each).problem(now)
        if problem is not None:
            raise BadCertificate(problem)
    return pairs


def _names_folder(settings: ServerSettings) -> Path | None:
    return None if settings.tls_names is None else settings.data / settings.tls_names
