"""``ovms car``: a car's module, simulated or from a recording."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from ovms.base import logs
from ovms.base.clock import SystemClock
from ovms.base.systemd import is_journal
from ovms.car.fleet.roster import Defaults
from ovms.car.link import RestartRequested
from ovms.car.parameter_file import ParameterFile
from ovms.car.parameters import LONGEST_GROUP, NAMES, is_group
from ovms.car.replay import RecordingError
from ovms.car.reports import Units
from ovms.car.settings import sound
from ovms.car.status import Reporter
from ovms.car.vehicles.interface import DEFAULT_SCENARIO, BusVehicle, VehicleOptions
from ovms.cli.car_bus import (
    BitrateOption,
    BusOptions,
    CanOption,
    CanOptionOption,
    TrustOption,
)
from ovms.cli.car_factory import (
    check_scenario,
    check_source,
    choose_seed,
    kind_of,
    make_driver,
    make_vehicle,
)
from ovms.cli.car_identity import Given
from ovms.cli.car_options import (
    CaOption,
    GroupOption,
    InsecureOption,
    LogFormatOption,
    LogLevelOption,
    ModemBaudOption,
    ModemOption,
    ServerOption,
    TlsOption,
    UnitsOption,
    VehicleOption,
    VinOption,
    WebSocketOption,
)
from ovms.cli.car_provision import ProvisionQuestion, show
from ovms.cli.car_run import make_link, make_modem, open_journal, run, start_anew
from ovms.cli.car_service import serving
from ovms.cli.car_status import status
from ovms.cli.car_unit import unit
from ovms.cli.common import JsonOption, fail, refuse
from ovms.cli.fleet import FleetWay, check_fleet, run_fleet
from ovms.cli.link import ParanoidFileOption, ParanoidOption, find_place, find_tls

log = logs.get_logger("ovms.car")

PREFIX = "OVMS_CAR_"
"""What the variables of our options begin with."""

_WORD = re.compile(r"[!-~]{1,64}")
_VIN = re.compile(r"[A-Za-z0-9]{1,17}")
_PIN = re.compile(r"[0-9]{1,8}")


def car(
    context: typer.Context,
    server: ServerOption = None,
    vehicle: VehicleOption = None,
    secret: Annotated[
        str | None,
        typer.Option(metavar="S", help="The vehicle's secret. Safer: a file or OVMS_SECRET."),
    ] = None,
    secret_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="File with the secret; - standard input.")
    ] = None,
    units: UnitsOption = None,
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
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Replay a CAN recording.")
    ] = None,
    speed: Annotated[
        float,
        typer.Option(help="The car's seconds in each second; 0 as fast as the link takes."),
    ] = 1.0,
    loop: Annotated[bool, typer.Option("--loop", help="Replay for ever.")] = False,
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default=DEFAULT_SCENARIO,
            help="What a simulated car goes through; list tells the names.",
        ),
    ] = None,
    fleet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Be many simulated cars: CSV with vehicle,secret[,seed,scenario,phase,units], "
            "or as of vehicle import.",
        ),
    ] = None,
    ramp: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            show_default="100 cars a second",
            help="With --fleet: the time in which they begin to call, one after the other.",
        ),
    ] = None,
    vin: VinOption = None,
    seed: Annotated[int | None, typer.Option(help="Makes a simulated car repeatable.")] = None,
    pin: Annotated[str, typer.Option(help="The PIN of a simulated car.")] = "1234",
    paranoid: ParanoidOption = None,
    paranoid_file: ParanoidFileOption = None,
    group: GroupOption = "",
    log_level: LogLevelOption = "info",
    log_format: LogFormatOption = "text",
    tls: TlsOption = False,
    insecure: InsecureOption = False,
    ca: CaOption = None,
    modem: ModemOption = None,
    modem_baud: ModemBaudOption = 115200,
    websocket: WebSocketOption = False,
    provision: Annotated[
        str | None,
        typer.Option(
            metavar="HOST[:PORT]",
            help="Ask this server for the car's parameters, and print them, passwords included.",
        ),
    ] = None,
    iccid: Annotated[
        str | None,
        typer.Option(
            metavar="ICCID",
            help="With --provision: the SIM card's number. Or --iccid-file, or OVMS_ICCID.",
        ),
    ] = None,
    iccid_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="File that holds it; - standard input.")
    ] = None,
    go_on: Annotated[
        bool,
        typer.Option(
            "--run", help="With --provision: be the car; options count more than parameters."
        ),
    ] = False,
    json: JsonOption = False,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            envvar="OVMS_CAR_STATE",
            help="Folder that keeps what waits for the server, and parameters set by command, which"
            " count over options; without, both are lost with the process.",
        ),
    ] = None,
    can: CanOption = None,
    can_trust: TrustOption = "listen",
    can_bitrate: BitrateOption = None,
    can_option: CanOptionOption = None,
    logs_kept: Annotated[
        bool | None,
        typer.Option(
            "--logs/--no-logs",
            show_default="with --can",
            envvar="OVMS_CAR_LOGS",
            help="Tell trips and charges for the server's history; a simulated car always does.",
        ),
    ] = None,
) -> None:
    """Be a car: call a server, report, obey commands.

    A simulated car, unless a bus is read or a recording replayed. A replay ends when the server has
    everything.

    With a paranoid password it seals what it says, and only apps with that password can read it.

    With --provision it asks for its parameters, as a new module does, by --vin and --iccid. Without
    a record for them the exit code is 1.

    Command 5 starts the program anew with the same arguments; not with --provision, nor if a secret
    came from a terminal or from standard input.
    """
    if context.invoked_subcommand is not None:
        _check_nothing_before(context)
        return
    bus_options = BusOptions(can, can_trust, can_bitrate, can_option or ())
    bus_options.check()
    check_scenario(scenario)
    _check_words(vehicle, vin, pin, group, log_level)
    secure = find_tls(tls, insecure, ca)
    if fleet is not None:
        for_one = {"--vehicle": vehicle, "--secret": secret, "--secret-file": secret_file,
                   "--can": can, "--replay": replay, "--loop": loop, "--vin": vin,
                   "--paranoid": paranoid, "--paranoid-file": paranoid_file,
                   "--provision": provision, "--iccid": iccid, "--iccid-file": iccid_file,
                   "--run": go_on, "--json": json, "--modem": modem, "--state": state}  # fmt: skip
        check_fleet([name for name, given in for_one.items() if given], kind)
        defaults = Defaults(scenario or DEFAULT_SCENARIO, Units(units or "M"), seed or 0)
        way = FleetWay(server, secure, websocket, ramp, speed)
        run_fleet(
            *(fleet, defaults, way), pin=pin, group=group, log_level=log_level,
            log_format=log_format,
        )  # fmt: skip
        return
    if ramp is not None:
        refuse("--ramp goes with --fleet")
    phone = make_modem(modem, modem_baud)
    logs.configure(log_level, log_format, has_time=not is_journal(sys.stderr))
    _warn_of_misspelt(context)
    keeper, kept = _open_state(state)
    given = Given(server, vehicle, secret, secret_file, units, paranoid, paranoid_file, kept)
    question = None
    if provision is not None:
        place = find_place(provision, secure, "--provision")
        question = ProvisionQuestion(place, secure, websocket, vin, iccid, iccid_file)
        given.check_files(iccid_file)
    elif iccid is not None or iccid_file is not None or go_on or json:
        refuse("--iccid, --run and --json go with --provision")
    else:
        given.check_alone(secure)
    options = VehicleOptions(
        vin,
        time.time(),
        choose_seed(seed),
        pin,
        bus_options.level,
        scenario or DEFAULT_SCENARIO,
        logs=can is not None if logs_kept is None else logs_kept,
    )
    check_source(kind, replay, can)
    made = make_vehicle(kind, replay, can, options)
    if scenario is not None and isinstance(made, BusVehicle):
        refuse("--scenario goes with a simulated car")
    bus = bus_options.make(made) if isinstance(made, BusVehicle) else None
    driver = make_driver(made, replay, bus, speed, loop)
    if question is None:
        identity = given.alone()
    else:
        values = question.ask()
        show(values, json, is_hidden=is_journal(sys.stdout))
        if not go_on:
            return
        identity = given.beside(values)
    restarts = question is None and given.can_be_told_again  # a record may be there no more
    is_restart = is_done = False
    with closing(open_journal(state, identity.vehicle)) as journal:
        link = make_link(
            identity, made, driver, group, secure, websocket, journal, phone, keeper, restarts
        )
        reporter = Reporter(
            kind_of(kind, replay), link.module, driver, link.state, phone, bus, clock=SystemClock()
        )
        try:
            is_done = asyncio.run(serving(run(link, phone, bus), reporter, state))
        except RecordingError as error:
            fail(str(error))
        except RestartRequested:
            is_restart = True
    if is_restart:
        start_anew()
    if not is_done and replay is not None and not loop:
        fail("stopped before the server had the whole recording")


def _warn_of_misspelt(context: typer.Context) -> None:
    """Name variables that are none of ours: with its type misspelt a car is a simulated one."""
    known = {option.envvar for option in context.command.params}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            log.warning("no such option", variable=name)


def _check_nothing_before(context: typer.Context) -> None:
    """Refuse options between ``car`` and a further command: they would be of no effect."""
    for name, value in context.params.items():
        source = context.get_parameter_source(name)
        if value and source is not None and source.name == "COMMANDLINE":
            refuse(f"put the options behind ovms car {context.invoked_subcommand}")


def _check_words(
    vehicle: str | None, vin: str | None, pin: str, group: str, log_level: str
) -> None:
    if vehicle is not None and not _WORD.fullmatch(vehicle):
        refuse("--vehicle must be one word of at most 64 characters")
    if vin is not None and not _VIN.fullmatch(vin):
        refuse("--vin must be up to 17 letters and digits")
    if not _PIN.fullmatch(pin):
        refuse("--pin must be 1 to 8 digits")
    if group and not is_group(group):
        refuse(f"--group must be up to {LONGEST_GROUP} bytes without a comma")
    if log_level not in logs.LEVELS:
        refuse(f"no log level {log_level!r}: use one of {', '.join(logs.LEVELS)}")


def _open_state(folder: Path | None) -> tuple[ParameterFile | None, dict[int, str]]:
    """Open the folder of the kept parameters, and give those; ends the command if it cannot."""
    if folder is None:
        return None, {}
    try:
        keeper = ParameterFile(folder)
        kept = dict(sound(keeper.load()))
    except OSError as error:
        fail(f"{error.filename or folder}: {error.strerror or error}")
    if kept:
        names = "; ".join(NAMES.get(number, str(number)) for number in sorted(kept))
        log.info("kept parameters count over options", parameters=names)
    return keeper, kept


app = typer.Typer(subcommand_metavar="[COMMAND]", add_completion=False)
app.callback(invoke_without_command=True)(car)
app.command("status")(status)
app.command("unit")(unit)
