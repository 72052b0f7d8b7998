"""docs/alerts.md tells the truth."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest

from ovms.car.alert_file import read_alert_file, with_written
from ovms.car.alert_limits import AlertLimits
from ovms.server.alerts.expansion import parse
from ovms.server.settings import ServerSettings

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "alerts.md").read_text("utf-8")
LIMITS = re.findall(r"^\| `(\w+)` \| (\d+) \| ([\w/]+) \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("name", "value", "place"), LIMITS)
def test_limit(name: str, value: str, place: str) -> None:
    """Each limit has the value that the page gives."""
    assert getattr(importlib.import_module(f"ovms.{place.replace('/', '.')}"), name) == int(value)


@pytest.mark.parametrize("room", ["alerts", "notify"])
def test_limits_are_listed(room: str) -> None:
    """Every bound of these rooms that ends in LIMIT or TIMEOUT is on the page."""
    for module in (ROOT / "src/ovms" / room).rglob("*.py"):
        names = re.findall(r"^([A-Z_]*(?:LIMIT|TIMEOUT))\b", module.read_text(), re.MULTILINE)
        known = {name for name, _, _ in LIMITS} | {"BODY_LIMIT"}  # one of each channel
        assert set(names) <= known, module.name


def test_examples(tmp_path: Path) -> None:
    """The settings, limits and the table of the page can be used."""
    mail, operator, push, limits, table = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    settings = ServerSettings(**tomllib.loads(mail + operator + push))
    assert settings.channels["webpush"]["private"] is True
    assert (settings.mail_host, settings.operator_mail) == ("mail.example.org", "ops@example.org")
    file = tmp_path / "alerts.toml"
    file.write_text(limits)
    assert with_written(AlertLimits(), read_alert_file(file)).low_12v.reference == 25.2
    assert list(parse("page", table)) == ["TR"]
