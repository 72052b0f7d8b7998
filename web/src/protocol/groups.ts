// Written by scripts/web_tables.py; change the tables in the code instead.

/** What all groups have. */
export interface GroupAge {
  /** When the message came that says it. */
  time: string;
  /** Seconds since then. */
  age: number;
  /** The car may be in another state by now. */
  is_stale: boolean;
  /** Facts that the module marks as read some time ago. */
  old: string[];
}

export interface Wheel {
  name: string;
  /** kPa. */
  pressure: number | null;
  /** °C. */
  temperature: number | null;
  /** Percent. */
  health: number | null;
  /** `none`, `warning`, `alert`, or the car's own number. */
  alert: string | null;
}

/** The traction battery. */
export interface BatteryGroup extends GroupAge {
  /** State of charge, percent. */
  soc: number | null;
  /** State of health, percent. */
  soh: number | null;
  /** Voltage, V. */
  voltage: number | null;
  /** Current, A. */
  current: number | null;
  /** Usable capacity, kWh. */
  capacity: number | null;
  /** Calculated amp-hour capacity, Ah. */
  cac: number | null;
  /** Range under ideal conditions, km. */
  ideal_range: number | null;
  /** Range as the car estimates it, km. */
  estimated_range: number | null;
  /** Ideal range of a full battery, km. */
  ideal_range_max: number | null;
}

/** The charge, or the last one. */
export interface ChargeGroup extends GroupAge {
  /** `charging`, `topoff`, `done`, `prepare`, `heating`, `stopped`, or another word of the car's. */
  state: string | null;
  /** A charge is under way. */
  is_charging: boolean | null;
  /** Why it is in that state: `scheduledstop`, `scheduledstart`, `onrequest`, `timerwait`, `powerwait`, `stopped`, `interrupted`, or the car's own number. */
  substate: string | null;
  /** `standard`, `storage`, `range`, `performance`. */
  mode: string | null;
  /** `type1`, `type2`, `chademo`, `roadster`, `teslaus`, `supercharger`, `ccs`, or the car's own number. */
  plug: string | null;
  /** At the charger's inlet, V. */
  voltage: number | null;
  /** Current, A. */
  current: number | null;
  /** Limit of the current, A. */
  current_limit: number | null;
  /** Power into the battery, kW. */
  power: number | null;
  /** Power into the charger, kW. */
  power_input: number | null;
  /** Of the charger, percent. */
  efficiency: number | null;
  /** Range gained in an hour, km/h. */
  range_speed: number | null;
  /** Time of this charge, seconds. */
  duration: number | null;
  /** Energy of this charge, kWh. */
  energy: number | null;
  /** Energy from the grid of this charge, kWh. */
  grid_energy: number | null;
  /** Energy from the grid in all, kWh. */
  grid_energy_total: number | null;
  /** Until the battery is full, seconds. */
  time_to_full: number | null;
  /** Until a limit is reached, seconds. */
  time_to_limit: number | null;
  /** Until the limit of the range is reached, seconds. */
  time_to_range_limit: number | null;
  /** Until the limit of the state of charge is reached, seconds. */
  time_to_soc_limit: number | null;
  /** A charge takes so long with this charger, seconds. */
  time_estimate: number | null;
  /** Range at which to stop, km. */
  range_limit: number | null;
  /** State of charge at which to stop, percent. */
  soc_limit: number | null;
  /** The charge begins by the timer. */
  is_timed: boolean | null;
  /** When the timer starts it, seconds after midnight UTC. */
  timer_start: number | null;
  /** The battery is cooled down. */
  is_cooling: boolean | null;
  /** Cooling ends below this, °C. */
  cooling_temperature: number | null;
  /** Cooling ends after this, seconds. */
  cooling_time: number | null;
  /** When the last charge ended. */
  ended: string | null;
}

/** How it is driven or parked. */
export interface DrivingGroup extends GroupAge {
  /** The car is switched on. */
  is_on: boolean | null;
  /** Its systems are awake. */
  is_awake: boolean | null;
  /** The hand brake is applied. */
  is_braked: boolean | null;
  /** Speed, km/h. */
  speed: number | null;
  /** Odometer, km. */
  odometer: number | null;
  /** Trip meter, km. */
  trip: number | null;
  /** Parked for so long, seconds; 0 is not parked. */
  parking_time: number | null;
}

/** Temperatures, and what changes them. */
export interface TemperaturesGroup extends GroupAge {
  /** Outside, °C. */
  ambient: number | null;
  /** Cabin, °C. */
  cabin: number | null;
  /** Traction battery, °C. */
  battery: number | null;
  /** Motor, °C. */
  motor: number | null;
  /** Power electronics, °C. */
  power_electronics: number | null;
  /** Charger, °C. */
  charger: number | null;
  /** Heating or air conditioning is on. */
  is_hvac_on: boolean | null;
  /** The cooling pump is on. */
  is_pump_on: boolean | null;
}

/** Doors, lock and lights. */
export interface DoorsGroup extends GroupAge {
  /** The car is locked. */
  is_locked: boolean | null;
  /** Valet mode is active. */
  is_valet_on: boolean | null;
  /** The alarm sounds. */
  is_alarm_on: boolean | null;
  /** The front left door is open. */
  is_front_left_open: boolean | null;
  /** The front right door is open. */
  is_front_right_open: boolean | null;
  /** The rear left door is open. */
  is_rear_left_open: boolean | null;
  /** The rear right door is open. */
  is_rear_right_open: boolean | null;
  /** The bonnet is open. */
  is_bonnet_open: boolean | null;
  /** The front trunk is open. */
  is_frunk_open: boolean | null;
  /** The trunk is open. */
  is_trunk_open: boolean | null;
  /** The charge port is open. */
  is_charge_port_open: boolean | null;
  /** A charger's pilot signal is there. */
  is_plugged_in: boolean | null;
  /** The headlights are on. */
  are_headlights_on: boolean | null;
}

/** The 12 V battery. */
export interface AuxiliaryGroup extends GroupAge {
  /** Voltage, V. */
  voltage: number | null;
  /** Voltage of the battery at rest, V. */
  voltage_reference: number | null;
  /** Current, A. */
  current: number | null;
  /** It is charged. */
  is_charging: boolean | null;
  /** What hangs on it is supplied. */
  is_on: boolean | null;
}

/** Where it is. Needs the right `location`. */
export interface LocationGroup extends GroupAge {
  /** Degrees, north positive. */
  latitude: number | null;
  /** Degrees, east positive. */
  longitude: number | null;
  /** Degrees: 0 is north, 90 east. */
  direction: number | null;
  /** Metres. */
  altitude: number | null;
  /** Speed, km/h. */
  speed: number | null;
  /** The receiver has a position. */
  has_fix: boolean | null;
  /** Satellites in use. */
  satellites: number | null;
  /** Horizontal dilution of precision. */
  hdop: number | null;
  /** Percent; below 30 it is not to be trusted. */
  quality: number | null;
  /** Speed as the receiver measures it, km/h. */
  gps_speed: number | null;
  /** A letter for each receiver, of `NADPRFEMS`. */
  gps_mode: string | null;
}

/** Power and energy of the drive. */
export interface EnergyGroup extends GroupAge {
  /** Out of the battery, kW; charging is negative. */
  battery_power: number | null;
  /** Through the inverter, kW. */
  inverter_power: number | null;
  /** Percent. */
  inverter_efficiency: number | null;
  /** Energy used on this trip, kWh. */
  used: number | null;
  /** Energy recovered on this trip, kWh. */
  recovered: number | null;
  /** Trip meter, km. */
  trip: number | null;
  /** As the car numbers it. */
  drive_mode: number | null;
}

/** Tyres. */
export interface TyresGroup extends GroupAge {
  /** The wheels, each with its tyre. */
  wheels: Wheel[];
}

/** Power out of the car: vehicle to load, home or grid. */
export interface ExportGroup extends GroupAge {
  /** The car gives power. */
  is_exporting: boolean | null;
  /** The other end's pilot signal is there. */
  has_pilot: boolean | null;
  /** Kind of connection, as the car calls it. */
  type: string | null;
  /** State, as the car calls it. */
  state: string | null;
  /** Sub-state, as the car calls it. */
  substate: string | null;
  /** Mode, as the car calls it. */
  mode: string | null;
  /** Voltage, V. */
  voltage: number | null;
  /** Current, A. */
  current: number | null;
  /** Limit of the current, A. */
  current_limit: number | null;
  /** Power, kW. */
  power: number | null;
  /** Percent. */
  efficiency: number | null;
  /** Energy of this export, kWh. */
  energy: number | null;
  /** Energy to the grid, kWh. */
  grid_energy: number | null;
  /** Energy to the grid in all, kWh. */
  grid_energy_total: number | null;
  /** Time of this export, seconds. */
  duration: number | null;
  /** Range at which to stop, km. */
  range_limit: number | null;
  /** State of charge at which to stop, percent. */
  soc_limit: number | null;
  /** Until the battery is empty, seconds. */
  time_to_empty: number | null;
  /** Until the limit of the range is reached, seconds. */
  time_to_range_limit: number | null;
  /** Until the limit of the state of charge is reached, seconds. */
  time_to_soc_limit: number | null;
  /** When the timer starts it, seconds after midnight UTC. */
  timer_start: number | null;
  /** Inverter, °C. */
  temperature: number | null;
  /** When the car read this. */
  read: string | null;
}

/** The module, its firmware and its network. */
export interface ModuleGroup extends GroupAge {
  /** Version of the firmware. */
  firmware: string | null;
  /** Version of the hardware. */
  hardware: string | null;
  /** The car's identification number. */
  vin: string | null;
  /** Vehicle type; `TR` is the Tesla Roadster. */
  vehicle_type: string | null;
  /** Level of the mobile network's signal, 0 to 31. */
  signal: number | null;
  /** Mobile network. */
  network: string | null;
  /** Mode of the mobile network. */
  network_mode: string | null;
  /** The firmware may write to the car's bus. */
  may_write: boolean | null;
  /** Until the next service, km. */
  service_distance: number | null;
  /** When the next service is due. */
  service_time: string | null;
}

/** What the car can be told. */
export interface CapabilitiesGroup extends GroupAge {
  /** The numbers of the commands that it knows. */
  commands: { first: number; last: number }[];
}

/** What a vehicle said, by matter; null is what it never said, or sealed. */
export interface StateGroups {
  battery: BatteryGroup | null;
  charge: ChargeGroup | null;
  driving: DrivingGroup | null;
  temperatures: TemperaturesGroup | null;
  doors: DoorsGroup | null;
  auxiliary: AuxiliaryGroup | null;
  location: LocationGroup | null;
  energy: EnergyGroup | null;
  tyres: TyresGroup | null;
  export: ExportGroup | null;
  module: ModuleGroup | null;
  capabilities: CapabilitiesGroup | null;
}

export type GroupName = keyof StateGroups;
