"""The page on extending: what it shows works."""

from __future__ import annotations

import importlib
import io
import re
import time
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from ovms.app.client import find_command
from ovms.app.snapshot import Snapshot
from ovms.base.clock import ManualClock
from ovms.car.module import Module
from ovms.car.vehicles.sim import SimCar
from ovms.car.vehicles.sim import commands as sim_commands
from ovms.cli.car.modes import SimulationMode
from ovms.cli.car.options import CarOptions
from ovms.cli.car.parse import parse
from ovms.cli.main import cli
from ovms.cli.show import view
from ovms.cli.text import message_line
from ovms.protocol import Message, Role, codes, commands, parameters
from ovms.protocol.codes import CODES
from ovms.protocol.commands import COMMANDS
from ovms.protocol.records.alert import Alert
from ovms.server.alerts.expansion import Expansion
from ovms.server.http.app import make_app
from ovms.server.notify.notifier import Notifier
from ovms.server.notify.registry import find_types, open_channels
from ovms.server.settings import load_settings
from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.database import Database
from ovms.server.storage.notify import NotifyStore
from ovms.server.storage.opening import open_database
from ovms.server.values import LatestMessage
from tests.plugin_package import install
from tests.server.http.api import BOB, open_site
from tests.server.hub.fakes import START
from tests.server.notify.fakes import chance
from tests.server.notify.plugin import installed
from tests.server.peers.servers import Net
from tests.server.storage.databases import make_database

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"


def blocks(section: str, language: str) -> list[str]:
    """Return what a section of the page shows in a language, block by block."""
    text = PAGE.read_text("utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found, f"{section} shows no {language}"
    return found


def shown(section: str, language: str) -> str:
    """Return the same in one piece."""
    return "\n\n".join(blocks(section, language))


async def test_a_message_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's record and row are all it takes: stored, logged, relayed, replayed and shown."""
    record, row = blocks("A message code", "python")
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "cabin.py").write_text(record)
    cabin = importlib.import_module("cabin")
    monkeypatch.setitem(CODES, "Q", eval(row, {**vars(codes), **vars(cabin)}))  # noqa: S307 (our own page)
    net = Net()
    one, two = net.server(), net.server()
    await net.join(one, two)
    car, far = await one.car(), await two.app()
    await car.says("Q41,good,new")
    assert far.hears() == ["Q41,good,new", "T0"]
    for server in (one, two):
        assert server.stored() == {"Q": b"41,good,new"}
        logged = [(each.type, each.number, each.data) for each in server.storage.history]
        assert logged == [("Q", 0, b"41,good,new")]
    late = await two.caller(Role.APP)
    assert "Q41,good,new" in late.hears()
    snapshot = Snapshot("CAR1")
    snapshot.receive(Message("Q", b"41,good,new"), START)
    shown_fields = snapshot.as_json(START)["messages"]["Q"]["fields"]
    assert shown_fields == {"humidity": 41, "quality": "good"}
    assert message_line(snapshot.messages["Q"]).endswith("Q humidity=41 quality=good extra=new")
    console = Console(width=100, file=io.StringIO())
    with console.capture() as drawn:
        console.print(view(snapshot, START))
    assert "air in the cabin  humidity=41 quality=good extra=new" in drawn.get()


def test_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's row and handler are all it takes: listed, sent, checked and carried out."""
    row, handler = blocks("A command", "python")
    spec = eval(row, vars(commands) | vars(parameters))  # noqa: S307 (our own page)
    monkeypatch.setitem(COMMANDS.by_number, spec.number, spec)
    monkeypatch.setitem(COMMANDS.by_name, spec.name, spec)
    unable = SimCar(start=0)
    assert said(unable, "C27,3") == "c27,2"
    monkeypatch.setitem(sim_commands.HANDLERS, spec.number, sim_commands.HANDLERS[10])
    exec(handler, vars(sim_commands) | {"__name__": "horn"})  # noqa: S102 (our own page)
    listed = CliRunner().invoke(cli, ["app", "command", "--list"]).stdout
    assert "27\thorn SECONDS\t" in listed
    assert find_command("horn", "3").message == Message("C", b"27,3")
    car = SimCar(start=0)
    assert 27 in car.identity.commands
    car.body.is_locked = False
    assert said(car, "C27,3") == "c27,0"
    assert said(car, "C27,x") == "c27,1,seconds must be a number from 1 to 9"
    assert said(car, "C27") == "c27,1,expected seconds"
    car.body.is_locked = True
    assert said(car, "C27,3") == "c27,1,the car is locked"


def said(car: SimCar, line: str) -> str:
    """Return what a module of a car answers to a command."""
    module = Module(car, parameters={31: "1"})
    module.connect(0)
    answers = module.receive(Message(line[0], line[1:].encode()), 0)
    (answer,) = (message for message in answers if message.code == "c")
    return answer.code + answer.data.decode()


async def test_a_database_query(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page's query finds who is silent, awaited as on a server and in place."""
    database = make_database(tmp_path)
    page: dict[str, Any] = {"Database": Database, "__name__": "page"}
    exec(compile(shown("A database query", "python"), str(PAGE), "exec"), page)  # noqa: S102 (our own page)
    batch = Batch()
    batch.messages["CAR2"] = {"T": LatestMessage("T", b"0", START)}
    await database.apply(batch)
    await page["warn"](database, START + 86400)
    assert capsys.readouterr().out == "CAR1 is silent\n"
    with database.reading() as connection:
        assert page["silent_cars"](connection, START + 1) == ["CAR1", "CAR2"]
    await database.close()


def test_a_vehicle_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's package adds a type that is listed, made for ``ovms car``, and obeys."""
    monkeypatch.syspath_prepend(str(tmp_path))
    project = tomllib.loads(shown("A vehicle type", "toml"))["project"]
    ((group, entries),) = project["entry-points"].items()
    lines = "".join(f"{name} = {place}\n" for name, place in entries.items())
    code = shown("A vehicle type", "python")
    install(tmp_path, project["name"], "ovms_scooter", code, f"[{group}]\n{lines}")
    listed = CliRunner().invoke(cli, ["vehicle-type", "list"]).stdout
    assert "scooter\t\t\tovms-scooter 1.2\tWhat ovms-scooter is" in listed.splitlines()
    mode = parse(CarOptions(server="host", vehicle="CAR", secret="s", kind="scooter"))
    assert isinstance(mode, SimulationMode)
    module, now = Module(mode.vehicle), time.time() + 3600
    told = {message.code: message.data.split(b",") for message in module.connect(now)}
    assert (told["S"][0], told["F"][4]) == (b"89", b"SCOOTER")
    answers = module.receive(Message("C", b"20,1234"), now + 1)
    assert [message.data for message in answers if message.code == "c"] == [b"20,0"]
    assert any(message.code == "D" for message in answers)


async def test_a_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's channel, installed as a package, delivers an alert that a car raises."""
    points = tomllib.loads(shown("A channel", "toml"))["project"]["entry-points"]
    lines = "\n".join(f"{name} = {place}" for name, place in points["ovms.channels"].items())
    file = tmp_path / "ovms.toml"
    table = shown("A channel", "ini").replace("/var/spool/fax", str(tmp_path))
    file.write_text(table)
    monkeypatch.setenv("OVMS_DATA", str(tmp_path))
    settings = load_settings(file, {})
    with installed(tmp_path, shown("A channel", "python"), lines):
        types = find_types()
        channels = open_channels(types, settings)
        database = open_database(tmp_path)
        database.upgrade()
        with database.writing() as connection:
            owner = queries.add_owner(connection, "bob", 1.0)
            queries.add_vehicle(connection, "CAR1", owner, "one", 1.0)
        store = NotifyStore(database)
        car = (await store.find_vehicles(["CAR1"]))["CAR1"]
        notifier = Notifier(
            store, types, channels, Expansion({}), ManualClock(1e9), chance(), window=0.0
        )
        await notifier.subscribe(car, b"app,fax,simple,no number")
        await notifier.subscribe(car, b"app,fax,simple,0851234")
        notifier.raise_alert(car, Alert("A", "Charge interrupted"))
        await notifier.step()
        await notifier.settle()
        await notifier.close()
        await database.close()
    assert (tmp_path / "0851234").read_text() == "Open Vehicles CAR1: Charge interrupted"
    assert types["fax"].mask("0851234") == "085…"


async def test_an_http_call(tmp_path: Path) -> None:
    """The page's call is answered for the owner of the vehicle, and for nobody else."""
    names: dict[str, Any] = {}
    exec(shown("An HTTP call", "python"), names)  # noqa: S102 (our own page)
    async with open_site(tmp_path) as site:
        app = make_app(site.context, names["routes"](site.context))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            known = await client.get("/api/hello/car1", params=BOB)
            assert known.json() == {"id": "CAR1", "rooms": 0}
            assert (await client.get("/api/hello/car3", params=BOB)).status_code == 403
            assert (await client.get("/api/hello/car1")).status_code == 401
