"""What is a vehicle identification number (ISO 3779)."""

from __future__ import annotations

import re

_VIN = re.compile(r"(?=.*[A-Z])[A-HJ-NPR-Z0-9]{17}", re.ASCII)


def is_vin(text: str) -> bool:
    """Return whether a text can be a VIN: 17 letters and digits without I, O and Q.

    Some control units that have none tell digits only, or one character over and over. The check
    digit is not looked at, because only North America requires it.
    """
    return _VIN.fullmatch(text) is not None and len(set(text)) > 1
