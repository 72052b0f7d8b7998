from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol import Message
from ovms.protocol.codes import parse_content
from ovms.protocol.records.alert import (
    Alert,
    AlertKind,
    AlertSubscription,
    VehicleError,
    parse_subscriptions,
)


@pytest.mark.parametrize(
    ("data", "kind", "text", "named"),
    [
        (b"ACharging stopped", "A", "Charging stopped", "alert"),
        (b"Idone, at last", "I", "done, at last", "information"),
        (b"ETR,10,5", "E", "TR,10,5", "error"),
        (b"A", "A", "", "alert"),
        (b"Xnew", "X", "new", "X"),
    ],
)
def test_alerts(data: bytes, kind: str, text: str, named: str) -> None:
    """The first character is the kind, the rest the text; a kind that is not known is kept."""
    alert = parse_content(Message("P", data))
    assert alert == Alert(kind, text)
    assert Alert(kind, text).message == Message("P", data)
    assert Alert(kind, text).as_json() == {"kind": named, "text": text}


def test_an_empty_alert_is_none() -> None:
    """Without a kind there is no alert."""
    assert parse_content(Message("P")) is None


@given(st.binary(min_size=1))
def test_any_alert_leaves_as_it_came(data: bytes) -> None:
    """Bytes that are not UTF-8 survive, and can be shown."""
    alert = Alert.parse(data)
    assert alert is not None
    assert alert.message.data == data
    str(alert.as_json()["text"]).encode()


def test_kinds() -> None:
    """The three kinds of the field."""
    assert "".join(kind.value for kind in AlertKind) == "AIE"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("TR,10,5", VehicleError("TR", 10, "5")),
        ("TR,10,a,b", VehicleError("TR", 10, "a,b")),
        ("TR,10", VehicleError("TR", 10, "")),
        (",0,", VehicleError("", 0, "")),
        ("TR", None),
        ("", None),
        ("TR,x,5", None),
        ("TR,-1,5", None),
        ("TR,²,5", None),
        ("TR,1234567890,5", None),
    ],
)
def test_vehicle_errors(text: str, error: VehicleError | None) -> None:
    """An error has a vehicle type, a code and the data that goes with it."""
    assert VehicleError.parse(text) == error


def subscription(vehicle: str, secret: str, key: str) -> AlertSubscription:
    """Return a subscription of the app's one phone."""
    return AlertSubscription("app", "gcm", "prod", vehicle, secret, key)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"app,gcm,prod,CAR,pw,key", [subscription("CAR", "pw", "key")]),
        (b"app,gcm,prod,CAR,p,w,key", [subscription("CAR", "p,w", "key")]),
        (
            b"app,gcm,prod,A,1,k1,B,2,k2",
            [subscription("A", "1,k1,B,2", "k2"), subscription("A", "1", "k1"),
             subscription("B", "2", "k2")],
        ),
        (b"app,expo,simple,key", [AlertSubscription("app", "expo", "simple", "", "", "key")]),
        (b"app,mail,,CAR,pw,-", [AlertSubscription("app", "mail", "", "CAR", "pw", "-")]),
        (b",gcm,prod,CAR,pw,key", []),
        (b"app,gcm,prod,CAR,pw", []),
        (b"app,expo,prod,key", []),
        (b"", []),
    ],
)  # fmt: skip
def test_subscriptions(data: bytes, expected: list[AlertSubscription]) -> None:
    """One triple, several, and the simple form; a secret may hold commas."""
    assert list(parse_subscriptions(data)) == expected


def test_what_a_subscription_is_about() -> None:
    """The simple form needs no proof; mail with the key - ends one."""
    (simple,) = parse_subscriptions(b"app,expo,simple,key")
    (mail,) = parse_subscriptions(b"app,mail,,CAR,pw,-")
    (push,) = parse_subscriptions(b"app,gcm,,CAR,pw,-")
    assert (simple.is_simple, mail.is_simple) == (True, False)
    assert (mail.ends, push.ends, simple.ends) == (True, False, False)


@given(st.binary(max_size=200))
def test_any_subscription_is_read_without_an_error(data: bytes) -> None:
    """Nothing that an app sends raises."""
    parse_subscriptions(data)
