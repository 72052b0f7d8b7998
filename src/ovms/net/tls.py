"""A caller's side of TLS: which servers it trusts."""

from __future__ import annotations

import ssl
from pathlib import Path


def client_context(ca: Path | None = None, *, insecure: bool = False) -> ssl.SSLContext:
    """Make the context of a caller: TLS 1.2 or newer, and a certificate that proves the host.

    It trusts the machine's roots, or only what is in ``ca`` (PEM): roots, or the server's own
    certificate. ``insecure`` takes any certificate of anybody: it keeps out who listens, not who
    pretends to be the server. Raises ``OSError`` if ``ca`` cannot be read, and among them
    ``ssl.SSLError`` if it holds no certificate.
    """
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca is not None:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a server's own needs no root
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
