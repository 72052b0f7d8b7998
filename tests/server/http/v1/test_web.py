from __future__ import annotations

from typing import TYPE_CHECKING

from ovms import __version__
from ovms.server.http.web_options import DemoLogin, MapSource, WebOptions
from tests.server.http.v1.site import SESSION

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_for_nobody(v1: ApiSite) -> None:
    """Whoever is not logged in learns what the server offers, and that they are not."""
    answer = await v1.call("GET /web", None)
    assert answer.json() == {
        "name": "OVMS",
        "version": __version__,
        "is_new": False,
        "registration": False,
        "mail": False,
        "demo": None,
        "map": None,
        "push_key": None,
        "session": None,
    }
    over = await v1.call("GET /web", None, headers={"cookie": "ovms_session=over"})
    assert (over.status_code, over.json()["session"]) == (200, None)


async def test_for_a_session(v1: ApiSite) -> None:
    """It says who is logged in, as the call for sessions does."""
    found = (await v1.call("GET /web", permit=SESSION)).json()["session"]
    assert found == (await v1.call("GET /session", permit=SESSION)).json()
    assert found["owner"] == "Bob"


async def test_what_the_operator_says(v1: ApiSite) -> None:
    """The demo's log-in and the map's ground are told to everybody."""
    source = MapSource("raster", "https://tiles.example/{z}/{x}/{y}.png", "Example")
    options = WebOptions(map=source, demo=DemoLogin("demo", "word"))
    object.__setattr__(v1.context, "web", options)
    object.__setattr__(v1.context, "public_url", "https://cars.example/ovms")
    answer = (await v1.call("GET /web", None)).json()
    assert answer["name"] == "cars.example"
    assert answer["demo"] == {"owner": "demo", "password": "word"}
    assert answer["map"] == {
        "kind": "raster",
        "url": source.url,
        "attribution": "Example",
        "hosts": ["https://tiles.example"],
    }
