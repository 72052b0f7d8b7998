"""What a car last reported, as the library has it: a class a group, ``None`` for unknown."""

from __future__ import annotations

from datetime import datetime

from ovms.app.api.calls import ApiModel


class ApiGroup(ApiModel, frozen=True, kw_only=True):
    """What one message says of one matter."""

    time: datetime
    """When the server got it."""
    age: float
    """Seconds since then, at the time of the state that it was told with."""
    is_stale: bool
    """The car may be in another state by now."""
    old: list[str]
    """Readings that the module marks as made some time ago."""


class ApiWheel(ApiModel, frozen=True, kw_only=True):
    """A wheel."""

    name: str
    """``FL``, ``FR``, ``RL``, ``RR``, or as the car calls it."""
    pressure: float | None = None
    """Pressure, kPa."""
    temperature: float | None = None
    """Temperature, °C."""
    health: float | None = None
    """Health, percent."""
    alert: str | None = None
    """``none``, ``warning``, ``alert``."""


class ApiCommandRange(ApiModel, frozen=True, kw_only=True):
    """Numbers of commands, both ends included."""

    first: int
    last: int


class ApiBattery(ApiGroup, frozen=True, kw_only=True):
    """The traction battery."""

    soc: float | None = None
    """State of charge, percent."""
    soh: float | None = None
    """State of health, percent."""
    voltage: float | None = None
    """Voltage, V."""
    current: float | None = None
    """Current, A."""
    capacity: float | None = None
    """Usable capacity, kWh."""
    cac: float | None = None
    """Calculated amp-hour capacity, Ah."""
    ideal_range: float | None = None
    """Range under ideal conditions, km."""
    estimated_range: float | None = None
    """Range as the car estimates it, km."""
    ideal_range_max: float | None = None
    """Ideal range of a full battery, km."""


class ApiCharge(ApiGroup, frozen=True, kw_only=True):
    """The charge, or the last one."""

    state: str | None = None
    """``charging``, ``topoff``, ``done``, ``prepare``, ``heating``, ``stopped``, or another word
    of the car's."""
    is_charging: bool | None = None
    """A charge is under way."""
    substate: str | None = None
    """Why it is in that state: ``scheduledstop``, ``scheduledstart``, ``onrequest``,
    ``timerwait``, ``powerwait``, ``stopped``, ``interrupted``, or the car's own number."""
    mode: str | None = None
    """``standard``, ``storage``, ``range``, ``performance``."""
    plug: str | None = None
    """``type1``, ``type2``, ``chademo``, ``roadster``, ``teslaus``, ``supercharger``, ``ccs``, or
    the car's own number."""
    voltage: float | None = None
    """At the charger's inlet, V."""
    current: float | None = None
    """Current, A."""
    current_limit: float | None = None
    """Limit of the current, A."""
    power: float | None = None
    """Power into the battery, kW."""
    power_input: float | None = None
    """Power into the charger, kW."""
    efficiency: float | None = None
    """Of the charger, percent."""
    range_speed: float | None = None
    """Range gained in an hour, km/h."""
    duration: float | None = None
    """Time of this charge, seconds."""
    energy: float | None = None
    """Energy of this charge, kWh."""
    grid_energy: float | None = None
    """Energy from the grid of this charge, kWh."""
    grid_energy_total: float | None = None
    """Energy from the grid in all, kWh."""
    time_to_full: float | None = None
    """Until the battery is full, seconds."""
    time_to_limit: float | None = None
    """Until a limit is reached, seconds."""
    time_to_range_limit: float | None = None
    """Until the limit of the range is reached, seconds."""
    time_to_soc_limit: float | None = None
    """Until the limit of the state of charge is reached, seconds."""
    time_estimate: float | None = None
    """A charge takes so long with this charger, seconds."""
    range_limit: float | None = None
    """Range at which to stop, km."""
    soc_limit: float | None = None
    """State of charge at which to stop, percent."""
    is_timed: bool | None = None
    """The charge begins by the timer."""
    timer_start: float | None = None
    """When the timer starts it, seconds after midnight UTC."""
    is_cooling: bool | None = None
    """The battery is cooled down."""
    cooling_temperature: float | None = None
    """Cooling ends below this, °C."""
    cooling_time: float | None = None
    """Cooling ends after this, seconds."""
    ended: datetime | None = None
    """When the last charge ended."""


class ApiDriving(ApiGroup, frozen=True, kw_only=True):
    """How it is driven or parked."""

    is_on: bool | None = None
    """The car is switched on."""
    is_awake: bool | None = None
    """Its systems are awake."""
    is_braked: bool | None = None
    """The hand brake is applied."""
    speed: float | None = None
    """Speed, km/h."""
    odometer: float | None = None
    """Odometer, km."""
    trip: float | None = None
    """Trip meter, km."""
    parking_time: float | None = None
    """Parked for so long, seconds; 0 is not parked."""


class ApiTemperatures(ApiGroup, frozen=True, kw_only=True):
    """Temperatures, and what changes them."""

    ambient: float | None = None
    """Outside, °C."""
    cabin: float | None = None
    """Cabin, °C."""
    battery: float | None = None
    """Traction battery, °C."""
    motor: float | None = None
    """Motor, °C."""
    power_electronics: float | None = None
    """Power electronics, °C."""
    charger: float | None = None
    """Charger, °C."""
    is_hvac_on: bool | None = None
    """Heating or air conditioning is on."""
    is_pump_on: bool | None = None
    """The cooling pump is on."""


class ApiDoors(ApiGroup, frozen=True, kw_only=True):
    """Doors, lock and lights."""

    is_locked: bool | None = None
    """The car is locked."""
    is_valet_on: bool | None = None
    """Valet mode is active."""
    is_alarm_on: bool | None = None
    """The alarm sounds."""
    is_front_left_open: bool | None = None
    """The front left door is open."""
    is_front_right_open: bool | None = None
    """The front right door is open."""
    is_rear_left_open: bool | None = None
    """The rear left door is open."""
    is_rear_right_open: bool | None = None
    """The rear right door is open."""
    is_bonnet_open: bool | None = None
    """The bonnet is open."""
    is_frunk_open: bool | None = None
    """The front trunk is open."""
    is_trunk_open: bool | None = None
    """The trunk is open."""
    is_charge_port_open: bool | None = None
    """The charge port is open."""
    is_plugged_in: bool | None = None
    """A charger's pilot signal is there."""
    are_headlights_on: bool | None = None
    """The headlights are on."""


class ApiAuxiliary(ApiGroup, frozen=True, kw_only=True):
    """The 12 V battery."""

    voltage: float | None = None
    """Voltage, V."""
    voltage_reference: float | None = None
    """Voltage of the battery at rest, V."""
    current: float | None = None
    """Current, A."""
    is_charging: bool | None = None
    """It is charged."""
    is_on: bool | None = None
    """What hangs on it is supplied."""


class ApiLocation(ApiGroup, frozen=True, kw_only=True):
    """Where it is. Needs the right ``location``."""

    latitude: float | None = None
    """Degrees, north positive."""
    longitude: float | None = None
    """Degrees, east positive."""
    direction: float | None = None
    """Degrees: 0 is north, 90 east."""
    altitude: float | None = None
    """Metres."""
    speed: float | None = None
    """Speed, km/h."""
    has_fix: bool | None = None
    """The receiver has a position."""
    satellites: float | None = None
    """Satellites in use."""
    hdop: float | None = None
    """Horizontal dilution of precision."""
    quality: float | None = None
    """Percent; below 30 it is not to be trusted."""
    gps_speed: float | None = None
    """Speed as the receiver measures it, km/h."""
    gps_mode: str | None = None
    """A letter for each receiver, of ``NADPRFEMS``."""


class ApiEnergy(ApiGroup, frozen=True, kw_only=True):
    """Power and energy of the drive."""

    battery_power: float | None = None
    """Out of the battery, kW; charging is negative."""
    inverter_power: float | None = None
    """Through the inverter, kW."""
    inverter_efficiency: float | None = None
    """Percent."""
    used: float | None = None
    """Energy used on this trip, kWh."""
    recovered: float | None = None
    """Energy recovered on this trip, kWh."""
    trip: float | None = None
    """Trip meter, km."""
    drive_mode: float | None = None
    """As the car numbers it."""


class ApiTyres(ApiGroup, frozen=True, kw_only=True):
    """Tyres."""

    wheels: list[ApiWheel]
    """The wheels, each with its tyre."""


class ApiExport(ApiGroup, frozen=True, kw_only=True):
    """Power out of the car: vehicle to load, home or grid."""

    is_exporting: bool | None = None
    """The car gives power."""
    has_pilot: bool | None = None
    """The other end's pilot signal is there."""
    type: str | None = None
    """Kind of connection, as the car calls it."""
    state: str | None = None
    """State, as the car calls it."""
    substate: str | None = None
    """Sub-state, as the car calls it."""
    mode: str | None = None
    """Mode, as the car calls it."""
    voltage: float | None = None
    """Voltage, V."""
    current: float | None = None
    """Current, A."""
    current_limit: float | None = None
    """Limit of the current, A."""
    power: float | None = None
    """Power, kW."""
    efficiency: float | None = None
    """Percent."""
    energy: float | None = None
    """Energy of this export, kWh."""
    grid_energy: float | None = None
    """Energy to the grid, kWh."""
    grid_energy_total: float | None = None
    """Energy to the grid in all, kWh."""
    duration: float | None = None
    """Time of this export, seconds."""
    range_limit: float | None = None
    """Range at which to stop, km."""
    soc_limit: float | None = None
    """State of charge at which to stop, percent."""
    time_to_empty: float | None = None
    """Until the battery is empty, seconds."""
    time_to_range_limit: float | None = None
    """Until the limit of the range is reached, seconds."""
    time_to_soc_limit: float | None = None
    """Until the limit of the state of charge is reached, seconds."""
    timer_start: float | None = None
    """When the timer starts it, seconds after midnight UTC."""
    temperature: float | None = None
    """Inverter, °C."""
    read: datetime | None = None
    """When the car read this."""


class ApiModule(ApiGroup, frozen=True, kw_only=True):
    """The module, its firmware and its network."""

    firmware: str | None = None
    """Version of the firmware."""
    hardware: str | None = None
    """Version of the hardware."""
    vin: str | None = None
    """The car's identification number."""
    vehicle_type: str | None = None
    """Vehicle type; ``TR`` is the Tesla Roadster."""
    signal: float | None = None
    """Level of the mobile network's signal, 0 to 31."""
    network: str | None = None
    """Mobile network."""
    network_mode: str | None = None
    """Mode of the mobile network."""
    may_write: bool | None = None
    """The firmware may write to the car's bus."""
    service_distance: float | None = None
    """Until the next service, km."""
    service_time: datetime | None = None
    """When the next service is due."""


class ApiCapabilities(ApiGroup, frozen=True, kw_only=True):
    """What the car can be told."""

    commands: list[ApiCommandRange]
    """The numbers of the commands that it knows."""


class ApiGroups(ApiModel, frozen=True, kw_only=True):
    """What the vehicle reported, by matter. Null is what it never said, or sealed."""

    battery: ApiBattery | None = None
    """The traction battery."""
    charge: ApiCharge | None = None
    """The charge, or the last one."""
    driving: ApiDriving | None = None
    """How it is driven or parked."""
    temperatures: ApiTemperatures | None = None
    """Temperatures, and what changes them."""
    doors: ApiDoors | None = None
    """Doors, lock and lights."""
    auxiliary: ApiAuxiliary | None = None
    """The 12 V battery."""
    location: ApiLocation | None = None
    """Where it is. Needs the right ``location``."""
    energy: ApiEnergy | None = None
    """Power and energy of the drive."""
    tyres: ApiTyres | None = None
    """Tyres."""
    export: ApiExport | None = None
    """Power out of the car: vehicle to load, home or grid."""
    module: ApiModule | None = None
    """The module, its firmware and its network."""
    capabilities: ApiCapabilities | None = None
    """What the car can be told."""


class ApiState(ApiModel, frozen=True, kw_only=True):
    """What a vehicle last reported. Distances are in km, whatever unit the car is set to."""

    vehicle_id: str
    time: datetime
    """The server's time of this answer: ages are those at it."""
    is_online: bool
    """The car is connected to this server, or to one that tells this one."""
    is_paranoid: bool
    """The car seals what it says: the server cannot read it."""
    heard: datetime | None = None
    """When the newest message came; null if there is none."""
    distance_unit: str | None = None
    """What the car itself shows distances in, ``km`` or ``mi``."""
    hidden: list[str]
    """Groups that the caller may not see; they are null."""
    groups: ApiGroups
