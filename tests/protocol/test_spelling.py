from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol.spelling import composed, owner_key, vehicle_key

NFC, NFD = "J\xf6rg", "Jo\u0308rg"


def test_spellings() -> None:
    """Two spellings of an accent are the same name, in any case; other letters are others."""
    assert composed(NFD) == NFC
    assert vehicle_key(NFD) == vehicle_key(NFC.lower()) == "J\xd6RG"
    assert owner_key(NFD.upper()) == owner_key(NFC) == "j\xf6rg"
    assert owner_key("Jorg") != owner_key(NFC)
    assert vehicle_key("demo-1") == "DEMO-1"


@given(st.text())
def test_a_key_is_its_own_key(text: str) -> None:
    """What is stored compares equal to itself."""
    assert vehicle_key(vehicle_key(text)) == vehicle_key(text)
    assert owner_key(owner_key(text)) == owner_key(text)
    assert vehicle_key(composed(text)) == vehicle_key(text)
