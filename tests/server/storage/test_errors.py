from __future__ import annotations

from ovms.server.storage.errors import OwnerHasVehicles


def test_owner_has_vehicles_counts() -> None:
    """One vehicle is not called several."""
    assert str(OwnerHasVehicles("bob", 1)) == "owner bob still has 1 vehicle"
    assert str(OwnerHasVehicles("bob", 2)) == "owner bob still has 2 vehicles"
