from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.server.http.v1.cars import ApiCar, make_car

if TYPE_CHECKING:
    import httpx

    from tests.server.http.v1.site import ApiSite

FEATURES = "/vehicles/CAR1/features"
PARAMETERS = "/vehicles/CAR1/parameters"


@pytest.fixture
async def car(v1: ApiSite) -> ApiCar:
    """Have CAR1 there."""
    return await make_car(v1)


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a call that failed."""
    return answer.status_code, answer.json()["error"]["code"]


async def test_features(car: ApiCar) -> None:
    """The car is asked for its features; what is no number is unknown."""
    rows = "c1,0,0,16,1", "c1,0,9,16,20", "c1,0,14,16,x", "c1,0,15,16,"
    answer = await car.answers(f"GET {FEATURES}", *rows, sent="C1")
    assert answer.json() == [
        {"number": 0, "name": "digital speedo", "value": 1},
        {"number": 9, "name": "minimum SOC", "value": 20},
        {"number": 14, "name": None, "value": None},
        {"number": 15, "name": "CAN write enabled", "value": None},
    ]
    answer = await car.answers(f"GET {FEATURES}/9", *rows)
    assert answer.json()["value"] == 20
    assert refused(await car.answers(f"GET {FEATURES}/3", *rows)) == (404, "no_feature")


async def test_a_feature(car: ApiCar) -> None:
    """It is set, and told as it is then."""
    body = {"value": 30}
    answer = await car.answers(f"PUT {FEATURES}/9", "c2,0,Feature has been set", sent="C2,9,30",
                               json=body)  # fmt: skip
    assert answer.json() == {"number": 9, "name": "minimum SOC", "value": 30}


async def test_parameters(car: ApiCar) -> None:
    """Of a password only whether it is set is told."""
    rows = "c3,0,0,32,+49 1", "c3,0,1,32,secret", "c3,0,9,32,", "c3,0,31,32,a,b"
    answer = await car.answers(f"GET {PARAMETERS}", *rows, sent="C3")
    assert answer.json() == [
        {"number": 0, "name": "registered telephone number", "value": "+49 1", "is_secret": False},
        {"number": 1, "name": "registration password", "value": "*", "is_secret": True},
        {"number": 9, "name": "network password", "value": None, "is_secret": True},
        {"number": 31, "name": "feature 15", "value": "a,b", "is_secret": False},
    ]
    answer = await car.answers(f"GET {PARAMETERS}/0", *rows)
    assert answer.json()["value"] == "+49 1"
    assert refused(await car.answers(f"GET {PARAMETERS}/2", *rows)) == (404, "no_parameter")


@pytest.mark.parametrize(
    ("number", "value", "sent", "shown"),
    [(5, "internet, or so", "C4,5,internet, or so", "internet, or so"), (7, "x", "C4,7,x", "*"),
     (7, "", "C4,7,", None)],
)  # fmt: skip
async def test_a_parameter(
    car: ApiCar, number: int, value: str, sent: str, shown: str | None
) -> None:
    """It is set; a password is not told again."""
    answer = await car.answers(f"PUT {PARAMETERS}/{number}", "c4,0,done", sent=sent,
                               json={"value": value})  # fmt: skip
    assert answer.json()["value"] == shown


@pytest.mark.parametrize(
    ("path", "body"),
    [(f"{FEATURES}/32", {"value": 1}), (f"{FEATURES}/1", {"value": 256}), (f"{FEATURES}/1", {}),
     (f"{FEATURES}/1", {"value": "1"}), (f"{PARAMETERS}/32", {"value": "x"}),
     (f"{PARAMETERS}/5", {"value": "x\ny"}), (f"{PARAMETERS}/5", {"value": "é" * 128}),
     (f"{PARAMETERS}/9", {"value": "*"})],
)  # fmt: skip
async def test_what_cannot_be(car: ApiCar, path: str, body: dict[str, Any]) -> None:
    """It is refused, and the car is not asked."""
    assert (await car.v1.call(f"PUT {path}", json=body)).status_code == 422
    assert not car.line.messages


@pytest.mark.parametrize(
    ("said", "code"), [("c2,1,no", "refused"), ("c2,2,no", "unsupported"), ("c2,3", "unsupported"),
                       ("c2,7,no", "refused")]
)  # fmt: skip
async def test_a_refusal(car: ApiCar, said: str, code: str) -> None:
    """What the car refuses is a conflict, in its words."""
    answer = await car.answers(f"PUT {FEATURES}/9", said, json={"value": 1})
    assert refused(answer) == (409, code)


async def test_no_car(v1: ApiSite) -> None:
    """Nobody is there to be asked."""
    assert refused(await v1.call(f"GET {FEATURES}")) == (409, "not_connected")


async def test_a_car_that_seals(car: ApiCar) -> None:
    """Only its apps can ask it."""
    car.says("ET0123456789012345678901", "EMS80,K")
    assert refused(await car.v1.call(f"GET {FEATURES}")) == (502, "paranoid")


async def test_with_whom_it_is_shared(car: ApiCar) -> None:
    """They may set features with the rights to it; parameters are the owner's, with all rights."""
    car.v1.share("command,manage")
    answer = await car.answers(f"PUT {FEATURES}/9", "c2,0", owner="alice", json={"value": 1})
    assert answer.status_code == 200
    assert refused(await car.v1.call(f"GET {PARAMETERS}", "alice")) == (403, "not_owner")
