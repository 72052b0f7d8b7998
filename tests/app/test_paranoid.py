"""Paranoid mode as an app sees it: the opener, the snapshot, and an app on a real connection."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.app import NoAnswer, PasswordNeeded, PasswordWrong, Seen, Snapshot
from ovms.app.paranoid import Opener
from ovms.protocol import Message
from ovms.protocol.paranoid import Sealer
from tests.app.scripted import FIRMWARE, STATUS, ScriptedServer, until

PASSWORD = "MODPASS"
SEALER = Sealer.make(PASSWORD, "PaRaNoIdToKeN012345678")
OTHER = Sealer.make("MODPASS", "AnOtHeRtOkEn0123456789")
TOKEN = SEALER.announcement
LATIN = Message("c", "7,0,Zürich".encode("latin-1"))


def opener(password: str | None = PASSWORD) -> Opener:
    """Return an opener that knows the token."""
    made = Opener(password)
    made.receive(TOKEN)
    return made


def snapshot(password: str | None, *messages: Message) -> Snapshot:
    """Return a snapshot that has received messages at 1000."""
    made = Snapshot("DEMO", opener=Opener(password))
    for message in messages:
        made.receive(message, 1000)
    return made


# -- the opener -----------------------------------------------------------------------------


def test_it_opens_once_the_token_is_known() -> None:
    """Before the token nothing is opened; after it everything; in plain stays in plain."""
    made = Opener("MODPASS")
    assert made.receive(SEALER.seal(STATUS)).code == "E"
    assert made.receive(TOKEN) == TOKEN
    assert made.receive(SEALER.seal(STATUS)) == STATUS
    assert made.receive(STATUS) == STATUS
    assert made.seals
    assert made.seal(Message("C", b"20,1234")) == SEALER.seal(Message("C", b"20,1234"))


@pytest.mark.parametrize("password", [None, "MODPASS"])
def test_without_password_or_token_nothing_is_sealed(password: str | None) -> None:
    """A command goes as it is."""
    command = Message("C", b"20,1234")
    assert Opener(password).seal(command) == command
    assert opener(None).seal(command) == command
    assert not opener(None).has_password


def test_a_wrong_password_opens_nothing_any_more() -> None:
    """The first rubbish is noticed; later messages stay sealed, and commands are refused."""
    made = opener("wrong")
    for message in (FIRMWARE, STATUS, Message("c", b"20,0")):
        assert made.receive(SEALER.seal(message)).code == "E"
    assert made.is_wrong
    with pytest.raises(PasswordWrong):
        made.seal(Message("C", b"20"))


def test_a_new_token_is_a_new_chance() -> None:
    """The same token told again changes nothing; a new one is tried again."""
    made = opener("wrong")
    made.receive(SEALER.seal(STATUS))
    made.receive(TOKEN)
    assert made.is_wrong
    right = Sealer.make("wrong", OTHER.token)
    made.receive(right.announcement)
    assert not made.is_wrong
    assert made.receive(right.seal(STATUS)) == STATUS
    made.restart()
    assert (made.token, made.seals) == (None, False)


def test_one_damaged_message_proves_nothing() -> None:
    """A password that has opened others is right; what is damaged stays sealed."""
    made = opener()
    made.receive(SEALER.seal(STATUS))
    damaged = SEALER.seal(Message("L", b"\x00\x01"))
    assert made.receive(damaged) == damaged
    assert not made.is_wrong
    assert made.receive(SEALER.seal(LATIN)) == LATIN


def test_short_data_must_look_like_what_they_are() -> None:
    """A few bytes look like text by chance: they must be plain, and an answer an answer."""
    short = [Message("c", b"20,0"), Message("V", b"C1"), Message("S")]
    assert [opener().receive(SEALER.seal(message)) for message in short] == short
    for message in (LATIN, Message("c", b"no")):
        assert opener().receive(SEALER.seal(message)).code == "E"
        assert not opener().is_wrong
    long = Message("c", "7,0,Straße nach Zürich, 12 °C".encode("latin-1"))
    assert opener().receive(SEALER.seal(long)) == long


@pytest.mark.parametrize("code", "AEZTfa")
def test_what_a_car_cannot_say_is_not_opened(code: str) -> None:
    """Link messages and those of the server mean nothing when they come sealed."""
    sealed = Message("E", b"M" + code.encode() + SEALER.seal(Message("S", b"1")).data[2:])
    assert opener().receive(sealed) == sealed


@given(st.binary(max_size=80))
def test_any_sealed_bytes_do_no_harm(data: bytes) -> None:
    """No exception comes out of a snapshot, whatever a car seals."""
    seen = snapshot("MODPASS", TOKEN, Message("E", b"M" + data), Message("E", data))
    seen.as_json(1000)


@given(st.text(min_size=1, max_size=12).filter(lambda text: text != "MODPASS"))
def test_a_wrong_password_never_shows_rubbish(password: str) -> None:
    """Of an ordinary login with a wrong password no content is shown."""
    sealed = [SEALER.seal(message) for message in (FIRMWARE, STATUS, Message("V", b"C1"))]
    seen = snapshot(password, TOKEN, *sealed)
    assert seen.opener.is_wrong
    assert {code for code, message in seen.messages.items() if message.is_sealed} == set("FSV")
    assert all(not m["fields"] and not m["extra"] for m in seen.as_json(0)["messages"].values())


# -- the snapshot ---------------------------------------------------------------------------


def test_opened_messages_are_records_as_ever() -> None:
    """Times, ages and JSON are those of plain messages; only "paranoid" tells."""
    plain = snapshot(None, STATUS, Message("T", b"30"))
    sealed = snapshot("MODPASS", TOKEN, SEALER.seal(STATUS), Message("T", b"30"))
    assert sealed.status.soc == 80
    assert plain.as_json(1000) == {**sealed.as_json(1000), "paranoid": False}
    assert sealed.as_json(1000)["paranoid"] is True
    assert sealed.as_json(1000)["messages"]["S"]["age"] == 30


def test_without_a_password_the_code_is_shown_and_no_content() -> None:
    """A sealed message has its code and its age."""
    seen = snapshot(None, TOKEN, SEALER.seal(STATUS), Message("T", b"30"))
    assert seen.is_paranoid
    assert seen.status.soc is None
    message = seen.as_json(1000)["messages"]["S"]
    assert (message["sealed"], message["fields"], message["extra"]) == (True, {}, [])
    assert message["age"] == 30
    assert seen.updated == 970


def test_a_new_token_voids_what_is_still_sealed() -> None:
    """What was opened is known and stays; what was not can never be opened."""
    seen = snapshot("MODPASS", TOKEN, SEALER.seal(STATUS))
    seen.messages["L"] = Seen(Message("L", b"x"), 0, None, is_sealed=True)
    seen.receive(TOKEN, 1001)
    assert set(seen.messages) == {"S", "L"}
    seen.receive(OTHER.announcement, 1002)
    assert set(seen.messages) == {"S"}
    assert "E" not in seen.messages


def test_a_connection_without_a_token_is_not_paranoid() -> None:
    """The owner may have switched it off since the last connection."""
    seen = snapshot("MODPASS", TOKEN)
    seen.restart(seen.vehicle_id)
    assert not seen.is_paranoid


# -- an app ---------------------------------------------------------------------------------


def sealed_car(message: Message) -> Iterable[Message]:
    """Answer commands as a car does, each in its form."""
    opened = SEALER.open(message)
    answer = Message("c", opened.data.split(b",")[0] + b",0,done")
    yield SEALER.seal(answer) if opened != message else answer


PIC = Message("F", b"3.1.4/TR2.0/V2/pic,VIN,18,1,TR")


def paranoid_server(firmware: Message = PIC) -> ScriptedServer:
    """Return a server that has stored a sealed login."""
    server = ScriptedServer([TOKEN, SEALER.seal(firmware), SEALER.seal(STATUS)])
    server.on["E"] = server.on["C"] = sealed_car
    return server


async def test_an_app_reads_and_commands_a_paranoid_car() -> None:
    """Stored and live messages are opened, commands go sealed and their answers are read."""
    async with paranoid_server() as server, await server.open(paranoid=PASSWORD) as app:
        assert app.snapshot.status.soc == 80
        (answer,) = await app.command("lock", "1234")
        assert (answer.number, answer.text) == (20, "done")
        assert server.received == [SEALER.seal(Message("C", b"20,1234"))]
        server.send(SEALER.seal(Message("D", b"1,2")))
        assert await until(app, "D") == Message("D", b"1,2")


@pytest.mark.parametrize("number", ["30", "31", "32"])
async def test_what_the_server_answers_goes_in_plain(number: str) -> None:
    """The server could not read it."""
    async with paranoid_server() as server, await server.open(paranoid="MODPASS") as app:
        await app.command(number)
        assert server.received == [Message("C", number.encode())]


async def test_without_a_password_commands_go_in_plain() -> None:
    """The car answers them so; a car that seals all the same is told from a wrong password."""
    async with paranoid_server() as server, await server.open() as app:
        assert (await app.command(20))[0].text == "done"
        server.on["C"] = lambda message: [SEALER.seal(Message("c", b"20,0"))]
        with pytest.raises(PasswordNeeded):
            await app.command(20)


async def test_a_wrong_password_is_an_error_at_the_first_command() -> None:
    """Nothing is sent; and a car that could not open a command is not understood either."""
    async with paranoid_server() as server:
        async with await server.open(paranoid="wrong") as app:
            with pytest.raises(PasswordWrong):
                await app.command("lock", "1234")
            assert server.received == []
        server.stored = [TOKEN]
        server.on["E"] = lambda message: [SEALER.seal(Message("c", b"0,1,sealed with another"))]
        async with await server.open(paranoid="wrong") as app:
            with pytest.raises(PasswordWrong):
                await app.command("lock", "1234")


# -- ESP32 modules --------------------------------------------------------------------------


def cut(message: Message) -> Message:
    """Return a message as a paranoid ESP32 seals it: cut to its unsealed length."""
    return Message("E", SEALER.seal(message).data[: 2 + len(message.data)])


def test_a_cut_record_is_shown_shortened() -> None:
    """The password is not called wrong, and what is whole is shown."""
    seen = snapshot("MODPASS", TOKEN, *map(cut, (FIRMWARE, STATUS, LATIN)))
    assert not seen.is_password_wrong
    assert seen.status.soc == 80
    assert not any(message.is_sealed for message in seen.messages.values())


@pytest.mark.parametrize(
    ("firmware", "seals"),
    [
        ("3.3.005,VIN", False),
        ("3.1.4/TR2.0/V2/pic,VIN", True),
        ("0.1.0,VIN,99,0,TR,,-1,-1,ovms car,", True),
        (None, True),
    ],
)
def test_an_esp32_gets_commands_in_plain(firmware: str | None, seals: bool) -> None:
    """It could not open a sealed command; others, and what is not known yet, can."""
    messages = [] if firmware is None else [SEALER.seal(Message("F", firmware.encode()))]
    seen = snapshot("MODPASS", TOKEN, *messages)
    assert seen.opener.seals
    assert seen.seals_commands is seals
    assert not snapshot(None, TOKEN, *messages).seals_commands


async def test_commands_and_answers_of_an_esp32() -> None:
    """A command goes in plain, and its sealed answer is read though it is cut."""
    firmware = Message("F", b"3.3.005,VIN,18,1,NL")
    async with paranoid_server(firmware) as server, await server.open(paranoid=PASSWORD) as app:
        server.on["C"] = lambda message: [cut(Message("c", b"20,0,the car is locked"))]
        (answer,) = await app.command("lock", "1234")
        assert server.received == [Message("C", b"20,1234")]
        assert (answer.number, answer.result, answer.text) == (20, 0, "the car is ")
        server.on["C"] = lambda message: [cut(Message("c", b"20,0"))]
        with pytest.raises(NoAnswer, match="cut its answer to command 20"):
            await app.command("lock", "1234")
