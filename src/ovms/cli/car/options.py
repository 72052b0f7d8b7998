"""The options of ``ovms car``, once: command line, variables and help are read from the fields.

A service is told its options by variables. ``OVMS_CAR_…`` speaks of the car only: an app on the
same machine has ``OVMS_SERVER`` and others.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ovms.base import logs
from ovms.car.parameters import LONGEST_GROUP, VEHICLE_ID, is_group
from ovms.car.vehicles.interface import DEFAULT_SCENARIO
from ovms.cli.common import JsonOption, refuse
from ovms.cli.link import ParanoidFileOption, ParanoidOption

_VIN = re.compile(r"[A-Za-z0-9]{1,17}")
_PIN = re.compile(r"[0-9]{1,8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CarOptions:
    """What the options say, in the order of the help page."""

    server: Annotated[
        str | None,
        typer.Option(
            metavar="HOST[:PORT]",
            envvar="OVMS_CAR_SERVER",
            help="Whom to call; port 6867, or 6870 with --tls.",
        ),
    ] = None
    vehicle: Annotated[
        str | None, typer.Option(metavar="ID", envvar="OVMS_CAR_VEHICLE", help="The vehicle id.")
    ] = None
    secret: Annotated[
        str | None,
        typer.Option(metavar="S", help="The vehicle's secret. Safer: a file or OVMS_SECRET."),
    ] = None
    secret_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="File with the secret; - standard input.")
    ] = None
    units: Annotated[
        Literal["M", "K"] | None,
        typer.Option(
            show_default="M", envvar="OVMS_CAR_UNITS", help="Report in miles or kilometres."
        ),
    ] = None
    kind: Annotated[
        str | None,
        typer.Option(
            "--type",
            metavar="NAME|FOLDER",
            show_default="sim",
            envvar="OVMS_CAR_TYPE",
            help="The vehicle type (ovms vehicle-type list), or the folder of one;"
            " roadster with --replay.",
        ),
    ] = None
    replay: Annotated[Path | None, typer.Option(metavar="FILE", help="Replay a CAN recording.")] = (
        None
    )
    channel: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[BUS=]CHANNEL",
            help="With --replay: read only this channel of the recording; several are possible."
            " BUS is the name of a bus in the vehicle type.",
        ),
    ] = None
    speed: Annotated[
        float,
        typer.Option(
            help="The car's seconds in each second; 0 as fast as the link takes. Above 1"
            " the server's journeys of it are wrong."
        ),
    ] = 1.0
    loop: Annotated[bool, typer.Option("--loop", help="Replay for ever.")] = False
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default=DEFAULT_SCENARIO,
            help="What a simulated car goes through; list tells the names.",
        ),
    ] = None
    phase: Annotated[
        float | None,
        typer.Option(
            help="Of a simulated car: how much of its scenario's round is over, 0 to less than 1."
        ),
    ] = None
    soc: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="Of a simulated car: % of charge at the start."),
    ] = None
    fleet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE|NUMBER",
            help="Be many simulated cars: CSV with vehicle,secret[,seed,scenario,phase,units], "
            "or as of vehicle import; or so many, with --owner.",
        ),
    ] = None
    owner: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="With --fleet NUMBER: whose vehicles they are, SIM-1 and so on; what is missing"
            " is made in the database of a server on this machine, which need not be named.",
        ),
    ] = None
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="With --fleet NUMBER: that server's data folder."),
    ] = None
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="With --fleet NUMBER: its database.")
    ] = None
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --fleet NUMBER: its settings.")
    ] = None
    ramp: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            show_default="100 cars a second",
            help="With --fleet: the time in which they begin to call, one after the other.",
        ),
    ] = None
    vin: Annotated[
        str | None,
        typer.Option(
            envvar="OVMS_CAR_VIN", help="The VIN to report, and to ask by with --provision."
        ),
    ] = None
    seed: Annotated[int | None, typer.Option(help="Makes a simulated car repeatable.")] = None
    pin: Annotated[str, typer.Option(help="The PIN of a simulated car.")] = "1234"
    paranoid: ParanoidOption = None
    paranoid_file: ParanoidFileOption = None
    group: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            envvar="OVMS_CAR_GROUP",
            help="Tell the position to this group, in plain.",
        ),
    ] = ""
    log_level: Annotated[
        str, typer.Option(envvar="OVMS_CAR_LOG_LEVEL", help="debug, info, warning or error.")
    ] = "info"
    log_format: Annotated[
        Literal["text", "json"],
        typer.Option(envvar="OVMS_CAR_LOG_FORMAT", help="Log lines as text or as JSON objects."),
    ] = "text"
    tls: Annotated[bool, typer.Option("--tls", envvar="OVMS_CAR_TLS", help="Call over TLS.")] = (
        False
    )
    insecure: Annotated[
        bool,
        typer.Option(
            "--insecure",
            envvar="OVMS_CAR_INSECURE",
            help="With --tls: take any certificate of anybody.",
        ),
    ] = False
    ca: Annotated[
        Path | None,
        typer.Option(
            "--ca",
            metavar="FILE",
            envvar="OVMS_CAR_CA",
            help="With --tls: trust only this, roots or the server's certificate, PEM.",
        ),
    ] = None
    modem: Annotated[
        str | None,
        typer.Option(
            metavar="PORT",
            envvar="OVMS_CAR_MODEM",
            help="Serial port of a modem: SMS, USSD, AT, the signal.",
        ),
    ] = None
    modem_baud: Annotated[
        int,
        typer.Option(
            metavar="BAUD", envvar="OVMS_CAR_MODEM_BAUD", help="Its speed, bits a second."
        ),
    ] = 115200
    websocket: Annotated[
        bool,
        typer.Option(
            "--websocket",
            envvar="OVMS_CAR_WEBSOCKET",
            help="Call through a WebSocket at /apiv2, as proxies want it.",
        ),
    ] = False
    provision: Annotated[
        str | None,
        typer.Option(
            metavar="HOST[:PORT]",
            help="Ask this server for the car's parameters, and print them, passwords included.",
        ),
    ] = None
    iccid: Annotated[
        str | None,
        typer.Option(
            metavar="ICCID",
            help="With --provision: the SIM card's number. Or --iccid-file, or OVMS_ICCID.",
        ),
    ] = None
    iccid_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="File that holds it; - standard input.")
    ] = None
    run: Annotated[
        bool,
        typer.Option(
            "--run", help="With --provision: be the car; options count more than parameters."
        ),
    ] = False
    json: JsonOption = False
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            envvar="OVMS_CAR_STATE",
            help="Folder that keeps what waits for the server, and parameters set by command, which"
            " count over options; without, both are lost with the process.",
        ),
    ] = None
    can: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[BUS=]INTERFACE:CHANNEL",
            envvar="OVMS_CAR_CAN",
            help="Be a module in a car: read its bus through python-can, as in socketcan:can0."
            " Several are possible, each with the name BUS that it has in the vehicle type.",
        ),
    ] = None
    can_trust: Annotated[
        Literal["listen", "ask", "write"],
        typer.Option(
            envvar="OVMS_CAR_CAN_TRUST",
            help="With --can: only listen, ask for data too, or also write commands"
            " (which feature 15 allows, off at first).",
        ),
    ] = "listen"
    can_bitrate: Annotated[
        int | None,
        typer.Option(
            metavar="BITS",
            envvar="OVMS_CAR_CAN_BITRATE",
            min=10_000,
            max=1_000_000,
            show_default="the vehicle type's",
            help="The bus's speed, bits a second.",
        ),
    ] = None
    can_option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Another option of python-can's interface."),
    ] = None
    logs: Annotated[
        bool | None,
        typer.Option(
            "--logs/--no-logs",
            show_default="with --can",
            envvar="OVMS_CAR_LOGS",
            help="Tell trips and charges for the server's history; a simulated car always does.",
        ),
    ] = None

    alerts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="OVMS_CAR_ALERTS",
            help="TOML file of what is an alert, as in a vehicle type; counts more"
            " than the vehicle type's own.",
        ),
    ] = None

    def check_words(self) -> None:
        """End the command if a single option cannot be what it says."""
        if self.vehicle is not None and not VEHICLE_ID.fullmatch(self.vehicle):
            refuse("--vehicle must be one word of at most 64 characters")
        if self.vin is not None and not _VIN.fullmatch(self.vin):
            refuse("--vin must be up to 17 letters and digits")
        if not _PIN.fullmatch(self.pin):
            refuse("--pin must be 1 to 8 digits")
        if self.phase is not None and not 0 <= self.phase < 1:
            refuse("--phase must be a number from 0 to less than 1")
        if self.group and not is_group(self.group):
            refuse(f"--group must be up to {LONGEST_GROUP} bytes without a comma")
        if self.log_level not in logs.LEVELS:
            refuse(f"no log level {self.log_level!r}: use one of {', '.join(logs.LEVELS)}")


def takes_options(command: Callable[[typer.Context, CarOptions], None]) -> Callable[..., None]:
    """Return a command that Typer can read the options off, which hands them over as one object."""

    def called(context: typer.Context, **given: Any) -> None:
        command(context, CarOptions(**given))

    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [context, *inspect.signature(CarOptions).parameters.values()]
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    called.__name__, called.__doc__ = command.__name__, command.__doc__
    return called
