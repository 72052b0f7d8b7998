"""Which module a car has. The size of its buffer and the units of some fields depend on it."""

from __future__ import annotations

import re
from enum import Enum

_PIC_VERSION = re.compile(rb"[^,]*/V[12]/")
"""How a PIC's ``F`` begins: ``3.1.4/TR2.0/V2/…``, with ``/V1/`` or ``/V2/`` for its hardware."""


class ModuleKind(Enum):
    """The modules in the field. Our own car speaks as an ESP32."""

    PIC = "PIC"
    ESP32 = "ESP32"


def module_kind(firmware: bytes | None) -> ModuleKind:
    """Return which module a car has whose latest plain ``F`` has these data; ``None`` is unknown.

    The first digit of a version does not tell: a PIC has firmware 1 to 3, an ESP32 3. An unknown
    module counts as an ESP32: the PIC is no longer built.
    """
    is_pic = firmware is not None and _PIC_VERSION.match(firmware) is not None
    return ModuleKind.PIC if is_pic else ModuleKind.ESP32
