from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage import queries
from ovms.server.storage.sealing import seal_parameters
from tests.server.http.v1.cases import Case, Need

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

ICCID = "8985200011112222333"
BODY = {"vin": "5YJRE1", "iccid": ICCID, "server": "cars.example.org"}


def have_record(site: ApiSite) -> dict[str, str]:
    """Put a record of CAR1 into the database; nothing of it stands in the path."""
    with site.database.writing() as connection:
        record = seal_parameters(ICCID, ["-"])
        now = site.clock.time()
        bob = queries.get_owner(connection, "bob")
        queries.add_provision(connection, "VIN1", record, now, bob, vehicle_id="CAR1", replace=True)
    return {}


PATH = "/vehicles/{vehicle_id}/provision"

CALLS = {
    f"GET {PATH}": Case(Need.OWNER),
    f"PUT {PATH}": Case(Need.OWNER, request={"json": BODY}),
    f"DELETE {PATH}": Case(Need.OWNER, prepare=have_record),
}
