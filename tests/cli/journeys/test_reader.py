from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.cli.journeys.reader import open_reader
from ovms.protocol.messages import LatestMessage
from ovms.server.journeys.values import JourneyKind
from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.owner_locale import set_owner_locale
from tests.server.storage.databases import apply

if TYPE_CHECKING:
    from tests.cli.journeys.site import JourneySite


def test_times_of_the_owner(site: JourneySite) -> None:
    """Days and times without a zone are those of the vehicle's owner."""
    with site.database.writing() as connection:
        bob = queries.get_owner(connection, "bob").id
        set_owner_locale(connection, bob, {"zone": "Europe/Berlin"}, 2.0)
    with open_reader("car1", site.folder, None, None) as reader:
        assert reader.span("2025-06-15", "2025-06-15T22:00:00Z") == (1_749_938_400, 1_750_024_800)
        assert reader.span(None, None) == (None, None)
    assert site.table("trips", "CAR1")[0]["start"] == "2025-06-15 17:06"


def test_rows(site: JourneySite) -> None:
    """Journeys come the oldest first, also where only the newest are wanted."""
    with open_reader("CAR1", site.folder, None, None) as reader:
        assert [row.id for row in reader.rows(JourneyKind.TRIP, None, None)] == [1, 2]
        assert [row.id for row in reader.rows(JourneyKind.TRIP, None, None, limit=5)] == [1, 2]
        assert [row.id for row in reader.rows(JourneyKind.TRIP, None, None, limit=1)] == [2]
        assert [*reader.rows(JourneyKind.CHARGE, 0, 1)] == []


def test_units_of_the_car(site: JourneySite) -> None:
    """Without a choice distances are in the unit in which the car reports."""
    batch = Batch()
    batch.messages["CAR1"] = {"S": LatestMessage("S", b"50,M", 1.0)}
    apply(site.database, batch)
    with open_reader("CAR1", site.folder, None, None) as reader:
        assert reader.units("car").length == "mi"
        assert reader.units("c").length == "mi"
        assert reader.units("metric").length == "km"
    with open_reader("CAR2", site.folder, None, None) as reader:
        assert reader.units("car").length == "km"
