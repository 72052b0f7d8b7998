"""Which module a car has. The size of its buffer and the units of some fields depend on it."""

from __future__ import annotations

import re
from enum import Enum

_PIC_VERSION = re.compile(rb"[^,]*/V[12]/")
"""How a PIC's ``F`` begins: ``3.1.4/TR2.0/V2/…``, with ``/V1/`` or ``/V2/`` for its hardware."""

OUR_HARDWARE = "ovms car"
"""The hardware that our own car names in its ``F``."""


class ModuleKind(Enum):
    """The modules in the field, and ours, which speaks as an ESP32 but for what is said here."""

    PIC = "PIC"
    ESP32 = "ESP32"
    OURS = "ours"

    @property
    def opens_commands(self) -> bool:
        """Whether it opens a sealed command: an ESP32 decodes it one character off."""
        return self is not ModuleKind.ESP32


def is_pic(firmware: bytes) -> bool:
    """Return whether an ``F`` is of a PIC; see :func:`module_kind`."""
    return _PIC_VERSION.match(firmware) is not None


def module_kind(firmware: bytes | None) -> ModuleKind:
    """Return which module a car has whose latest plain ``F`` has these data; ``None`` is unknown.

    The first digit of a version does not tell: a PIC has firmware 1 to 3, an ESP32 3. An unknown
    module counts as an ESP32: the PIC is no longer built.
    """
    if firmware is None:
        return ModuleKind.ESP32
    if is_pic(firmware):
        return ModuleKind.PIC
    is_ours = firmware.split(b",")[8:9] == [OUR_HARDWARE.encode()]
    return ModuleKind.OURS if is_ours else ModuleKind.ESP32
