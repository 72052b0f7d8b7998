"""All addresses of the app, by the files whose routes they are, and the dialogs on them.

A test compares these tables with the sources: who adds a route or a dialog adds its address here,
and so has axe look at it. ``{trip}`` and the like stand for what :mod:`tests.web.filled` made.
"""

from __future__ import annotations

from typing import Final

CAR: Final = "/cars/CAR1"
"""It is there, and reports."""

AWAY: Final = "/cars/CAR2"
"""It has journeys, and was never heard: what a car reports makes its journeys anew."""

ROUTES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "routes.tsx": {
        "/cars": ("/cars",),
        "/cars/add-other": ("/cars/add-other",),
        "/cars/:vehicle": (CAR, AWAY),
        "/more": ("/more",),
        "*": ("/nothing",),
    },
    "pages/controls/ControlsPage.tsx": {
        "shell": (f"{CAR}/controls", f"{CAR}/controls/shell"),
        "features": (f"{CAR}/controls/features",),
        "parameters": (f"{CAR}/controls/parameters",),
        "*": (f"{CAR}/controls/nothing",),
    },
    "pages/journeys/JourneysPage.tsx": {
        ":id/*": (
            f"{AWAY}/journeys/{{trip}}",
            f"{AWAY}/journeys/{{charge}}",
            f"{AWAY}/journeys/{{parked}}",
        ),
        "*": (
            f"{CAR}/journeys",
            f"{AWAY}/journeys",
            f"{AWAY}/journeys?kind=trip",
            f"{AWAY}/journeys/0",
        ),
        "${tab}/*": (
            f"{AWAY}/journeys/sums",
            f"{AWAY}/journeys/battery",
            f"{CAR}/journeys/alerts",
        ),
    },
    "pages/journeys/journey/JourneyPage.tsx": {
        "edit": (f"{AWAY}/journeys/{{trip}}/edit", f"{AWAY}/journeys/{{charge}}/edit"),
        "split": (f"{AWAY}/journeys/{{trip}}/split",),
        "merge": (f"{AWAY}/journeys/{{trip}}/merge",),
        "*": (),
    },
    "pages/journeys/places/PlacesView.tsx": {
        "add": (f"{CAR}/journeys/places", f"{CAR}/journeys/places/add"),
        "${place.id}": (f"{CAR}/journeys/places/{{place}}",),
        "remove": (f"{CAR}/journeys/places/{{place}}/remove",),
        "tariff/:from": (f"{CAR}/journeys/places/{{place}}/tariff/always",),
        "*": (),
    },
    "pages/setup/CarSettingsPage.tsx": {
        "alerts": (f"{CAR}/settings", f"{CAR}/settings/alerts"),
        "sharing": (f"{CAR}/settings/sharing",),
        "module": (f"{CAR}/settings/module",),
        "provision": (f"{CAR}/settings/provision",),
    },
    "pages/setup/SetupPage.tsx": {
        "new": ("/setup", "/setup/new"),
        "module/:vehicle": ("/setup/module/CAR1", "/setup/module/CAR2?module=pic"),
    },
    "pages/account/AccountPage.tsx": {
        "security": ("/account", "/account/security"),
        "tokens": ("/account/tokens",),
        "shared": ("/account/shared",),
        "log": ("/account/log",),
        "data": ("/account/data",),
    },
    "pages/admin/AdminPage.tsx": {
        "owners": ("/admin", "/admin/owners"),
        "owners/:name": ("/admin/owners/other",),
        "vehicles": ("/admin/vehicles",),
        "connections": ("/admin/connections",),
        "log": ("/admin/log",),
    },
}
"""By file below ``web/src`` and the path that a route has there. An index route has none: its
address stands with the first one."""

CAR_PAGES: Final = {
    "map": (f"{CAR}/map",),
    "charts": (f"{CAR}/charts",),
    "alerts": (f"{CAR}/alerts", f"{CAR}/alerts?cars=all"),
    "records": (
        f"{CAR}/records",
        f"{CAR}/records?type={{record}}",
        f"{CAR}/records?view=data-use",
    ),
}
"""The pages of a car that have nothing below them."""

DIALOGS: Final[dict[str, tuple[str, ...]]] = {
    "ControlKey": (f"{CAR}/controls?dialog=lock", f"{CAR}?dialog=reboot"),
    "channel": (f"{CAR}/settings/alerts?dialog=channel",),
    "delete": (f"{CAR}/records?type={{record}}&dialog=delete",),
    "end-${string}": (
        f"{CAR}/settings/sharing?dialog=end-other",
        "/account/tokens?dialog=end-{token}",
    ),
    "erase": (f"{CAR}/settings/module?dialog=erase", "/account/data?dialog=erase"),
    "forget": (),
    "give-back-${string}": ("/account/shared?dialog=give-back-CAR3",),
    "give-${string}": ("/admin/vehicles?dialog=give-CAR1",),
    "link": (f"{CAR}/map?dialog=link",),
    "look": (f"{CAR}?dialog=look",),
    "owner": ("/admin/owners?dialog=owner",),
    "passkey-${string}": (),
    "qr": (),
    "record": (f"{CAR}/settings/provision?dialog=record",),
    "remove": (f"{CAR}/settings/module?dialog=remove", "/admin/owners/other?dialog=remove"),
    "remove-${string}": (
        "/admin/vehicles?dialog=remove-CAR1",
        f"{CAR}/settings/provision?dialog=remove-record",
    ),
    "secret": (f"{CAR}/settings/module?dialog=secret",),
    "share": (f"{CAR}/settings/sharing?dialog=share",),
    "share-${string}": (f"{CAR}/settings/sharing?dialog=share-other",),
    "token": ("/account/tokens?dialog=token",),
    "token-${number}": ("/account/tokens?dialog=token-{token}",),
    "unseal": (f"{CAR}?dialog=unseal",),
}
"""By the names in ``DialogName``. A test of their own opens those without an address."""

OF_STRANGERS: Final = {
    "/login": "/login",
    "/register": "/register",
    "/reset": "/reset",
    "/email": "/email",
    "/live/:secret": "/live/none",
}
"""Pages for those who are not logged in."""

ELSEWHERE: Final = {
    "/first-run": "tests/web/test_setup.py opens it",
    "/demo": "it leads to the log-in, or to a car, at once",
    "/setup/*": "its own file has what is below",
    "/account/*": "its own file has what is below",
    "/admin/*": "its own file has what is below",
}
"""Routes of the app's table that need no address here, and why."""


def addresses(names: dict[str, str]) -> list[str]:
    """Return all addresses for who is logged in, with ``names`` of what was made.

    Each is there once, and a dialog stands behind its page.
    """
    tables = [*ROUTES.values(), CAR_PAGES, DIALOGS]
    found = [each for table in tables for group in table.values() for each in group]
    return sorted({each.format_map(names) for each in found}, key=lambda each: each.split("?"))
