from __future__ import annotations

import pytest

from ovms.protocol.modules import ModuleKind, module_kind


@pytest.mark.parametrize(
    ("firmware", "kind"),
    [
        (b"3.1.4/TR2.0/V2/pic,VIN,18,1,TR", ModuleKind.PIC),
        (b"2.6.1/RT1.0/V1/", ModuleKind.PIC),
        (b"1.5.0/V1/,VIN", ModuleKind.PIC),
        (b"3.3.005,VIN", ModuleKind.ESP32),
        (b"3.3.004-12-gabcdef/ota_0/main,VIN", ModuleKind.ESP32),
        (b"2.8.1,VIN", ModuleKind.ESP32),
        (b"3.3.005,/V2/,18", ModuleKind.ESP32),
        (b"3.3.005/V3/", ModuleKind.ESP32),
        (b"", ModuleKind.ESP32),
        (b"\xff/V2/", ModuleKind.PIC),
        (None, ModuleKind.ESP32),
    ],
)
def test_the_firmware_tells(firmware: bytes | None, kind: ModuleKind) -> None:
    """The hardware in the version tells which module a car has, not its first digit."""
    assert module_kind(firmware) is kind


def test_ours_is_told_by_its_hardware() -> None:
    """Our car is no ESP32, and opens sealed commands as a PIC does."""
    ours = b"3.0.0,VIN,99,0,TR,,-1,-1,ovms car,"
    assert module_kind(ours) is ModuleKind.OURS
    assert [kind for kind in ModuleKind if not kind.opens_commands] == [ModuleKind.ESP32]
