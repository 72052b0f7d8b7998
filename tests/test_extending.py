"""The page on extending: what it shows works."""

from __future__ import annotations

import asyncio
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ovms.car.module import Module
from ovms.car.vehicles.interface import VehicleOptions
from ovms.cli.car_factory import make_vehicle
from ovms.cli.main import cli
from ovms.net.pump import Pump
from ovms.protocol import Message, Party, Session
from tests.net.ends import End
from tests.plugin_package import install

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"


def shown(section: str, language: str) -> str:
    """Return what a section of the page shows in a language."""
    text = PAGE.read_text("utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks, f"{section} shows no {language}"
    return "\n\n".join(blocks)


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
    module = Module(make_vehicle("scooter", None, None, VehicleOptions(start=0)))
    told = {message.code: message.data.split(b",") for message in module.connect(3600)}
    assert (told["S"][0], told["F"][4]) == (b"89", b"SCOOTER")
    answers = module.receive(Message("C", b"20,1234"), 3601)
    assert [message.data for message in answers if message.code == "c"] == [b"20,0"]
    assert any(message.code == "D" for message in answers)


async def test_an_http_route() -> None:
    """The page's protocol answers a request that came on a port for modules."""
    names: dict[str, Any] = {}
    exec(shown("An HTTP route", "python"), names)  # noqa: S102 (our own page)

    def answer() -> Pump:
        return Pump(Session(Party.SERVER, "S" * 22), End(), http=names["Hello"])

    server = await asyncio.get_running_loop().create_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /hello HTTP/1.1\r\nHost: here\r\n\r\n")
        async with asyncio.timeout(10):
            assert (await reader.read()).endswith(b"\r\n\r\nhello")
        writer.close()
