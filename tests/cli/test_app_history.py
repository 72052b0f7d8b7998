"""Paranoid mode, groups and alerts of ``ovms app``, against a scripted server end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from ovms.app import App, Snapshot, WelcomeRefused
from ovms.app.access import Access
from ovms.app.paranoid import Opener
from ovms.base.backoff import Backoff
from ovms.cli.app import LONGEST_ALERT, SENT_IN_PLAIN, app
from ovms.cli.show import group_view, view
from ovms.protocol import Message, Role
from ovms.protocol.paranoid import Sealer
from tests.app.scripted import FIRMWARE, STATUS, VEHICLE, Handler, ScriptedServer, ServerThread

PASSWORD = "MODPASS"
SEALER = Sealer.make(PASSWORD, "PaRaNoIdToKeN012345678")
STORED = (SEALER.announcement, SEALER.seal(FIRMWARE), SEALER.seal(STATUS))
POSITION = Message("g", b"BLUE,TRACK,80,55,90,12,1,1,22.274165,114.185715")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """Yield a server with a car that seals."""
    with ServerThread(*STORED) as running:
        yield running


def invoke(server: ScriptedServer, *arguments: str, **environment: str) -> Result:
    """Run ``ovms app`` on it."""
    found = {"OVMS_SECRET": "secret", "OVMS_VEHICLE": VEHICLE,
             "OVMS_SERVER": f"127.0.0.1:{server.port}", "OVMS_PARANOID": "",
             **environment}  # fmt: skip
    return CliRunner().invoke(app, list(arguments), env=found)


# -- paranoid mode --------------------------------------------------------------------------


def test_status_with_the_password(server: ScriptedServer, tmp_path: Path) -> None:
    """By option, file or variable, the vehicle is shown as any other."""
    (tmp_path / "pw").write_text(PASSWORD + "\n")
    for result in (
        invoke(server, "status", "--json", "--paranoid", PASSWORD),
        invoke(server, "status", "--json", "--paranoid-file", str(tmp_path / "pw")),
        invoke(server, "status", "--json", OVMS_PARANOID=PASSWORD),
    ):
        assert result.exit_code == 0, result.stderr
        shown = json.loads(result.stdout)
        assert shown["paranoid"] is True
        assert shown["messages"]["S"]["fields"]["soc"] == 80
    assert "80 %" in invoke(server, "status", "--paranoid", PASSWORD).stdout


def test_status_without_the_password(server: ScriptedServer) -> None:
    """Codes and times are shown, no content; that is no error."""
    result = invoke(server, "status", "--json")
    assert result.exit_code == 0
    message = json.loads(result.stdout)["messages"]["S"]
    assert (message["sealed"], message["fields"]) == (True, {})
    assert "F S cannot be read" in invoke(server, "status").stdout


@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"], ["command", "lock", "1"]])
def test_a_wrong_password_is_one_line_and_exit_1(
    server: ScriptedServer, arguments: list[str]
) -> None:
    """It shows an error, and nothing else."""
    result = invoke(server, *arguments, "--paranoid", "wrong")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "paranoid password" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert server.received == []


def test_a_command_to_an_esp32_goes_in_plain(server: ScriptedServer) -> None:
    """It could not open a sealed one; the terminal says so."""
    server.on["C"] = lambda message: [SEALER.seal(Message("c", b"20,0,done"))]
    result = invoke(server, "command", "lock", "1234", "--paranoid", PASSWORD)
    assert (result.exit_code, result.stdout) == (0, "done\n")
    assert result.stderr == f"ovms: {SENT_IN_PLAIN}\n"
    assert server.received == [Message("C", b"20,1234")]


def test_a_command_goes_sealed(server: ScriptedServer) -> None:
    """The answer is printed as ever."""
    server.stored[1] = SEALER.seal(Message("F", b"3.1.4/TR2.0/V2/pic,VIN,18,1,TR"))
    server.on["E"] = lambda message: [SEALER.seal(Message("c", b"20,0,done"))]
    result = invoke(server, "command", "lock", "1234", "--paranoid", PASSWORD)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "done\n", "")
    assert server.received == [SEALER.seal(Message("C", b"20,1234"))]


def test_a_sealed_answer_without_a_password(server: ScriptedServer) -> None:
    """One line says what it takes."""
    server.on["C"] = lambda message: [SEALER.seal(Message("c", b"20,0,done"))]
    result = invoke(server, "command", "lock", "1234")
    assert result.exit_code == 1
    assert "paranoid password is needed" in result.stderr


def test_one_standard_input_for_one_secret(server: ScriptedServer) -> None:
    """Two secrets cannot both come from there; an empty one is none."""
    result = invoke(server, "status", "--secret-file", "-", "--paranoid-file", "-")
    assert result.exit_code == 2
    assert "standard input" in result.stderr
    assert invoke(server, "status", "--paranoid", "").exit_code == 2


def refuse_after(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    """Let an app be lost so often, without pauses, then be refused.

    It is lost once it has all that is stored; in a group, once it has its positions.
    """
    start = Access.start
    count = 0

    async def start_again(access: Access, snapshot: Snapshot) -> App:
        nonlocal count
        count += 1
        if count > calls:
            raise WelcomeRefused("enough")
        return await start(access, snapshot)

    def answer(message: Message) -> Iterator[Message]:
        yield Message("a")
        if "G" not in server.on:
            server.hang_up()

    server.on["A"] = answer
    monkeypatch.setattr(Access, "start", start_again)
    monkeypatch.setattr(Backoff, "next", lambda self: 0.0)


def positions(server: ScriptedServer, *messages: Message) -> Handler:
    """Yield a handler that answers a subscription, and hangs up."""

    def answer(message: Message) -> Iterator[Message]:
        yield from messages
        server.hang_up()

    return answer


@pytest.mark.parametrize("command", ["log", "watch"])
def test_a_wrong_password_is_told_once(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """However many messages and connections; they are shown as sealed."""
    refuse_after(server, monkeypatch, 2)
    result = invoke(server, command, "--paranoid", "wrong")
    assert result.stderr.count("paranoid password does not open") == 1
    lines = [line.split(" ", 1)[1] for line in result.stdout.splitlines()]
    assert lines.count("S sealed") == 2
    assert "charging" not in result.stdout


def test_the_log_opens_and_decodes(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the password S is read; alerts show kind and text."""
    server.stored += [Message("P", b"ACharging stopped at 63 %"), Message("P", b"ETR,10,5")]
    refuse_after(server, monkeypatch, 1)
    result = invoke(server, "log", "--paranoid", PASSWORD)
    assert "S soc=80 units=K" in result.stdout
    assert "P kind=alert text=Charging stopped at 63 %" in result.stdout
    assert "P kind=error text=TR,10,5" in result.stdout
    assert "paranoid" not in result.stderr


def test_the_log_as_json(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line a message; a sealed one has its own code and says that it is sealed."""
    server.stored += [Message("P", b"Idone")]
    refuse_after(server, monkeypatch, 1)
    lines = [json.loads(line) for line in invoke(server, "log", "--json").stdout.splitlines()]
    sealed = next(line for line in lines if line["code"] == "S")
    assert (sealed["sealed"], sealed["fields"]) == (True, {})
    alert = next(line for line in lines if line["code"] == "P")
    assert alert["fields"] == {"kind": "information", "text": "done"}


def text_of(renderable: object) -> str:
    """Return what a wide terminal shows."""
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(renderable)
    console.file.close()
    return console.export_text()


def test_the_view_tells_of_paranoid_mode() -> None:
    """Opened, without a password, with a wrong one; nothing for a car that does not seal."""
    words = {PASSWORD: "opened", None: "F S cannot be read; it takes", "wrong": "does not open"}
    for password, word in words.items():
        snapshot = Snapshot("DEMO", opener=Opener(password))
        for message in STORED:
            snapshot.receive(message, 0)
        assert word in text_of(view(snapshot, 0))
    assert "sealed" not in text_of(view(Snapshot("DEMO"), 0))


# -- groups ---------------------------------------------------------------------------------


def test_a_group_is_joined_at_each_connection(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cars are printed as they come, other messages and other groups are not."""
    other = Message("g", b"RED,OTHER,1,1,1,1,1,1,1,1")
    server.on["G"] = positions(server, POSITION, other, STATUS)
    refuse_after(server, monkeypatch, 2)
    result = invoke(server, "group", "TRACK")
    assert server.codes("G") == [b"TRACK"] * 2
    assert set(server.roles) == {Role.APP}
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    assert "vehicle_id=BLUE group=TRACK soc=80" in lines[0]


def test_a_group_as_json(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line a position, with group, vehicle, time and fields."""
    server.on["G"] = positions(server, POSITION)
    refuse_after(server, monkeypatch, 1)
    (line,) = invoke(server, "group", "TRACK", "--json").stdout.splitlines()
    shown = json.loads(line)
    assert (shown["group"], shown["vehicle"]) == ("TRACK", "BLUE")
    assert shown["fields"]["latitude"] == 22.274165


@pytest.mark.parametrize("name", ["", "a,b"])
def test_a_group_has_a_name(server: ScriptedServer, name: str) -> None:
    """A name that cannot be one is wrong usage."""
    assert invoke(server, "group", name).exit_code == 2


def test_the_view_of_a_group() -> None:
    """Its cars with charge, speed and place; a car without a position has none."""
    snapshot = Snapshot("DEMO")
    snapshot.receive(POSITION, 0)
    snapshot.receive(Message("g", b"R[b]D,TRACK,7,0,0,0,0,-1,0,0"), 0)
    shown = text_of(group_view(snapshot, "TRACK", 90))
    assert all(word in shown for word in ("BLUE", "80 %", "22.2741", "90 s ago", "R[b]D", "–"))
    assert "BLUE" not in text_of(group_view(snapshot, "OTHER", 0))


# -- alerts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "data"), [([], b"Ihi, there"), (["--kind", "A"], b"Ahi, there")]
)
def test_an_alert(server: ScriptedServer, options: list[str], data: bytes) -> None:
    """It goes out as a batch client's, information unless told otherwise."""
    result = invoke(server, "alert", "hi, there", *options)
    assert result.exit_code == 0, result.stderr
    assert server.codes("P") == [data]
    assert server.roles == [Role.BATCH]


def test_an_alert_is_one_line(server: ScriptedServer) -> None:
    """Line ends are written as the modules do."""
    assert invoke(server, "alert", "one\r\ntwo\nthree").exit_code == 0
    assert server.codes("P") == [b"Ione\rtwo\rthree"]


@pytest.mark.parametrize(
    "arguments", [[""], [" \n"], ["x" * (LONGEST_ALERT + 1)], ["x", "--kind", "E"]]
)
def test_an_alert_that_is_none(server: ScriptedServer, arguments: list[str]) -> None:
    """Empty, too long, or of a kind that only cars send: wrong usage."""
    assert invoke(server, "alert", *arguments).exit_code == 2
    assert server.roles == []


def test_the_longest_alert(server: ScriptedServer) -> None:
    """At the limit it is sent."""
    assert invoke(server, "alert", "x" * LONGEST_ALERT).exit_code == 0
