"""From the options of ``ovms car`` to its mode.

Every wrong combination of options ends the command here, with one line and before anybody is
called.
"""

from __future__ import annotations

import math
import secrets
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from random import Random
from typing import NoReturn

import typer

from ovms.base.logs import get_logger
from ovms.base.plugins import BrokenPlugin
from ovms.car.alert_file import WrittenLimits, read_alert_file
from ovms.car.bus.place import BusPlace, PlaceError, parse_place
from ovms.car.modem.serial_modem import BAUD_RATES, SerialModem
from ovms.car.recordings.channels import ChannelError
from ovms.car.recordings.errors import RecordingError
from ovms.car.recordings.recording import Recording
from ovms.car.trust import Trust
from ovms.car.vehicles import find_type, vehicle_types
from ovms.car.vehicles.data.problems import Problem, VehicleTypeError
from ovms.car.vehicles.interface import (
    DEFAULT_SCENARIO,
    MAPPING,
    BusVehicle,
    CarVehicle,
    VehicleOptions,
    bitrate_of,
    buses_of,
)
from ovms.car.vehicles.sim import SCENARIOS
from ovms.cli.car.fleet import FOR_NUMBER, FleetMode, parse_fleet
from ovms.cli.car.identity import IdentityOptions, ModuleIdentity
from ovms.cli.car.modes import BusMode, CarMode, ProvisionMode, ReplayMode, SimulationMode
from ovms.cli.car.options import CarOptions
from ovms.cli.car.provision import ProvisionQuestion, find_iccid
from ovms.cli.car.run import CarSetup, open_parameters
from ovms.cli.common import fail, print_table, refuse
from ovms.cli.link import find_place, find_tls

log = get_logger("ovms.car")

Mode = CarMode | FleetMode | ProvisionMode


def parse(options: CarOptions) -> Mode:
    """Return the mode that the options ask for.

    Reads the files that are named, and asks a terminal for secrets that are missing. Ends the
    command if the options do not fit together, or if a file cannot be used.
    """
    places = _parse_places(options)
    _check_scenario(options.scenario)
    tls = find_tls(options.tls, options.insecure, options.ca)
    if options.fleet is not None:
        return parse_fleet(options, options.fleet, tls)
    if options.ramp is not None:
        refuse("--ramp goes with --fleet")
    for name in FOR_NUMBER:
        if getattr(options, name) is not None:
            refuse(f"--{name} goes with --fleet NUMBER")
    return _parse_one(options, tls, places)


def _check_scenario(name: str | None) -> None:
    """Print the scenarios and end, if that was asked; refuse one that does not exist."""
    if name == "list":
        print_table(
            ("scenario", "meaning"), [(one.name, one.meaning) for one in SCENARIOS.values()]
        )
        raise typer.Exit
    if name is not None and name not in SCENARIOS:
        refuse(f"no scenario {name!r}: use one of {', '.join(SCENARIOS)}")


def _parse_one(
    options: CarOptions, tls: ssl.SSLContext | None, places: list[BusPlace]
) -> CarMode | ProvisionMode:
    if options.modem_baud not in BAUD_RATES:
        refuse(f"--modem-baud must be one of {', '.join(map(str, BAUD_RATES))}")
    parameter_file, kept = open_parameters(options.state)
    identity = IdentityOptions.of(options, kept)
    question = _parse_question(options, tls, identity)
    if question is None:
        identity.whom()
    setup = CarSetup(
        kind=_kind_of(options),
        group=options.group,
        tls=tls,
        websocket=options.websocket,
        state=options.state,
        parameter_file=parameter_file,
        modem=_make_modem(options),
        # a provisioning record may not be there a second time
        can_restart=question is None and identity.can_be_told_again,
        alerts=_read_alerts(options.alerts),
    )
    make = _parse_car(options, setup, places)
    if question is None:
        return make(identity.alone())
    go_on = (lambda values: make(identity.beside(values))) if options.run else None
    return ProvisionMode(question, options.json, go_on)


def _read_alerts(path: Path | None) -> WrittenLimits:
    """Return what the file of ``--alerts`` says; nothing without it."""
    if path is None:
        return {}
    try:
        return read_alert_file(path)
    except VehicleTypeError as error:
        _fail_at(error.problems)


def _fail_at(problems: Sequence[Problem], hint: str = "") -> NoReturn:
    """End the command with the first mistake in a file, and the number of the others."""
    more = len(problems) - 1
    fail(f"{problems[0]}" + (f" (and {more} more{hint})" if more else ""))


def _parse_question(
    options: CarOptions, tls: ssl.SSLContext | None, identity: IdentityOptions
) -> ProvisionQuestion | None:
    """Return the question of ``--provision``; ``None`` without it."""
    if options.provision is None:
        if options.run or options.json or (options.iccid, options.iccid_file) != (None, None):
            refuse("--iccid, --run and --json go with --provision")
        return None
    place = find_place(options.provision, tls, "--provision")
    if options.vin is None:
        refuse("--provision needs the VIN: --vin")
    iccid = find_iccid(options.iccid, options.iccid_file)
    identity.check_files(options.iccid_file)
    return ProvisionQuestion(place, tls, options.websocket, options.vin, iccid)


def _make_modem(options: CarOptions) -> SerialModem | None:
    if not options.modem:
        return None
    import_module("serial")  # a missing extra is told now, not once the port is opened
    return SerialModem(options.modem, options.modem_baud, random=Random())  # noqa: S311 (jitter)


def _parse_car(
    options: CarOptions, setup: CarSetup, places: list[BusPlace]
) -> Callable[[ModuleIdentity], CarMode]:
    """Check all but the identity; return a function that makes the car from that."""
    if places and options.replay is not None:
        refuse("--can reads a bus and --replay a recording: give one of them")
    if options.channel and options.replay is None:
        refuse("--channel goes with --replay")
    if places and options.kind is None:
        refuse("--can needs --type: which car is it (ovms vehicle-type list)?")
    vehicle = _make_vehicle(options)
    for name in ("scenario", "phase", "soc"):
        if getattr(options, name) is not None and isinstance(vehicle, BusVehicle):
            refuse(f"--{name} goes with a simulated car")
    if not (math.isfinite(options.speed) and options.speed >= 0):
        refuse("--speed must be a number, 0 or more")
    if places:
        return _parse_bus_mode(options, setup, vehicle, places)
    if options.replay is not None:
        return _parse_replay(options, setup, vehicle, options.replay)
    return _parse_simulation(options, setup, vehicle)


def _kind_of(options: CarOptions) -> str:
    """Return the name of the vehicle type, the default included."""
    return options.kind or ("sim" if options.replay is None else "roadster")


def _trust(options: CarOptions) -> Trust:
    return Trust[options.can_trust.upper()]


def _make_vehicle(options: CarOptions) -> CarVehicle:
    """Make the vehicle that ``--type`` names, or the one that fits the other options."""
    name = _kind_of(options)
    found = find_type(name)
    if found is None and (Path(name) / MAPPING).is_file():
        refuse(f"no vehicle type {name!r}: write ./{name} for the folder")
    if found is None and Path(name).is_dir():
        refuse(f"{name} is no vehicle type's folder: there is no {MAPPING} in it")
    if found is None:
        refuse(f"no vehicle type {name!r}: use one of {_known()}, or the path of a type's folder")
    if found.plugin is not None:
        log.info("vehicle type", name=name, package=found.package)
    wanted = VehicleOptions(
        options.vin,
        time.time(),
        secrets.randbits(32) if options.seed is None else options.seed,
        options.pin,
        _trust(options),
        options.scenario or DEFAULT_SCENARIO,
        options.phase or 0.0,
        options.soc,
        logs=bool(options.can) if options.logs is None else options.logs,
    )
    try:
        return found.make(wanted)
    except BrokenPlugin as error:
        fail(f"vehicle type {error}")
    except VehicleTypeError as error:
        _fail_at(error.problems, ": ovms vehicle-type check")


def _known() -> str:
    """Return the names of the vehicle types, and of the packages that added some."""
    return ", ".join(
        each.name if each.plugin is None else f"{each.name} ({each.package})"
        for each in vehicle_types()
    )


def _parse_places(options: CarOptions) -> list[BusPlace]:
    """Return the buses of ``--can``; none without it."""
    if not options.can:
        if options.can_trust != "listen" or options.can_bitrate is not None or options.can_option:
            refuse("--can-trust, --can-bitrate and --can-option go with --can")
        return []
    further = options.can_option or ()
    try:
        return [parse_place(each, options.can_bitrate, further) for each in options.can]
    except PlaceError as error:
        refuse(f"--can: {error}")


def _parse_bus_mode(
    options: CarOptions, setup: CarSetup, vehicle: CarVehicle, places: list[BusPlace]
) -> Callable[[ModuleIdentity], CarMode]:
    if not isinstance(vehicle, BusVehicle):
        refuse(f"--type {setup.kind} reads no bus: --can is not for it")
    if options.speed != 1 or options.loop:
        refuse("--speed and --loop are not for a bus")
    named = _name_places(places, buses_of(vehicle))
    whole = [
        replace(place, bitrate=place.bitrate or bitrate_of(vehicle, place.bus)) for place in named
    ]
    trust = _trust(options)
    return lambda identity: BusMode(identity, setup, vehicle, whole, trust)


def _name_places(places: list[BusPlace], buses: frozenset[str]) -> list[BusPlace]:
    """Return the places with the names of the vehicle type's ``buses``."""
    if len(places) == 1 and not places[0].bus and len(buses) < 2:
        return places  # there is nothing to tell apart
    known = ", ".join(sorted(buses))
    for place in places:
        if not place.bus:
            what = f"the vehicle type names {known}" if buses else "each needs a name of its own"
            refuse(f"which bus is {place}? --can BUS={place}: {what}")
        if buses and place.bus not in buses:
            refuse(f"--can: the vehicle type names no bus {place.bus}: it names {known}")
    names = [place.bus for place in places]
    if len(set(names)) < len(names):
        refuse("--can: each bus needs a name of its own")
    if len(names) > 1 and not buses:
        log.warning(
            "the vehicle type names no bus: frames of all count alike", buses=", ".join(names)
        )
    return places


def _parse_replay(
    options: CarOptions, setup: CarSetup, vehicle: CarVehicle, recording: Path
) -> Callable[[ModuleIdentity], CarMode]:
    if not isinstance(vehicle, BusVehicle):
        refuse(f"--type {setup.kind} reads no bus: it cannot replay a recording")
    try:
        opened = Recording(recording)
        opened.choose(options.channel or (), buses_of(vehicle))
    except ChannelError as error:
        refuse(f"--channel: {error}")
    except RecordingError as error:
        fail(str(error))
    return lambda identity: ReplayMode(
        identity, setup, vehicle, opened, options.speed, options.loop
    )


def _parse_simulation(
    options: CarOptions, setup: CarSetup, vehicle: CarVehicle
) -> Callable[[ModuleIdentity], CarMode]:
    if isinstance(vehicle, BusVehicle):
        refuse(
            f"--type {setup.kind} reads a bus: give it with --can, or a recording with --replay; "
            f"without a car, ovms vehicle-type simulate {setup.kind} makes a bus"
        )
    if options.loop:
        refuse("--loop needs a recording: --replay FILE")
    if not options.speed:
        refuse("--speed 0 needs a recording: --replay FILE")
    return lambda identity: SimulationMode(identity, setup, vehicle, options.speed)
