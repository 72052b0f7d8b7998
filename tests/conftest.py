"""Every server of the tests takes a free port for TLS unless told otherwise: many run at once."""

from __future__ import annotations

import os

os.environ.setdefault("OVMS_TLS_PORT", "0")
