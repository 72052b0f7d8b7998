from __future__ import annotations

from ovms.protocol.records.group import GroupPosition


def test_a_car_leaves_its_id_to_the_server() -> None:
    """What a car sends has no vehicle id; with the id in front it is what apps read."""
    sent = GroupPosition(group="TRACK", soc=80, gps_lock=True, latitude=1, longitude=2)
    data = sent.encode().removeprefix(b",")
    assert data == b"TRACK,80,,,,1,,1.000000,2.000000"
    seen = GroupPosition.parse(b"DEMO," + data)
    assert (seen.vehicle_id, seen.group, seen.soc) == ("DEMO", "TRACK", 80)


def test_a_group_position_may_be_short() -> None:
    """Missing fields are unknown."""
    assert GroupPosition.parse(b"DEMO").group is None
    assert GroupPosition.parse(b"") == GroupPosition()
