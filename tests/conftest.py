"""What all tests share: a free port for TLS each, and logs as a program has them."""

from __future__ import annotations

import logging
import os

from ovms.base import logs

os.environ.setdefault("OVMS_TLS_PORT", "0")  # many servers run at once

# Loggers that tests capture with structlog's own helper must be structlog's from the first on.
logs._configure(logging.WARNING, "text", None)
