"""Paranoid mode: what the server relays without being able to read it."""

from __future__ import annotations

import pytest

from tests.conformance.client import make_token, open_paranoid, seal_paranoid
from tests.conformance.conftest import Case, everything
from tests.conformance.sentences import stands_for

GUIDE = "guide: Paranoid-mode encrypted message"
PASSWORD = "the module's own"
REPORT = b"S80,K,220,70,charging,standard,280,270"


@stands_for(
    GUIDE,
    "represents an encrypted transmission that the server should just relay",
    "The encryption is based on a shared secret, between the car and the apps",
    "<data> is",
)
@stands_for(
    GUIDE,
    "Create a new hmac-md5 based on the <ptoken>",
    "Use the new hmac digest as the key for symmetric rc4 encryption",
    "Generate, and discard, 1024 bytes of cipher text",
    "and the data is base64 encoded",
)
@stands_for(GUIDE, "Upon receiving a paranoid message from the car, the server forwards it on the")
@stands_for("interop 3", "The secret is the module password")
def test_a_sealed_report_reaches_apps_as_it_is(case: Case) -> None:
    """What a car seals reaches its clients unchanged, live and at login, and they can open it."""
    car, app, batch = case.car(), case.app(), case.batch()
    token = make_token()
    sealed = seal_paranoid(PASSWORD, token, REPORT)
    car.say(b"ET" + token.encode(), sealed)
    assert car.settle() == [b"Z1"]
    for heard in everything(app, batch):
        assert heard == [b"ET" + token.encode(), sealed, b"T0"]
    login = case.app().login
    assert login[1:3] == [b"ET" + token.encode(), sealed]
    assert open_paranoid(PASSWORD, token, login[2]) == REPORT


@stands_for(
    GUIDE,
    "In the case of <paranoidtoken>, the <ptoken> is a random token",
    "Upon receiving this token, the server discards all previously stored paranoid messages",
    "sends it on to all connected apps, and then stores the token",
    "Every time an app connects, the server also sends this token to the app",
)
@stands_for("interop 3", "a different one voids them")
def test_a_new_token_voids_what_was_sealed(case: Case) -> None:
    """A different token reaches the connected, voids what was sealed, and is told at login."""
    car, app = case.car(), case.app()
    car.say(b"ETfirst", b"EMSsealed", b"EMLsealed", b"W1,2", b"ETsecond")
    car.settle()
    heard = app.settle()
    assert heard.count(b"ETsecond") == 1
    login = case.app().login
    assert sorted(login[1:-1]) == sorted([b"ETsecond", b"W1,2"])


@stands_for("interop 3", "`ET` again with the same token keeps the stored messages")
def test_the_same_token_again(case: Case) -> None:
    """A car that repeats its token keeps what it sealed under it."""
    car = case.car()
    car.say(b"ETsame", b"EMSsealed", b"ETsame")
    car.settle()
    assert case.app().login[1:-1] == [b"ETsame", b"EMSsealed"]


@stands_for(GUIDE, "Every time an app connects, the server sends all such stored messages")
@stands_for("interop 1", "paranoid ones preceded once by `ET<token>`")
def test_the_token_precedes_what_is_sealed_once(case: Case) -> None:
    """At login the token comes once, before the first sealed message."""
    car = case.car()
    car.say(b"F1,VIN", b"ETtoken", b"EMSone", b"EMLtwo", b"EMDthree", b"W1,2")
    car.settle()
    car.wire.close()
    login = case.app().login
    assert login.count(b"ETtoken") == 1
    sealed = [at for at, payload in enumerate(login) if payload[:2] == b"EM"]
    assert len(sealed) == 3
    assert login.index(b"ETtoken") < sealed[0]


@stands_for(GUIDE, "It can only be sent <cartoserver> or <servertoapp>")
def test_a_token_comes_from_cars_only(case: Case) -> None:
    """A client's token goes nowhere."""
    car, app, other = case.car(), case.app(), case.app()
    car.say(b"ETtoken", b"EMSsealed")
    everything(car, app, other)
    app.say(b"ETmine")
    assert everything(app, car, other) == [[], [], []]
    assert case.app().login[1:-1] == [b"ETtoken", b"EMSsealed"]


@stands_for(GUIDE, "In the case of <paranoidcode>, the <code> is a sub-message code")
@pytest.mark.parametrize("code", [b"A", b"a", b"E"])
def test_what_is_never_sealed(case: Case, code: bytes) -> None:
    """A sealed A, a or E is nothing: it is not passed on, and ends no session."""
    car, app = case.car(), case.app()
    car.say(b"ETtoken")
    everything(car, app)
    car.say(b"EM" + code + b"AAAA")
    app.say(b"EM" + code + b"AAAA")
    assert everything(car, app) == [[], []]
    assert case.app().login[1:-1] == [b"ETtoken"]


@stands_for(
    GUIDE, "Upon receiving a paranoid message from an app, if the car is connected, the server"
)
@stands_for("guide: Command message", "The message would normally be paranoid-encrypted")
@stands_for("guide: Command response", "The message would normally be paranoid-encrypted")
@stands_for("interop 4", "A sealed answer (`EMc`) does not show its number: order is all there is")
def test_a_sealed_command_and_its_answer(case: Case) -> None:
    """A sealed command reaches the car as it is, its sealed answer the asker alone, in order."""
    car, one, other = case.car(), case.app(), case.app()
    car.say(b"ETtoken")
    everything(car, one, other)
    asked = [seal_paranoid(PASSWORD, "token", b"C20,%d" % number) for number in range(2)]
    one.say(asked[0])
    assert car.hear() == asked[0]
    other.say(asked[1])
    answers = [seal_paranoid(PASSWORD, "token", b"c20,0,%d" % number) for number in range(2)]
    car.say(answers[0])
    assert car.hear() == asked[1]
    car.say(answers[1])
    car.settle()
    assert one.settle() == [answers[0]]
    assert other.settle() == [answers[1]]


@stands_for(GUIDE, "forwards it on to the car, otherwise discarding it")
@stands_for("interop 4", "a sealed one it can only drop")
def test_a_sealed_command_for_an_absent_car(case: Case) -> None:
    """Without a car, what an app seals is dropped, and nothing of it waits for the car."""
    app = case.app()
    app.say(b"EMCsealed", b"EMQsealed")
    assert app.settle() == []
    assert case.car().login == [b"Z1"]


@stands_for(GUIDE, "This message is sent for any of the four message <protmsg> types")
def test_what_an_app_seals_reaches_the_car(case: Case) -> None:
    """Any sealed message of an app, not only a command, is passed on to the car as it is."""
    car, app = case.car(), case.app()
    car.say(b"ETtoken")
    everything(car, app)
    app.say(b"EMQsealed,as+it/is==")
    assert app.settle() == []
    assert car.settle() == [b"EMQsealed,as+it/is=="]


@stands_for("interop 3", "In paranoid mode everything but `A a E g P` comes sealed")
@stands_for("interop 3", "the server can neither store nor acknowledge those as history")
@pytest.mark.parametrize("code", [b"h", b"H"])
def test_sealed_history_is_forwarded(case: Case, code: bytes) -> None:
    """A sealed history record goes to the apps, is not acknowledged, and not kept."""
    car, app = case.car(), case.app()
    car.say(b"ETtoken")
    everything(car, app)
    car.say(b"EM" + code + b"sealed")
    assert car.settle() == []
    assert [each for each in app.settle() if each != b"T0"] == [b"EM" + code + b"sealed"]
    app.say(b"C31")
    assert app.hear() == b"c31,1,No historical data available"


@stands_for("interop 7", "A sealed `F` (`EMF`) is followed by `f` for the apps")
def test_a_sealed_firmware_brings_the_servers(case: Case) -> None:
    """An app hears the server's version behind it, as behind a plain one."""
    car, app = case.car(), case.app()
    car.say(b"ETtoken", b"EMFsealed")
    car.settle()
    heard = app.settle()
    assert heard[:2] == [b"ETtoken", b"EMFsealed"]
    assert heard[2][:1] == b"f"
    assert heard[3:] == [b"T0"]
