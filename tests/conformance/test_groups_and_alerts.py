"""Groups of cars, alerts, and who wants to be told of them."""

from __future__ import annotations

import json
import time

import pytest

from tests.conformance.conftest import SECRET, Case, everything
from tests.conformance.sentences import stands_for
from tests.waiting import PATIENCE

SUBSCRIBE = "guide: Car group subscription message"
UPDATE = "guide: Car group update message"
ALERT = "guide: Push notification message"
PUSH = "guide: Push notification subscription"

# -- groups -------------------------------------------------------------------------------------


@stands_for(
    SUBSCRIBE, "requests subscription to the specified group", "<data> is comma-separated list of"
)
@stands_for(
    UPDATE,
    "transmits a group location message for the vehicle",
    "<data> is comma-separated list of",
)
@stands_for("interop 3", "`G` from an app is the group subscription")
@stands_for("interop 7", "Group names are compared without case")
def test_a_group(case: Case) -> None:
    """Who watches a group in any spelling hears each of its cars, id in front, in upper case."""
    other = case.suite_server.fresh()
    group = f"G{case.vehicle}".encode()
    place = group + b",80,55,90,12,1,1,22.27,114.18"
    cars, app, bystander = [case.car(), case.car(other)], case.app(), case.app()
    app.say(b"G" + group.lower())
    everything(app, bystander)
    for car, vehicle in zip(cars, (case.vehicle, other), strict=True):
        car.say(b"g" + group.lower() + place.removeprefix(group))
        car.settle()
        assert app.settle() == [b"g" + vehicle.encode() + b"," + place]
    cars[0].say(b"gANOTHER" + place)
    cars[0].settle()
    assert everything(app, bystander) == [[], []]
    assert case.app().login[1:-1] == []


@stands_for(SUBSCRIBE, "This message is sent <apptoserver>")
def test_a_group_is_not_passed_to_the_car(case: Case) -> None:
    """The server keeps a subscription to itself: the car hears nothing of it."""
    car, app = case.car(), case.app()
    everything(car, app)
    app.say(b"G" + case.vehicle.encode())
    app.settle()
    assert car.settle() == []


# -- alerts -------------------------------------------------------------------------------------


@stands_for(
    ALERT,
    'This message is sent <cartoserver> "C", or <servertoapp> "s"',
    "it requests the server to send a textual push notification alert",
    "The <data> is 1 byte alert type followed by N bytes of textual message",
    "The server will use this message to send the notification to any connected apps",
)
@stands_for(
    "interop 3", "`P` comes from cars and from clients", "Types: `A` alert, `I` information"
)
@stands_for("interop 3", "Text in a field holds no comma and no line end")
@pytest.mark.parametrize("role", ["C", "A", "B"])
@pytest.mark.parametrize("alert", [b"PAThe car, it charges", b"PIVehicle is idle", b"PAtwo\rlines"])
def test_an_alert_reaches_the_connected(case: Case, role: str, alert: bytes) -> None:
    """An alert of a car or of a client comes to all apps and batch clients as it is."""
    app, batch = case.app(), case.batch()
    caller = case.call(role)
    everything(app, batch)
    caller.say(alert)
    heard = caller.settle()
    assert heard == ([] if role == "C" else [alert])
    assert everything(app, batch) == [[alert], [alert]]
    assert case.app().login[1:-1] == []


@stands_for("interop 3", "expanded into text from a table per vehicle type before it is pushed")
def test_a_vehicle_error_is_put_into_words(case: Case) -> None:
    """An error comes to apps as text; the longest prefix of its type that has the code counts."""
    car, app = case.car(), case.app()
    car.say(b"PETR1N,25,42", b"PETR,25,42", b"PEXX,25,42")
    car.settle()
    told = app.settle()
    assert [each[:2] for each in told] == [b"PE"] * 3
    assert told[0] == told[1]
    assert b"42" in told[0]
    assert b"TR1N,25" not in told[0]
    assert told[2] != told[0]


def test_an_alert_is_not_passed_to_the_car(case: Case) -> None:
    """A client's alert goes to clients; an empty one to nobody."""
    car, app = case.car(), case.app()
    car.settle()
    app.say(b"PAhello", b"P")
    assert app.settle() == [b"PAhello"]
    assert car.settle() == []


# -- subscriptions ------------------------------------------------------------------------------


def subscriptions(case: Case, *vehicles: str) -> dict[str, set[str]]:
    """Return the app ids that are subscribed to each of some vehicles."""
    listed = json.loads(case.suite_server.ovms("notify", "list", "--json"))
    return {
        vehicle: {each["app"] for each in listed if each["vehicle"] == vehicle}
        for vehicle in vehicles
    }


@stands_for(
    PUSH,
    "This message is sent <apptoserver>",
    "<appid>,<pushtype>,<pushkeytype>{,<vehicleid>,<netpass>,<pushkeyvalue>}",
    "It is used by app to register for push notifications",
    "The <data> is made up of",
    "The server will verify the credentials for each vehicle",
)
@stands_for(
    "interop 3",
    "`p`: `<appid>,<pushtype>,<pushkeytype>,<vehicleid>,<netpass>,<pushkeyvalue>`, types",
)
@stands_for("interop 3", "Several triples in one message (guide) and one (today) both occur")
@stands_for("interop 3", "`<appid>,<type>,simple,<key>` subscribes the session's own vehicle")
@stands_for("interop 3", "`mail` with key `-` unsubscribes")
@stands_for("interop 6", "sends `p<uuid>,expo,simple,<token>`")
def test_subscriptions(case: Case) -> None:
    """Every form of p subscribes what it proves, nothing else, and mail with a dash ends it."""
    app, other = case.app(), case.suite_server.fresh()
    car = case.car()
    everything(app, car)
    mine, theirs = f"{case.vehicle.lower()},{SECRET}", f"{other},{SECRET}"
    app.say(
        f"pwrong,gcm,,{other},not the secret,key".encode(),
        f"punknown,gcm,,{other}X,{SECRET},key".encode(),
        b"pshort,gcm",
        b"pother,pigeon,simple,key",
        f"pended,mail,,{mine},me@example.org".encode(),
        f"pended,mail,,{mine},-".encode(),
        b"psimple,expo,simple,ExponentPushToken[abc]",
        f"pone,gcm,,{theirs},key".encode(),
        f"ptriples,gcm,production,{mine},key,{theirs},key".encode(),
        f"plast,gcm,,{mine},key".encode(),
    )
    assert app.settle() == []
    assert car.settle() == []
    deadline = time.monotonic() + PATIENCE
    while "last" not in (found := subscriptions(case, case.vehicle, other))[case.vehicle]:
        assert time.monotonic() < deadline, found
    assert found == {case.vehicle: {"simple", "triples", "last"}, other: {"one", "triples"}}


@stands_for("interop 3", "the vehicle belongs to the same owner, one row a vehicle and appid")
def test_whose_vehicle_is_subscribed(tcp: Case) -> None:
    """Another owner's vehicle is not subscribed, and an app that asks again has one row."""
    stranger = f"S{tcp.vehicle}"
    tcp.suite_server.ovms("owner", "add", f"owner of {stranger}"[:30].replace(" ", "-"))
    owner = f"owner of {stranger}"[:30].replace(" ", "-")
    tcp.suite_server.ovms("vehicle", "add", stranger, "--owner", owner, "--secret", SECRET)
    app = tcp.app()
    app.say(
        f"pphone,gcm,,{stranger},{SECRET},key".encode(),
        b"pphone,gcm,,%s,%s,first" % (tcp.vehicle.encode(), SECRET.encode()),
        b"pphone,gcm,,%s,%s,second" % (tcp.vehicle.encode(), SECRET.encode()),
        b"plast,expo,simple,ExponentPushToken[abc]",
    )
    app.settle()
    deadline = time.monotonic() + PATIENCE
    while "last" not in subscriptions(tcp, tcp.vehicle)[tcp.vehicle]:
        assert time.monotonic() < deadline
    listed = json.loads(tcp.suite_server.ovms("notify", "list", "--json"))
    rows = [each for each in listed if each["app"] == "phone" and each["vehicle"] == tcp.vehicle]
    assert len(rows) == 1
    assert subscriptions(tcp, stranger) == {stranger: set()}
