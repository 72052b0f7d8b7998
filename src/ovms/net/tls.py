"""A caller's side of TLS: which servers it trusts."""

from __future__ import annotations

import ssl
from pathlib import Path


def client_context(ca: Path | None = None, *, insecure: bool = False) -> ssl.SSLContext:
    """Return the context of a caller: TLS 1.2 or newer, with a certificate that proves the host.

    It trusts the machine's roots, or only what is in ``ca`` (PEM): roots, or the server's own
    certificate. With ``insecure`` it accepts any certificate, which protects against listeners but
    not against somebody who pretends to be the server. Raises ``OSError`` if ``ca`` cannot be read,
    and ``ssl.SSLError``, which is one, if it holds no certificate.
    """
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca is not None:
        context.verify_flags |= (
            ssl.VERIFY_X509_PARTIAL_CHAIN
        )  # the server's own certificate needs no root
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
