"""Options of ``ovms car`` from variables, as a service is told them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from ovms.cli.car.command import app
from ovms.cli.main import cli

CAR = {"OVMS_CAR_SERVER": "127.0.0.1:1", "OVMS_CAR_VEHICLE": "CAR", "OVMS_SECRET": "s"}


@pytest.mark.parametrize(
    ("variables", "part"),
    [
        ({"OVMS_CAR_SERVER": "host:x"}, "HOST[:PORT]"),
        ({"OVMS_CAR_VEHICLE": "two words"}, "--vehicle"),
        ({"OVMS_CAR_UNITS": "L"}, "--units"),
        ({"OVMS_CAR_TYPE": "tank"}, "no vehicle type 'tank'"),
        ({"OVMS_CAR_VIN": "A,B"}, "--vin"),
        ({"OVMS_CAR_GROUP": "a,b"}, "--group"),
        ({"OVMS_CAR_LOG_LEVEL": "loud"}, "log level"),
        ({"OVMS_CAR_LOG_FORMAT": "xml"}, "--log-format"),
        ({"OVMS_CAR_TLS": "maybe"}, "--tls"),
        ({"OVMS_CAR_INSECURE": "1"}, "--insecure goes with --tls"),
        ({"OVMS_CAR_CA": "x.pem"}, "--ca goes with --tls"),
        ({"OVMS_CAR_WEBSOCKET": "maybe"}, "--websocket"),
        ({"OVMS_CAR_MODEM": "/dev/x", "OVMS_CAR_MODEM_BAUD": "4711"}, "--modem-baud"),
        ({"OVMS_CAR_SERVER": ""}, "give --server and --vehicle"),
        ({"OVMS_SECRET_FILE": "/x"}, "not both"),
    ],
)
def test_each_variable_is_an_option(variables: dict[str, str], part: str) -> None:
    """What makes no sense in one is wrong usage, which names it."""
    result = CliRunner().invoke(cli, ["car"], env={**CAR, **variables})
    assert result.exit_code == 2
    assert part in " ".join(result.stderr.split())


def test_a_variable_of_an_app_is_none_of_the_cars() -> None:
    """What an app is told for its calls makes no car call."""
    result = CliRunner().invoke(cli, ["car"], env={"OVMS_SERVER": "host", "OVMS_VEHICLE": "CAR"})
    assert (result.exit_code, result.stderr) == (2, "ovms: give --server and --vehicle\n")


def test_an_option_counts_more_than_its_variable() -> None:
    """A command line says otherwise than the variables, and is heard."""
    result = CliRunner().invoke(
        cli, ["car", "--type", "lorry"], env={**CAR, "OVMS_CAR_TYPE": "sim"}
    )
    assert "no vehicle type 'lorry'" in result.stderr


def test_the_page_of_the_service_names_them_all() -> None:
    """Every variable of the command is on the page, and no other is."""
    page = (Path(__file__).parents[3] / "docs" / "service.md").read_text("utf-8")
    listed = set(re.findall(r"`(OVMS_\w+)`", page.split("## The unit")[0]))
    command = get_command(app)
    variables = {option.envvar for option in command.params if option.envvar}
    secrets = {f"OVMS_{name}{end}" for name in ("SECRET", "PARANOID") for end in ("", "_FILE")}
    assert listed == variables | secrets
