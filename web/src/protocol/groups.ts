// Written by scripts/reference; change the tables in the code instead.

/** What all groups have. */
export interface GroupAge {
  /** When the message came that says it. */
  readonly time: string | null;
  /** Seconds since then. */
  readonly age: number;
  /** The car may be in another state by now. */
  readonly is_stale: boolean;
  /** Facts that the module marks as read some time ago. */
  readonly old: readonly string[];
}

export interface Wheel {
  readonly name: string;
  /** kPa. */
  readonly pressure: number | null;
  /** °C. */
  readonly temperature: number | null;
  /** Percent. */
  readonly health: number | null;
  /** `none`, `warning`, `alert`, or the car's own number. */
  readonly alert: string | null;
}

/** The traction battery. */
export interface BatteryGroup extends GroupAge {
  /** State of charge, percent. */
  readonly soc: number | null;
  /** State of health, percent. */
  readonly soh: number | null;
  /** Voltage, V. */
  readonly voltage: number | null;
  /** Current, A. */
  readonly current: number | null;
  /** Usable capacity, kWh. */
  readonly capacity: number | null;
  /** Calculated amp-hour capacity, Ah. */
  readonly cac: number | null;
  /** Range under ideal conditions, km. */
  readonly ideal_range: number | null;
  /** Range as the car estimates it, km. */
  readonly estimated_range: number | null;
  /** Ideal range of a full battery, km. */
  readonly ideal_range_max: number | null;
}

/** The charge, or the last one. */
export interface ChargeGroup extends GroupAge {
  /** `charging`, `topoff`, `done`, `prepare`, `heating`, `stopped`, or another word of the car's. */
  readonly state: string | null;
  /** A charge is under way. */
  readonly is_charging: boolean | null;
  /** Why it is in that state: `scheduledstop`, `scheduledstart`, `onrequest`, `timerwait`, `powerwait`, `stopped`, `interrupted`, or the car's own number. */
  readonly substate: string | null;
  /** `standard`, `storage`, `range`, `performance`. */
  readonly mode: string | null;
  /** `type1`, `type2`, `chademo`, `roadster`, `teslaus`, `supercharger`, `ccs`, or the car's own number. */
  readonly plug: string | null;
  /** At the charger's inlet, V. */
  readonly voltage: number | null;
  /** Current, A. */
  readonly current: number | null;
  /** Limit of the current, A. */
  readonly current_limit: number | null;
  /** Power into the battery, kW. */
  readonly power: number | null;
  /** Power into the charger, kW. */
  readonly power_input: number | null;
  /** Of the charger, percent. */
  readonly efficiency: number | null;
  /** Range gained in an hour, km/h. */
  readonly range_speed: number | null;
  /** Time of this charge, seconds. */
  readonly duration: number | null;
  /** Energy of this charge, kWh. */
  readonly energy: number | null;
  /** Energy from the grid of this charge, kWh. */
  readonly grid_energy: number | null;
  /** Energy from the grid in all, kWh. */
  readonly grid_energy_total: number | null;
  /** Until the battery is full, seconds. */
  readonly time_to_full: number | null;
  /** Until a limit is reached, seconds. */
  readonly time_to_limit: number | null;
  /** Until the limit of the range is reached, seconds. */
  readonly time_to_range_limit: number | null;
  /** Until the limit of the state of charge is reached, seconds. */
  readonly time_to_soc_limit: number | null;
  /** A charge takes so long with this charger, seconds. */
  readonly time_estimate: number | null;
  /** Range at which to stop, km. */
  readonly range_limit: number | null;
  /** State of charge at which to stop, percent. */
  readonly soc_limit: number | null;
  /** The charge begins by the timer. */
  readonly is_timed: boolean | null;
  /** When the timer starts it, seconds after midnight UTC. */
  readonly timer_start: number | null;
  /** The battery is cooled down. */
  readonly is_cooling: boolean | null;
  /** Cooling ends below this, °C. */
  readonly cooling_temperature: number | null;
  /** Cooling ends after this, seconds. */
  readonly cooling_time: number | null;
  /** When the last charge ended. */
  readonly ended: string | null;
}

/** How it is driven or parked. */
export interface DrivingGroup extends GroupAge {
  /** The car is switched on. */
  readonly is_on: boolean | null;
  /** Its systems are awake. */
  readonly is_awake: boolean | null;
  /** The hand brake is applied. */
  readonly is_braked: boolean | null;
  /** Speed, km/h. */
  readonly speed: number | null;
  /** Odometer, km. */
  readonly odometer: number | null;
  /** Trip meter, km. */
  readonly trip: number | null;
  /** Parked for so long, seconds; 0 is not parked. */
  readonly parking_time: number | null;
}

/** Temperatures, and what changes them. */
export interface TemperaturesGroup extends GroupAge {
  /** Outside, °C. */
  readonly ambient: number | null;
  /** Cabin, °C. */
  readonly cabin: number | null;
  /** Traction battery, °C. */
  readonly battery: number | null;
  /** Motor, °C. */
  readonly motor: number | null;
  /** Power electronics, °C. */
  readonly power_electronics: number | null;
  /** Charger, °C. */
  readonly charger: number | null;
  /** Heating or air conditioning is on. */
  readonly is_hvac_on: boolean | null;
  /** The cooling pump is on. */
  readonly is_pump_on: boolean | null;
}

/** Doors, lock and lights. */
export interface DoorsGroup extends GroupAge {
  /** The car is locked. */
  readonly is_locked: boolean | null;
  /** Valet mode is active. */
  readonly is_valet_on: boolean | null;
  /** The alarm sounds. */
  readonly is_alarm_on: boolean | null;
  /** The front left door is open. */
  readonly is_front_left_open: boolean | null;
  /** The front right door is open. */
  readonly is_front_right_open: boolean | null;
  /** The rear left door is open. */
  readonly is_rear_left_open: boolean | null;
  /** The rear right door is open. */
  readonly is_rear_right_open: boolean | null;
  /** The bonnet is open. */
  readonly is_bonnet_open: boolean | null;
  /** The front trunk is open. */
  readonly is_frunk_open: boolean | null;
  /** The trunk is open. */
  readonly is_trunk_open: boolean | null;
  /** The charge port is open. */
  readonly is_charge_port_open: boolean | null;
  /** A charger's pilot signal is there. */
  readonly is_plugged_in: boolean | null;
  /** The headlights are on. */
  readonly are_headlights_on: boolean | null;
}

/** The 12 V battery. */
export interface AuxiliaryGroup extends GroupAge {
  /** Voltage, V. */
  readonly voltage: number | null;
  /** Voltage of the battery at rest, V. */
  readonly voltage_reference: number | null;
  /** Current, A. */
  readonly current: number | null;
  /** It is charged. */
  readonly is_charging: boolean | null;
  /** What hangs on it is supplied. */
  readonly is_on: boolean | null;
}

/** Where it is. Needs the right `location`. */
export interface LocationGroup extends GroupAge {
  /** Degrees, north positive. */
  readonly latitude: number | null;
  /** Degrees, east positive. */
  readonly longitude: number | null;
  /** Degrees: 0 is north, 90 east. */
  readonly direction: number | null;
  /** Metres. */
  readonly altitude: number | null;
  /** Speed, km/h. */
  readonly speed: number | null;
  /** The receiver has a position. */
  readonly has_fix: boolean | null;
  /** Satellites in use. */
  readonly satellites: number | null;
  /** Horizontal dilution of precision. */
  readonly hdop: number | null;
  /** Percent; below 30 it is not to be trusted. */
  readonly quality: number | null;
  /** Speed as the receiver measures it, km/h. */
  readonly gps_speed: number | null;
  /** A letter for each receiver, of `NADPRFEMS`. */
  readonly gps_mode: string | null;
}

/** Power and energy of the drive. */
export interface EnergyGroup extends GroupAge {
  /** Out of the battery, kW; charging is negative. */
  readonly battery_power: number | null;
  /** Through the inverter, kW. */
  readonly inverter_power: number | null;
  /** Percent. */
  readonly inverter_efficiency: number | null;
  /** Energy used on this trip, kWh. */
  readonly used: number | null;
  /** Energy recovered on this trip, kWh. */
  readonly recovered: number | null;
  /** Trip meter, km. */
  readonly trip: number | null;
  /** As the car numbers it. */
  readonly drive_mode: number | null;
}

/** Tyres. */
export interface TyresGroup extends GroupAge {
  /** The wheels, each with its tyre. */
  readonly wheels: readonly Wheel[];
}

/** Power out of the car: vehicle to load, home or grid. */
export interface ExportGroup extends GroupAge {
  /** The car gives power. */
  readonly is_exporting: boolean | null;
  /** The other end's pilot signal is there. */
  readonly has_pilot: boolean | null;
  /** Kind of connection, as the car calls it. */
  readonly type: string | null;
  /** State, as the car calls it. */
  readonly state: string | null;
  /** Sub-state, as the car calls it. */
  readonly substate: string | null;
  /** Mode, as the car calls it. */
  readonly mode: string | null;
  /** Voltage, V. */
  readonly voltage: number | null;
  /** Current, A. */
  readonly current: number | null;
  /** Limit of the current, A. */
  readonly current_limit: number | null;
  /** Power, kW. */
  readonly power: number | null;
  /** Percent. */
  readonly efficiency: number | null;
  /** Energy of this export, kWh. */
  readonly energy: number | null;
  /** Energy to the grid, kWh. */
  readonly grid_energy: number | null;
  /** Energy to the grid in all, kWh. */
  readonly grid_energy_total: number | null;
  /** Time of this export, seconds. */
  readonly duration: number | null;
  /** Range at which to stop, km. */
  readonly range_limit: number | null;
  /** State of charge at which to stop, percent. */
  readonly soc_limit: number | null;
  /** Until the battery is empty, seconds. */
  readonly time_to_empty: number | null;
  /** Until the limit of the range is reached, seconds. */
  readonly time_to_range_limit: number | null;
  /** Until the limit of the state of charge is reached, seconds. */
  readonly time_to_soc_limit: number | null;
  /** When the timer starts it, seconds after midnight UTC. */
  readonly timer_start: number | null;
  /** Inverter, °C. */
  readonly temperature: number | null;
  /** When the car read this. */
  readonly read: string | null;
}

/** The module, its firmware and its network. */
export interface ModuleGroup extends GroupAge {
  /** Version of the firmware. */
  readonly firmware: string | null;
  /** Version of the hardware. */
  readonly hardware: string | null;
  /** The car's identification number. */
  readonly vin: string | null;
  /** Vehicle type; `TR` is the Tesla Roadster. */
  readonly vehicle_type: string | null;
  /** Level of the mobile network's signal, 0 to 31. */
  readonly signal: number | null;
  /** Mobile network. */
  readonly network: string | null;
  /** Mode of the mobile network. */
  readonly network_mode: string | null;
  /** The firmware may write to the car's bus. */
  readonly may_write: boolean | null;
  /** Until the next service, km. */
  readonly service_distance: number | null;
  /** When the next service is due. */
  readonly service_time: string | null;
}

/** What the car can be told. */
export interface CapabilitiesGroup extends GroupAge {
  /** The numbers of the commands that it knows. */
  readonly commands: readonly { readonly first: number; readonly last: number }[];
}

/** What a vehicle said, by matter; null is what it never said, or sealed. */
export interface StateGroups {
  readonly battery: BatteryGroup | null;
  readonly charge: ChargeGroup | null;
  readonly driving: DrivingGroup | null;
  readonly temperatures: TemperaturesGroup | null;
  readonly doors: DoorsGroup | null;
  readonly auxiliary: AuxiliaryGroup | null;
  readonly location: LocationGroup | null;
  readonly energy: EnergyGroup | null;
  readonly tyres: TyresGroup | null;
  readonly export: ExportGroup | null;
  readonly module: ModuleGroup | null;
  readonly capabilities: CapabilitiesGroup | null;
}

export type GroupName = keyof StateGroups;
