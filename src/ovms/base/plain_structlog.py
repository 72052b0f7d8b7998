"""structlog, imported without Rich.

structlog imports Rich wherever it is installed, for tracebacks that show variables, which we never
show: 4 MB of memory and a tenth of the time that a server takes to start.
"""

from __future__ import annotations

import sys
from typing import Any, cast

_modules = cast("dict[str, Any]", sys.modules)
_is_hidden = "rich" not in _modules
if _is_hidden:
    _modules["rich"] = None  # so that an import of it fails
try:
    import structlog
finally:
    if _is_hidden:
        del _modules["rich"]

__all__ = ["structlog"]
