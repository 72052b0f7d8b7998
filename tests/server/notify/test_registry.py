from __future__ import annotations

import io
import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ovms.base import logs
from ovms.base.settings import SettingsError
from ovms.server.notify.channels import apprise
from ovms.server.notify.registry import (
    find_types,
    missing,
    open_channels,
    package_of,
    renewed_types,
)
from tests.server.notify.fakes import TYPES
from tests.server.notify.plugin import installed
from tests.server.notify.settings import Settings

FAX = """
from ovms.server.notify.channel import Channel
from pydantic import BaseModel, ConfigDict, Field, SecretStr

class FaxSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    line: int = Field(ge=1)
    pin: SecretStr = SecretStr("")

class FaxChannel(Channel):
    push_type = "fax"
    settings = FaxSettings
    is_for_apps = True

    def __init__(self, settings):
        self.line = settings.line

    async def send(self, key, notice):
        pass

class Unset(FaxChannel):
    push_type = "unset"
    settings = dict

class Lazy(Channel):
    push_type = "lazy"

class Again(FaxChannel):
    push_type = "mail"

class Named(FaxChannel):
    push_type = "Fax Machine"

class Broken(Channel):
    push_type = "broken"

    def __init__(self, settings):
        raise RuntimeError("no such line")

    async def send(self, key, notice):
        pass

class Asked(Broken):
    push_type = "asked"

    @classmethod
    def missing(cls, settings):
        raise KeyError("modem")

class Counted(Asked):
    push_type = "counted"

    @classmethod
    def missing(cls, settings):
        return 5

class VagueSettings(BaseModel):
    size: "Size" = 1

class Vague(FaxChannel):
    push_type = "vague"
    settings = VagueSettings

word = "fax"
"""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Log into a text, as JSON."""
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    yield stream
    logs.configure("warning", "text")


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    """Return what was logged."""
    return [json.loads(line) for line in log.getvalue().splitlines()]


def fax(folder: Path, *points: str) -> Any:
    """Have a package installed that has a channel, and others that are none."""
    return installed(folder, FAX, "\n".join(points))


def test_our_own() -> None:
    """Our own are found without a list; two cannot deliver yet, and mail needs a server."""
    assert sorted(TYPES) == ["apns", "apprise", "expo", "gcm", "mail", "webpush"]
    assert {package_of(each) for each in TYPES.values()} == {"ovms"}
    assert renewed_types(TYPES) == {"apns", "expo", "gcm", "webpush"}
    assert {name for name, each in TYPES.items() if not each.is_for_apps} == {"apprise"}
    waiting = {"apns": "apns is not built", "gcm": "gcm is not built"}
    assert missing(TYPES, Settings()) == waiting
    assert sorted(open_channels(TYPES, Settings())) == ["apprise", "expo", "mail", "webpush"]
    no_mail = {**waiting, "mail": "no mail server is set (mail_host)"}
    assert missing(TYPES, Settings(mail_host=None)) == no_mail


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Apprise its subscriptions wait, and the reason names the extra to install."""
    find = lambda name: None if name == "apprise" else find_spec(name)  # noqa: E731
    monkeypatch.setattr(apprise, "find_spec", find)
    assert "ovms[notify]" in missing(TYPES, Settings())["apprise"]
    assert "apprise" not in open_channels(TYPES, Settings())
    assert TYPES["apprise"].key_problem("nothing://x") is None


def test_another_package(tmp_path: Path) -> None:
    """Its channel is found, with the settings of its own table."""
    with fax(tmp_path, "fax = ovms_fax:FaxChannel"):
        types = find_types()
        assert package_of(types["fax"]) == "ovms_fax"
        channel = open_channels(types, Settings(channels={"fax": {"line": 7}}))["fax"]
        assert vars(channel) == {"line": 7}


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({}, "channels.fax.line: is not set"),
        ({"line": 0}, "channels.fax.line: input should be greater than or equal to 1"),
        ({"line": 1, "lien": 2}, "channels.fax: unknown key 'lien' (did you mean 'line'?)"),
        ({"line": 1, "pin": 1234}, "channels.fax.pin: is not valid"),
    ],
)
def test_a_bad_table(tmp_path: Path, table: dict[str, Any], problem: str) -> None:
    """A table that the channel does not accept is an error of one line, without secrets."""
    with fax(tmp_path, "fax = ovms_fax:FaxChannel"):
        types, settings = find_types(), Settings(channels={"fax": table})
    for check in (missing, open_channels):
        with pytest.raises(SettingsError) as caught:
            check(types, settings)
        assert str(caught.value) == problem


def test_no_table_yet(tmp_path: Path) -> None:
    """A channel that was installed and not set up waits, and hinders no other."""
    with fax(tmp_path, "fax = ovms_fax:FaxChannel"):
        types = find_types()
    assert missing(types, Settings())["fax"] == "channels.fax.line: is not set"
    assert sorted(open_channels(types, Settings())) == ["apprise", "expo", "mail", "webpush"]


def test_tables_of_our_own() -> None:
    """Settings of the top level are refused in a table."""
    with pytest.raises(SettingsError, match=r"^channels\.expo: not here, but as expo_url$"):
        missing(TYPES, Settings(channels={"expo": {"expo_url": "x"}}))


def test_a_table_of_nobody(log: io.StringIO) -> None:
    """Settings of a package that is not installed are warned of."""
    missing(TYPES, Settings(channels={"fax": {}}))
    assert [(each["level"], each["channel"]) for each in lines(log)] == [("warning", "fax")]


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        ("fax = ovms_nothing:Fax", "ModuleNotFoundError: No module named 'ovms_nothing'"),
        ("fax = ovms_fax:Nothing", "AttributeError: module 'ovms_fax' has no attribute"),
        ("fax = ovms_fax:word", "TypeError: it is not a class derived from"),
        ("fax = ovms_fax:FaxSettings", "TypeError: it is not a class derived from"),
        ("fax = ovms_fax:Lazy", "TypeError: it has no method send"),
        ("fax = ovms_fax:Again", "ValueError: there is a channel mail already"),
        ("fax = ovms_fax:Named", "ValueError: its type is not"),
        ("fax = ovms_fax:Channel", "TypeError: it has no method send"),
        ("fax = ovms_fax:Unset", "TypeError: its settings are not a class derived from"),
    ],
)
def test_a_broken_package(tmp_path: Path, log: io.StringIO, point: str, reason: str) -> None:
    """What cannot be used is one line that names the package; all others are there."""
    with fax(tmp_path, point, "good = ovms_fax:FaxChannel"):
        assert set(find_types()) == {*TYPES, "fax"}
    (line,) = lines(log)
    assert (line["level"], line["package"]) == ("error", "ovms-fax 1.2")
    assert line["reason"].startswith(f"fax of package ovms-fax 1.2 is broken: {reason}")


def test_a_channel_that_fails(tmp_path: Path, log: io.StringIO) -> None:
    """A channel that raises when it is made or asked is logged, and is the only one missing."""
    names = ("Broken", "Asked", "Counted", "Vague")
    with fax(tmp_path, *(f"{name} = ovms_fax:{name}" for name in names)):
        types = find_types()
        assert sorted(open_channels(types, Settings())) == ["apprise", "expo", "mail", "webpush"]
    assert {each["package"] for each in lines(log)} == {"ovms_fax"}
    found = {each["channel"]: each["reason"] for each in lines(log)}
    assert found.pop("vague").startswith("PydanticUserError: `VagueSettings` is not fully defined")
    assert found == {
        "broken": "RuntimeError: no such line",
        "asked": "KeyError: 'modem'",
        "counted": "TypeError: missing returns int, not a text or None",
    }
