"""What the pages on connecting clients say to type is typed, against a server and a car."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from ovms.net.client import ClientConnection, connect
from ovms.protocol import Message, Role
from tests.programs.conftest import SECRET, Server, Start, run_ovms
from tests.server.http.strict import parse
from tests.server.http.test_strict_clients import FULL
from tests.waiting import PATIENCE

yaml: Any = importlib.import_module("yaml")  # comes with apprise, without types

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path.name for path in DOCS.glob("connect-*.md"))

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def blocks(page: str, language: str = "") -> list[str]:
    """Return a page's blocks of a language."""
    text = (DOCS / page).read_text("utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for name, block in found if name == language]


class Home:
    """A server of an owner ``me`` whose car MYCAR reports and obeys, and a folder to type in."""

    def __init__(self, start: Start, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.server = Server(start, self.data, ())
        self.ovms("ovms owner add me")
        self.ovms(f"ovms vehicle add MYCAR --owner me --secret '{SECRET}'")
        shutil.copy(self.data / "tls" / "cert.pem", folder / "ca.pem")

    def ovms(self, line: str) -> str:
        """Run one of our commands as it stands on a page, and return what it prints."""
        words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", line)[1:]]
        done = run_ovms(*words, "--data", str(self.data))
        assert done.returncode == 0, f"{line}: {done.stderr}"
        return done.stdout

    def token(self, permit: str = "auth") -> str:
        """Make a token."""
        made = self.ovms(f"ovms token add --owner me --permit {permit} --json")
        return str(json.loads(made)["token"])

    def here(self, text: str, token: str) -> str:
        """Return what a page says with this server and a token in the places of its examples."""
        plain = f"http://localhost:{self.server.http_port}"
        text = text.replace(
            "https://cars.example.com:6869", f"https://localhost:{self.server.https_port}"
        )
        return text.replace("http://192.168.1.5:6868", plain).replace("TOKEN", token)

    async def type(self, line: str) -> str:
        """Run a line in a shell, and return what it prints."""
        done = await asyncio.to_thread(
            subprocess.run, ["bash", "-c", line], cwd=self.folder, capture_output=True,
            text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}: {done.stdout} {done.stderr}"
        return done.stdout

    async def car(self) -> ClientConnection:
        """Connect the car, and have it report."""
        car = await connect("127.0.0.1", self.server.port, Role.CAR, "MYCAR", SECRET.encode())
        for text in FULL:
            car.send(Message(text[0], text[1:].encode()))
        return car


async def obey(car: ClientConnection) -> None:
    """Do every command, and answer pings."""
    async for message in car:
        if message.code == "C":
            car.send(Message("c", message.data.split(b",")[0] + b",0"))
        elif message.code == "A":
            car.send(Message("a"))


@pytest.fixture
def home(start: Start, tmp_path: Path) -> Home:
    """Run a server at home."""
    return Home(start, tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_our_commands(home: Home, page: str) -> None:
    """Every command of ours that a page has typed on the server does what it says."""
    lines = [line for block in blocks(page) for line in block.splitlines() if line[:5] == "ovms "]
    assert len(lines) >= 2
    for line in lines:
        told = home.ovms(line)
        if line.startswith("ovms token add"):
            assert re.search(r"\b[0-9a-f]{64}\b", told)
        else:
            assert "MYCAR" in told


@needs_curl
async def test_a_script(home: Home) -> None:
    """The files and lines of the page on scripts print what it shows."""
    page = "connect-script.md"
    (keep,) = (block for block in blocks(page) if "ovms.token)" in block)
    (options,) = (block for block in blocks(page) if block.startswith("silent\n"))
    await home.type(home.here(keep, home.token("v2")))
    (home.folder / "ovms.curl").write_text(options)
    (program,) = blocks(page, "python")
    (home.folder / "cars.py").write_text(home.here(program, ""))
    async with await home.car() as car:
        obeying = asyncio.create_task(obey(car))
        for block in blocks(page, "console"):
            for line, answer in re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", block, re.MULTILINE):
                told = await home.type(home.here(line, ""))
                told = re.sub(r'(m_msgage_\w":)\d+', r"\g<1>0", told)
                pattern = ".*".join(map(re.escape, answer.split("…")))
                assert re.fullmatch(pattern, told, re.DOTALL), f"{line}: {told}"
        obeying.cancel()


@needs_curl
@pytest.mark.parametrize(
    ("page", "permit"), [("connect-evcc.md", "session"), ("connect-openwb.md", "token.admin")]
)
async def test_calls_by_hand(home: Home, page: str, permit: str) -> None:
    """What a page has typed to see what a controller sees is answered with the car's state."""
    lines = [line for block in blocks(page) for line in block.splitlines() if line[:5] == "curl "]
    assert lines
    token = home.token(permit)
    async with await home.car():
        for line in lines:
            line = line.replace("curl ", "curl -sf --cacert ca.pem ")
            told = await home.type(home.here(line, token))
        status = parse(told.encode())
        assert (status["soc"], status["estimatedrange"]) == ("64.4", "172")


async def test_openwb_makes_its_token(home: Home) -> None:
    """The token that the page gives openWB for a password makes one that can only read."""
    base = f"http://localhost:{home.server.http_port}"
    parts = {name: (name, "owb-ovms") for name in ("application", "purpose")}
    async with await home.car(), httpx.AsyncClient(base_url=base) as client:
        login = {"username": "me", "password": home.token("token.admin")}
        made = await client.post("/api/token", params=login, files=parts)
        assert (made.status_code, made.json()["permit"]) == (201, "auth")
        login["password"] = made.json()["token"]
        assert (await client.get("/api/status/MYCAR", params=login)).json()["soc"] == "64.4"
        assert (await client.get("/api/token", params=login)).status_code == 403


_Yaml: Any = type("_Yaml", (yaml.SafeLoader,), {})
"""Reads what Home Assistant's files have beyond YAML."""

_Yaml.add_constructor("!secret", lambda loader, node: ("secret", node.value))


async def test_home_assistant(home: Home) -> None:
    """The page's files are YAML, and every field that they name is in the answer, with a value."""
    secrets, settings = (
        yaml.load(block, _Yaml) for block in blocks("connect-home-assistant.md", "yaml")
    )
    token = home.token()
    base = f"http://localhost:{home.server.http_port}"
    async with await home.car(), httpx.AsyncClient(base_url=base) as client:
        for each in settings["rest"]:
            assert each["params"] == {"username": "me", "password": ("secret", "ovms_token")}
            path = each["resource"].removeprefix("https://cars.example.com:6869")
            answer = await client.get(path, params={"username": "me", "password": token})
            fields = answer.json()
            entities = each.get("sensor", []) + each.get("binary_sensor", [])
            assert len({entity["unique_id"] for entity in entities}) == len(entities)
            text = json.dumps(each)
            names = re.findall(r"value_json\.(?:get\(')?(\w+)", text.replace(".get('", "."))
            for name in {*names, *(n for e in entities for n in e.get("json_attributes", []))}:
                assert fields[name] is not None, name
        for name, command in settings["rest_command"].items():
            assert command["url"][1] in secrets, name
            url = secrets[command["url"][1]].replace("COMMANDTOKEN", home.token("v2"))
            async with await home.car() as car:
                obeying = asyncio.create_task(obey(car))
                told = await client.request(
                    command["method"], url.removeprefix("https://cars.example.com:6869")
                )
                obeying.cancel()
            assert told.status_code == 200, told.text


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_linked(page: str) -> None:
    """Each page is linked from the README and from the page on HTTP."""
    assert f"docs/{page}" in (DOCS.parent / "README.md").read_text("utf-8")
    assert f"({page})" in (DOCS / "http.md").read_text("utf-8")


def test_evcc_is_yaml() -> None:
    """The example for evcc's file is YAML with all that the template wants."""
    (block,) = blocks("connect-evcc.md", "yaml")
    (vehicle,) = yaml.safe_load(block)["vehicles"]
    assert vehicle.keys() >= {"template", "user", "password", "vehicleid", "server", "cache"}
