// Written by scripts/api_types.py from the description of /api/v1; change the server instead.

/** The caller's own account. */
export interface AccountAnswer {
  name: string;
  /** The mail address; null without one. */
  email: string | null;
  /** When a mail to it was answered; null if an administrator has set it. */
  email_confirmed: string | null;
  is_admin: boolean;
  has_password: boolean;
  /** One-time codes are asked for. */
  has_totp: boolean;
  created: string;
  /** How many there are. */
  vehicles: number;
  /** How many there may be; 0 is no limit. */
  vehicle_limit: number;
  /** Of the history of all vehicles. */
  bytes: number;
  /** How many there may be; 0 is no limit. */
  byte_limit: number;
  /** There are so many bytes that nothing more is kept. */
  is_over: boolean;
  /** The IANA time zone of the days of journeys; the server's unless the owner named one. */
  zone: string;
  /** ISO 4217, of what charging costs; the server's unless the owner named one. */
  currency: string;
}

/** What to change of the account; what is not there stays, and null is the server's. */
export interface AccountChanges {
  /** The IANA time zone of the days of journeys: `Europe/Berlin`. */
  zone?: string | null | undefined;
  /** ISO 4217, of what charging costs: `EUR`. */
  currency?: string | null | undefined;
}

/** A vehicle, or another server that calls as one. */
export interface AdminVehicleAnswer {
  id: string;
  /** What its owner calls it; empty if nothing. */
  name: string;
  owner: string;
  type: "car" | "server";
  /** It is connected to this server. */
  is_online: boolean;
  /** When it last said something; null if never. */
  last_heard: string | null;
  /** It takes log-ins and calls over TLS only. */
  tls_only: boolean;
  /** The server that serves it; `*` is any. */
  server: string;
  created: string;
  /** In its history. */
  records: number;
  /** Of its history. */
  bytes: number;
  /** Records of its history that may say where it was. */
  positions: number;
  /** The latest of each code that are kept. */
  messages: number;
  /** Trips, charges and parked times. */
  journeys: number;
}

/** Vehicles, by id. */
export interface AdminVehiclesPage {
  items: Array<AdminVehicleAnswer>;
  /** Ask for the next page with this as `after`; null on the last. */
  next: string | null;
}

/** The new administrator. */
export interface AdministratorAnswer {
  name: string;
}

/** An alert. */
export interface AlertAnswer {
  /** When the server had it. */
  time: string;
  /** `alert`, `information` or `error`, or the letter of another kind. */
  kind: string;
  /** Null if it may say where the car was, for callers without the right `location`. */
  text: string | null;
}

/** A page of alerts, the newest first. */
export interface AlertPage {
  items: Array<AlertAnswer>;
  /** Where the next page begins; null after the last one. */
  next: string | null;
}

/** A trip ended with little SOC, and the vehicle was not plugged in at once. */
export interface ArrivalSocAlert {
  is_on: boolean;
  /** Percent. */
  below: number;
}

/** What to change of being told of arriving with little SOC; what is not there stays. */
export interface ArrivalSocChanges {
  is_on?: boolean | undefined;
  /** Percent. */
  below?: number | undefined;
}

/** Something that was done. */
export interface AuditAnswer {
  id: string;
  time: string;
  /**
   * Words with points between, such as `login.failed` or `command`; more of them will come.
   */
  action: string;
  /** The owner who did it; `operator` for the command line of the server; null if unknown. */
  actor: string | null;
  /** Whose account it was done to, or whose vehicle; null if none or no longer there. */
  account: string | null;
  vehicle_id: string | null;
  /** A few words more, for people. */
  detail: string;
  /** Where it came from; null if unknown, and of others with whom the vehicle is shared. */
  address: string | null;
}

/** Entries of the audit trail, the newest first. */
export interface AuditPage {
  items: Array<AuditAnswer>;
  /** Ask for the next page with this as `after`; null on the last. */
  next: string | null;
}

/** The 12 V battery. */
export interface AuxiliaryGroup {
  /** When the server got it. What it had stored before it knew is as old, or older. */
  time: string;
  /** Seconds since then. */
  age: number;
  /**
   * The car may be in another state by now: the module marks its readings as old, or the car
   * should have said it again (telemetry within 20 minutes, the rest whenever it connects).
   */
  is_stale: boolean;
  /** Readings that the module marks as made some time ago. */
  old: Array<string>;
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

/** A price of a part of the day. */
export interface BandAnswer {
  /** For a kWh. */
  price: string;
  /** The local time from which on it counts: `22:00`. */
  from: string;
  /** Until when; one that is not after `from` is of the next day. */
  until: string;
  /** The days on which it begins. */
  days: Array<"mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun">;
}

/** A price of a part of the day; where two are, the tariff is refused. */
export interface BandBody {
  /** For a kWh. */
  price: string;
  /** The local time from which on it counts. */
  from: string;
  /** Until when; one that is not after `from` is of the next day. */
  until: string;
  /** The days on which it begins; null is every day. */
  days?: Array<"mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun"> | null | undefined;
}

/** What is known of a battery. */
export interface BatteryAnswer {
  /** kWh now, as charges show it. */
  capacity: number | null;
  /** Percent of it that were lost since the first month; null with fewer than six months. */
  degradation: number | null;
  /** The same in percent by what the car says. */
  car_degradation: number | null;
  /** Ah, as the car said it last. */
  cac: number | null;
  /** Percent, as the car said it last. */
  soh: number | null;
  /** km, the ideal range of the full battery, in the last month that shows it. */
  full_range: number | null;
  /** What was charged in all, in full batteries. */
  cycles: number;
  /** Percent of the energy from the grid that is in the battery. */
  efficiency: number | null;
  /** Those with a charge or a trip, the oldest first. */
  months: Array<BatteryMonthAnswer>;
  /** Those of which something is known, the coldest first. */
  temperatures: Array<BatteryTemperatureAnswer>;
}

/** The traction battery. */
export interface BatteryGroup {
  /** When the server got it. What it had stored before it knew is as old, or older. */
  time: string;
  /** Seconds since then. */
  age: number;
  /**
   * The car may be in another state by now: the module marks its readings as old, or the car
   * should have said it again (telemetry within 20 minutes, the rest whenever it connects).
   */
  is_stale: boolean;
  /** Readings that the module marks as made some time ago. */
  old: Array<string>;
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

/** The battery in one month; what nothing shows is null. */
export interface BatteryMonthAnswer {
  /** `2026-11`, by the owner's time zone. */
  month: string;
  /** kWh, as charges show it. */
  capacity: number | null;
  /** How many charges do. */
  capacity_charges: number;
  /** kWh, as the car says it. */
  car_capacity: number | null;
  /** Ah, as the car says it. */
  cac: number | null;
  /** Percent, as the car says it. */
  soh: number | null;
  /** km, the ideal range of the full battery. */
  full_range: number | null;
  /** °C, mean of the battery while it was charged. */
  temperature: number | null;
  charges: number;
  /** kWh into the battery. */
  energy: number;
  /** kWh from the grid. */
  grid_energy: number;
  /** Percent of the energy from the grid that is in the battery. */
  efficiency: number | null;
  /** What was charged, in full batteries. */
  cycles: number;
  /** km. */
  distance: number;
}

/** The battery in a range of temperatures. */
export interface BatteryTemperatureAnswer {
  /** °C, the least of five: of the battery for `capacity`, outside for the others. */
  temperature: number;
  /** kWh, as charges show it. */
  capacity: number | null;
  /** km, the ideal range of the full battery. */
  full_range: number | null;
  /** kWh for 100 km. */
  consumption: number | null;
  /** km. */
  distance: number;
}

/** What the car can be told. */
export interface CapabilitiesGroup {
  /** When the server got it. What it had stored before it knew is as old, or older. */
  time: string;
  /** Seconds since then. */
  age: number;
  /**
   * The car may be in another state by now: the module marks its readings as old, or the car
   * should have said it again (telemetry within 20 minutes, the rest whenever it connects).
   */
  is_stale: boolean;
  /** Readings that the module marks as made some time ago. */
  old: Array<string>;
  /** The numbers of the commands that it knows. */
  commands: Array<CommandRange>;
}

/** The certificate that modules get. */
export interface CertificateAnswer {
  /**
   * Modules trust it as they are; otherwise give them `authority`, or switch TLS off in them.
   */
  is_trusted: boolean;
  /** It is for `host`; null if that is not known. */
  covers_host: boolean | null;
  /** Host names and addresses that it is for. */
  names: Array<string>;
  /** What the root is called that it ends at. */
  anchor: string;
  /** SHA-256 of it, hexadecimal with colons. */
  fingerprint: string;
  ends: string;
  /** The certificate of the server's own CA, PEM, to give to modules; null without one. */
  authority: string | null;
}

/** Somebody who is told of a vehicle's alerts. */
export interface ChannelAnswer {
  /**
   * Its name among those of the vehicle; apps take an id of their own. `owner` is the owner's
   * mail address, which is told where nobody else is.
   */
  id: string;
  /** One of `GET /channels`. */
  type: string;
  /** Where the alerts go; of what may be a secret only a part. */
  key: string;
  /**
   * `failing` if the last delivery failed, `waiting` until the server can send by its type.
   */
  state: "active" | "failing" | "waiting";
  /** Since when all deliveries have failed. */
  failing: string | null;
  created: string;
  /** When it was last changed, or renewed by its app. */
  changed: string;
}

/** Somebody to tell of a vehicle's alerts. */
export interface ChannelBody {
  /** One of `GET /channels`. */
  type: string;
  /**
   * Where the alerts are to go, in the words of the type: a mail address, a device's token.
   */
  key: string;
}

/** A way by which this server can tell people of alerts. */
export interface ChannelKind {
  /** Its name, as `mail`. */
  type: string;
  /** What a key looks like; empty if nobody says. */
  key: string;
  /** The server is set up to send by it. Otherwise what is subscribed waits. */
  is_active: boolean;
  /**
   * The caller may subscribe by it. Some make the server call any address: those are for
   * administrators.
   */
  is_allowed: boolean;
}

/** What a charge was. */
export interface ChargeFacts {
  /** The kind of plug: `type1`, `type2`, `chademo`, `ccs`, … */
  plug: string | null;
  /** The car's word for how it charges: `standard`, `range`, … */
  mode: string | null;
  /** kWh into the battery. */
  energy: number | null;
  /** kWh from the grid. */
  grid_energy: number | null;
  /** Percent of the energy from the grid that is in the battery. */
  efficiency: number | null;
  /** kW into the battery. */
  power_mean: number | null;
  /** kW into the battery. */
  power_max: number | null;
  /**
   * `full`, `limit` (one that was set), `stopped`, `interrupted` (the power went away) or
   * `unknown`, as while it goes on.
   */
  ending: string;
  /** °C, mean. */
  temperature_battery: number | null;
  /** kWh of the full battery, as the car or this charge says it. */
  capacity: number | null;
  /** Ah of the full battery, as the car says it. */
  cac: number | null;
  /** Percent of the battery's health, as the car says it. */
  soh: number | null;
  /** By the tariff of its place, or as it was corrected; null without either. */
  cost: MoneyAnswer | null;
}

/** The charge, or the last one. */
export interface ChargeGroup {
  /** When the server got it. What it had stored before it knew is as old, or older. */
  time: string;
  /** Seconds since then. */
  age: number;
  /**
   * The car may be in another state by now: the module marks its readings as old, or the car
   * should have said it again (telemetry within 20 minutes, the rest whenever it connects).
   */
  is_stale: boolean;
  /** Readings that the module marks as made some time ago. */
  old: Array<string>;
  /**
   * `charging`, `topoff`, `done`, `prepare`, `heating`, `stopped`, or another word of the
   * car's.
   */
  state: string | null;
  /** A charge is under way. */
  is_charging: boolean | null;
  /**
   * Why it is in that state: `scheduledstop`, `scheduledstart`, `onrequest`, `timerwait`,
   * `powerwait`, `stopped`, `interrupted`, or the car's own number.
   */
  substate: string | null;
  /** `standard`, `storage`, `range`, `performance`. */
  mode: string | null;
  /**
   * `type1`, `type2`, `chademo`, `roadster`, `teslaus`, `supercharger`, `ccs`, or the car's
   * own number.
   */
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

/** No charge had begun in a window of the day. */
export interface ChargeMissedAlert {
  is_on: boolean;
  /** When the window begins, local time: `22:00`. */
  start: string;
  /** When it ends, past midnight if need be. */
  end: string;
  /** Percent: only if the SOC is below it. */
  below: number;
  /**
   * Only if the vehicle is at the place with this id; null is wherever it is, and also what is
   * told without the right `location`.
   */
  place: number | null;
}

/** What to change of being told of charges that did not begin; what is not there stays. */
export interface ChargeMissedChanges {
  is_on?: boolean | undefined;
  /** When the window begins, local time. */
  start?: string | undefined;
  /** When it ends, past midnight if need be. */
  end?: string | undefined;
  /** Percent: only if the SOC is below it. */
  below?: number | undefined;
  /** Only if the vehicle is at the place with this id; null is wherever it is. */
  place?: number | null | undefined;
}

/** A charge ended before it was full or at its limit, and the plug is still in. */
export interface ChargeStoppedAlert {
  is_on: boolean;
}

/** What to change of being told of charges that stopped early. */
export interface ChargeStoppedChanges {
  is_on?: boolean | undefined;
}

/** Sums of charges. */
export interface ChargeSums {
  count: number;
  /** kWh into the battery. */
  energy: number | null;
  /** kWh from the grid. */
  grid_energy: number | null;
  /** One of each currency. */
  costs: Array<MoneyAnswer>;
  /** Which of these some charges lack, so that the sum is too low. */
  incomplete: Array<string>;
}

/** What a mail said. */
export interface CodeBody {
  code: string;
}

/** A command that was sent, and what became of it. */
export interface CommandAnswer {
  id: string;
  vehicle_id: string;
  name: string;
  /** As they are sent to the car. A PIN or a password is `*`. */
  parameters: Record<string, string>;
  /**
   * `waiting` behind other commands, `sent` to the car, `done`, `failed` (the car or the
   * server has refused it), `unanswered` (the car may have had it), `withdrawn` before it was
   * sent.
   */
  status: "waiting" | "sent" | "done" | "failed" | "unanswered" | "withdrawn";
  /** What the car has answered. */
  result: "ok" | "failed" | "unsupported" | "unimplemented" | null;
  /**
   * Why the car has not answered: `no_answer`, `connection_lost`, `sealed`, `overlong`,
   * `pins_locked`, `too_many`, `too_long` or `withdrawn`; or `login_ended` or `right_lost`: it
   * was withdrawn since its sender's login ended, or lost the right, before.
   */
  reason: string | null;
  /** The car's words, or a sentence for the reason; `null` without any. */
  text: string | null;
  /** The list that the car has answered with; `null` of a command without rows. */
  rows: Array<CommandRow> | null;
  created: string;
  finished: string | null;
}

/** A command to send: a name with parameters, or a line for the module's shell. */
export interface CommandBody {
  /** The command's name, as `GET /commands` lists it. */
  name?: string | null | undefined;
  /**
   * The parameters by their names: numbers, or the words that people use (`range`, `16A`,
   * `on`). A PIN belongs here and nowhere else.
   */
  parameters?: Record<string, string | number | boolean> | undefined;
  /** A line for the module's shell, as `stat`; short for the command `shell`. */
  text?: string | null | undefined;
}

/** A command that can be sent to cars. No car supports all of them. */
export interface CommandInfo {
  name: string;
  /** Its number in the protocol. */
  number: number;
  meaning: string;
  /** Who carries it out: the module itself, its vehicle or its modem. */
  answered_by: "module" | "vehicle" | "modem";
  /** What the caller must have on the vehicle to send it: `command`, and `pin` or `manage`. */
  rights: Array<string>;
  /** Only the vehicle's owner may send it, however it is shared. */
  is_for_owner: boolean;
  /** It takes the car's PIN; some cars want none. */
  needs_pin: boolean;
  /** It is answered by a list. */
  has_rows: boolean;
  parameters: Array<ParameterInfo>;
}

/** Some of the caller's commands, the newest first. */
export interface CommandPage {
  items: Array<CommandAnswer>;
  /** What to send as `after` for older ones; `null` if there are none. */
  next: string | null;
}

/** Numbers of commands, both ends included. */
export interface CommandRange {
  first: number;
  last: number;
}

/** A row of a car's list of features or parameters. */
export interface CommandRow {
  number: number;
  /** `null` where it has none that holds for all modules. */
  name: string | null;
  /** Of a password that is set only `*`. */
  value: string | null;
}

/** Whether a vehicle's car is connected, and how. */
export interface ConnectionAnswer {
  vehicle_id: string;
  /** The car is connected to this server, or to one that tells this one. */
  is_online: boolean;
  /** It is connected to another server, which tells this one. */
  is_elsewhere: boolean;
  /** Since when it is connected; null if it is not. */
  since: string | null;
  /** When the car was last heard; null if never. */
  heard: string | null;
  /** How it is connected to this server, `plain` or `tls`; null if it is not. */
  transport: "plain" | "tls" | null;
  /** Where it is connected from; for the vehicle's owner only, else null. */
  address: string | null;
  /**
   * Apps that are connected to the vehicle; the car reports more often while there are any.
   */
  apps: number;
  /**
   * Why it last failed to connect; null once it is connected, and for others than the owner.
   */
  last_failure: FailureAnswer | null;
}

/** A connection at a port for modules and apps, or by WebSocket. */
export interface ConnectionFactsAnswer {
  id: number;
  /** `stranger` until it is welcomed. */
  role: "car" | "app" | "batch" | "server" | "stranger";
  /** Null of a stranger. */
  vehicle_id: string | null;
  /** Who has logged in; null of cars, and of apps with the vehicle's secret. */
  owner: string | null;
  address: string;
  transport: "plain" | "tls" | "ws" | "wss";
  since: string;
  bytes_received: number;
  bytes_sent: number;
}

/** Connections, in the order in which they began. */
export interface ConnectionsPage {
  items: Array<ConnectionFactsAnswer>;
  /** Ask for the next page with this as `after`; null on the last. */
  next: string | null;
}

/** What the browser's `PublicKeyCredential.toJSON()` returns; other members do not count. */
export interface CredentialBody {
  id: string;
  rawId: string;
  type: string;
  response: CredentialResponse;
}

/** What an authenticator has signed; see WebAuthn. All in base64url. */
export interface CredentialResponse {
  clientDataJSON: string;
  /** Of a new passkey. */
  attestationObject?: string | null | undefined;
  /** Of a log-in. */
  authenticatorData?: string | null | undefined;
  /** Of a log-in. */
  signature?: string | null | undefined;
  /** Of a log-in. */
  userHandle?: string | null | undefined;
}

/** The vehicle at one time of a charge. */
export interface CurvePointAnswer {
  time: string;
  /** Percent. */
  soc: number | null;
  /** kW into the battery. */
  power: number | null;
  /** kWh into the battery since the start. */
  energy: number | null;
  /** kWh from the grid since the start. */
  grid_energy: number | null;
  /** °C. */
  temperature_battery: number | null;
}

/** The bytes of a vehicle's messages on one day, without what TCP and TLS add. */
export interface DayUse {
  /** The day, in UTC. */
  day: string;
  /** Bytes that the car received. */
  car_received: number;
  /** Bytes that the car sent. */
  car_sent: number;
  /** Bytes that its apps received, all together. */
  apps_received: number;
  /** Bytes that its apps sent. */
  apps_sent: number;
}

/** What was deleted. */
export interface DeletedAnswer {
  /** How many records. */
  deleted: number;
}

/** How anybody logs in to the demo. */
export interface DemoAnswer {
  owner: string;
  password: string;
}

/** Doors, lock and lights. */
export interface DoorsGroup {
  /** When the server got it. What it had stored before it knew is as old, or older. */
  time: string;
  /** Seconds since then. */
  age: number;
  /**
   * The car may be in another state by now: the module marks its readings as old, or the car
   * should have said it again (telemetry within 20 minutes, the rest whenever it connects).
   */
  is_stale: boolean;
  /** Readings that the module marks as made some time ago. */
  old: Array<string>;
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

/** How it is driven or parked. */
export interface DrivingGroup {
  /** When the server got it. What it had stored before it knew is as old, or older. */
  time: string;
  /** Seconds since then. */
  age: number;
  /**
   * The car may be in another state by now: the module marks its readings as old, or the car
   * should have said it again (telemetry within 20 minutes, the rest whenever it connects).
   */
  is_stale: boolean;
  /** Readings that the module marks as made some time ago. */
  old: Array<string>;
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

/** A correction. What it does not change is null. */
export interface EditAnswer {
  id: number;
  kind: "merge" | "split" | "change";
  journey_kind: "trip" | "charge" | "parked";
  /** The span of the journeys that it is about. */
  start: string;
  end: string;
  /** Where a journey was split. */
  at: string | null;
  /** kWh. */
  energy: number | null;
  /** kWh. */
  grid_energy: number | null;
  /** In the currency's unit. */
  cost: string | null;
  /** Null without the right `location`, too. */
  note: string | null;
  purpose: "business" | "private" | null;
  /** Names of the fields that are as reported again. */
  clears: Array<string>;
  created: string;
}

/** A page of corrections, the newest first. */
export interface EditPage {
  items: Array<EditAnswer>;
  /** Where the next page begins; null after the last one. */
  next: string | null;
  /** `location`, if notes are null for this caller. */
  hidden: Array<string>;
}

/** An owner's address. */
export interface EmailAnswer {
  email: string;
}

/** Another address. */
export interface EmailBody {
  email: string;
}

/** Power and energy of the drive. */
export interface EnergyGroup {
  /** When the server got it. What it had stored before it knew is as old, or older. */
  time: string;
  /** Seconds since then. */
  age: number;
  /**
   * The car may be in another state by now: the module marks its readings as old, or the car
   * should have said it again (telemetry within 20 minutes, the rest whenever it connects).
   */
  is_stale: boolean;
  /** Readings that the module marks as made some time ago. */
  old: Array<string>;
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

/** The body of every answer that is no success. */
export interface ErrorBody {
  error: ErrorContent;
}

/** What went wrong. */
export interface ErrorContent {
  /** A word for programs; it does not change. */
  code: string;
  /** A sentence for people; it may change. */
  message: string;
  details?: Array<ErrorDetail> | undefined;
}

/** What is wrong with one part of a call. */
export interface ErrorDetail {
  /** Where it stands, as `body.name` or `query.limit`. */
  field: string;
  message: string;
}

/** Power out of the car: vehicle to load, home or grid. */
export interface ExportGroup {
  /** When the server got it. What it had stored before it knew is as old, or older. */
  time: string;
  /** Seconds since then. */
  age: number;
  /**
   * The car may be in another state by now: the module marks its readings as old, or the car
   * should have said it again (telemetry within 20 minutes, the rest whenever it connects).
   */
  is_stale: boolean;
  /** Readings that the module marks as made some time ago. */
  old: Array<string>;
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

/** Why a car, or somebody who claimed to be it, failed to connect. */
export interface FailureAnswer {
  /** When it last failed. */
  time: string;
  /** Where it called from then. */
  address: string;
  /** A word for programs: `wrong_secret`, `tls_only`, `no_proof`, `busy`; more may come. */
  reason: string;
  /** What it means, for people. */
  message: string;
  /** How often it failed since the car was last connected. */
  count: number;
  /** When it failed first since then. */
  first: string;
}

/** A feature of a module. */
export interface FeatureAnswer {
  number: number;
  /** `null` where it has none that holds for all modules. */
  name: string | null;
  /** 0 is off; `null` if the module says none, or no number. */
  value: number | null;
}

/** What to set a feature to. */
export interface FeatureBody {
  value: number;
}

/** What an answer is written in. */
export type Format = "json" | "csv";

/** A car of a group, and where it said it was. */
export interface GroupMember {
  vehicle_id: string;
  /** The caller may see it anyway. */
  is_mine: boolean;
  /** State of charge, percent. */
  soc: number | null;
  /** Degrees, north positive. */
  latitude: number | null;
  /** Degrees, east positive. */
  longitude: number | null;
  /** Metres. */
  altitude: number | null;
  /** Degrees: 0 is north, 90 east. */
  direction: number | null;
  /** Speed, km/h. */
  speed: number | null;
  /** Its receiver has a position. */
  has_fix: boolean | null;
  /** Its module marks the position as read some time ago. */
  is_stale: boolean;
}

/** A group of cars that show each other where they are. */
export interface GroupOfCars {
  /** Its name, in upper case: groups have no case. */
  name: string;
  /** The cars in it that are connected, by id. */
  members: Array<GroupMember>;
}

/** What to change; what is not there stays, and null is as if nobody had set it. */
export interface JourneyAlertChanges {
  places?: PlacesChanges | null | undefined;
  charge_stopped?: ChargeStoppedChanges | null | undefined;
  charge_missed?: ChargeMissedChanges | null | undefined;
  arrival_soc?: ArrivalSocChanges | null | undefined;
  parked_loss?: ParkedLossChanges | null | undefined;
  service?: ServiceChanges | null | undefined;
}

/** All that the vehicle's owner may be told of what it did. */
export interface JourneyAlerts {
  places: PlacesAlert;
  charge_stopped: ChargeStoppedAlert;
  charge_missed: ChargeMissedAlert;
  arrival_soc: ArrivalSocAlert;
  parked_loss: ParkedLossAlert;
  service: ServiceAlert;
}

/** What a vehicle did for a time. Of `trip`, `charge` and `parked` one is not null. */
export interface JourneyAnswer {
  /** It stays when journeys are made anew. */
  id: number;
  vehicle_id: string;
  kind: "trip" | "charge" | "parked";
  /** It goes on: its end is as last reported. */
  is_open: boolean;
  start: JourneyEndAnswer;
  end: JourneyEndAnswer;
  /** Seconds. */
  duration: number;
  /** `measured`, `estimated` (something was concluded) or `gaps` (reports are missing). */
  certainty: string;
  /**
   * What was concluded: `start`, `end` (their times), or fields of its kind. A `cost` is if
   * the energy was not counted at the grid.
   */
  estimated: Array<string>;
  /** °C, mean. */
  temperature_ambient: number | null;
  /** What the trip was for; null if nobody has said. */
  purpose: "business" | "private" | null;
  /**
   * Empty if there is none; null without the right `location`: it may say where the car was.
   */
  note: string | null;
  /** Somebody has corrected it. */
  is_edited: boolean;
  trip: TripFacts | null;
  charge: ChargeFacts | null;
  parked: ParkedFacts | null;
}

/** What to change of a journey; what is not there stays, and null is as reported again. */
export interface JourneyChanges {
  /** Of any kind; it needs the right `location`, too. */
  note?: string | null | undefined;
  /** Of a trip. */
  purpose?: "business" | "private" | null | undefined;
  /** kWh: that the battery lost by a trip, or got by a charge. */
  energy?: number | null | undefined;
  /** kWh from the grid, of a charge. */
  grid_energy?: number | null | undefined;
  /** Of a charge, in its currency's unit. No tariff changes it then. */
  cost?: string | null | undefined;
}

/** The start or the end of a journey. */
export interface JourneyEndAnswer {
  time: string;
  /** Null where the owner has no place, and without the right `location`. */
  place: PlaceName | null;
  /** Null if unknown, and without the right `location`. */
  position: PositionPair | null;
  /**
   * Of the position, where the owner has no place: null while it is not known, which it may be
   * the next time, and on a server that asks nobody for addresses.
   */
  address: string | null;
  /** Metres; null without the right `location`, too. */
  altitude: number | null;
  /** Percent. */
  soc: number | null;
  /** km. */
  odometer: number | null;
  /** km. */
  ideal_range: number | null;
  /** km. */
  estimated_range: number | null;
  /** Volts of the 12 V battery. */
  voltage_12v: number | null;
}

/** A page of journeys. */
export interface JourneyPage {
  items: Array<JourneyAnswer>;
  /** Where the next page begins; null after the last one. */
  next: string | null;
  /**
   * Whether journeys are made of this vehicle: `made`; `off` (not at this server),
   * `vehicle_off` (not of this vehicle), `paranoid` (its messages are sealed) or
   * `no_telemetry` (nothing is kept that they could be made of). What was made before is there
   * still.
   */
  state: string;
  /** `location`, if what says where the vehicle was is null for this caller. */
  hidden: Array<string>;
}

/** A link to a vehicle's live position. */
export interface LinkAnswer {
  id: number;
  /** What it is for. */
  label: string;
  /** The name of who made it. */
  owner: string;
  created: string;
  /** When it ends by itself. */
  expires: string;
  /** When somebody last looked, to the minute; null for never. */
  last_used: string | null;
}

/** Where it is. Needs the right `location`. */
export interface LocationGroup {
  /** When the server got it. What it had stored before it knew is as old, or older. */
  time: string;
  /** Seconds since then. */
  age: number;
  /**
   * The car may be in another state by now: the module marks its readings as old, or the car
   * should have said it again (telemetry within 20 minutes, the rest whenever it connects).
   */
  is_stale: boolean;
  /** Readings that the module marks as made some time ago. */
  old: Array<string>;
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

/** Who logs in. */
export interface LoginBody {
  /** The owner's name, in any case. */
  name: string;
  password: string;
  /** What the owner's app shows, or a recovery code; needed if one-time codes are on. */
  one_time_code?: string | null | undefined;
}

/** A link that was made. What leads to it is told this once. */
export interface MadeLink {
  id: number;
  /** What it is for. */
  label: string;
  /** The name of who made it. */
  owner: string;
  created: string;
  /** When it ends by itself. */
  expires: string;
  /** When somebody last looked, to the minute; null for never. */
  last_used: string | null;
  /** The path of the call that shows the position; with `/events` behind it, live. */
  path: string;
  /** The same as a whole URL; null if the server does not know how people find it. */
  url: string | null;
}

/** A record that was made. */
export interface MadeProvision {
  /** What the module asks by. */
  vin: string;
  created: string;
  /** When it was last replaced. */
  changed: string;
  /**
   * When a module, or whoever knows the VIN, last asked for it, to the minute; null for never.
   */
  last_used: string | null;
  /** What the module gets, in order. */
  parameters: Array<ProvisionParameter>;
  /** The vehicle's new secret, told this once; null if it has kept the one it had. */
  secret: string | null;
}

/** A vehicle that was made. */
export interface MadeVehicle {
  id: string;
  /** What its owner calls it; empty if nothing. */
  name: string;
  /** The name of its owner. */
  owner: string;
  /** It is the caller's, not shared with them. */
  is_own: boolean;
  /** What the caller may do with it: `view`, `location`, `command`, `pin`, `manage`. */
  rights: Array<string>;
  /** Its car is connected to this server, or to one that tells this one. */
  is_online: boolean;
  /** Its messages are sealed: the server cannot read them, nor send commands. */
  is_paranoid: boolean;
  /** It takes log-ins and calls over TLS only. */
  tls_only: boolean;
  /** Days that its telemetry is kept; 0 is not at all, null as the server's settings say. */
  log_days: number | null;
  /** The same of its positions. */
  log_position_days: number | null;
  /** Journeys are made of its telemetry. */
  makes_journeys: boolean;
  created: string;
  /** The secret that was made for its module, told this once; null if the call had one. */
  secret: string | null;
}

/** What happens next. */
export interface MailedAnswer {
  /** A sentence for people. */
  message: string;
}

/** Where the ground of the map comes from. */
export interface MapAnswer {
  /**
   * `raster`: picture tiles, `url` is a template; `style`: a style of MapLibre; `pmtiles`: a
   * file of this server.
   */
  kind: "raster" | "style" | "pmtiles";
  url: string;
  attribution: string;
  /**
   * The hosts that the pages may load parts of the map from, `*` for any first part of one.
   */
  hosts: Array<string>;
}

/** Which journeys are to be one. */
export interface MergedJourneys {
  /** Trips, or charges, that follow each other. */
  ids: Array<number>;
}

/** The module, its firmware and its network. */
export interface ModuleGroup {
  /** When the server got it. What it had stored before it knew is as old, or older. */
  time: string;
  /** Seconds since then. */
  age: number;
  /**
   * The car may be in another state by now: the module marks its readings as old, or the car
   * should have said it again (telemetry within 20 minutes, the rest whenever it connects).
   */
  is_stale: boolean;
  /** Readings that the module marks as made some time ago. */
  old: Array<string>;
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

/** Where a module reaches this server. */
export interface ModuleServerAnswer {
  /**
   * Its name or address: what the operator has set, else as this call named the server; null
   * if that is of this machine alone.
   */
  host: string | null;
  /**
   * The operator has set it. Otherwise it holds where the caller is, and may not elsewhere.
   */
  is_certain: boolean;
  /** The port without TLS; null if it is closed. A PIC calls 6867 and no other. */
  port: number | null;
  /** The port with TLS; null if it is closed. */
  tls_port: number | null;
  /** Null without TLS. */
  certificate: CertificateAnswer | null;
}

/** An amount of money. */
export interface MoneyAnswer {
  /** In the currency's unit, as decimals: `3.50`. */
  amount: string;
  /** ISO 4217: `EUR`. */
  currency: string;
}

/** A link to make. */
export interface NewLink {
  /** When it ends by itself, within seven days. */
  expires: string;
  /** What it is for, told only to who may make links. */
  label?: string | undefined;
}

/** An owner to be. */
export interface NewOwnerBody {
  /** A word without blanks and commas. */
  name: string;
  /** Without one nobody logs in by password; a mail can set it. */
  password?: string | null | undefined;
  email?: string | undefined;
  is_admin?: boolean | undefined;
  /** 0 is no limit, null the server's. */
  vehicle_limit?: number | null | undefined;
  /** 0 is no limit, null the server's. */
  byte_limit?: number | null | undefined;
}

/** A passkey that a browser has made. */
export interface NewPasskeyBody {
  /** What its owner calls it, such as the device. */
  name: string;
  credential: CredentialBody;
}

/** A place to make. */
export interface NewPlace {
  /** What it is called; the owner has no other of this name, in any case. */
  name: string;
  /** Degrees, north positive. */
  latitude: number;
  /** Degrees, east positive. */
  longitude: number;
  /** Metres. */
  radius?: number | undefined;
  /** Whether charges here count as at home. */
  is_home?: boolean | undefined;
  /** The IANA time zone of its tariffs; null is the owner's. */
  zone?: string | null | undefined;
  /** ISO 4217, of its tariffs; null is the owner's. */
  currency?: string | null | undefined;
}

/** A new secret of a vehicle. */
export interface NewSecret {
  /** What its module is to log in by; null has a strong one made. */
  secret?: string | null | undefined;
}

/** A token that was just made. */
export interface NewTokenAnswer {
  id: number;
  /** Its first digits, by which its owner knows it again. */
  first: string;
  /** The program that uses it. */
  application: string;
  /** What for. */
  purpose: string;
  /** What it allows; `*` is everything. */
  rights: Array<string>;
  created: string;
  /** When it last logged in, to the minute. */
  last_used: string | null;
  /** When it ends, or has ended; `null` for never. It is deleted 30 days after that. */
  expires: string | null;
  /** It has not expired. */
  is_live: boolean;
  /** This call was made with it. */
  is_current: boolean;
  /** All its digits. They are told this once. */
  token: string;
}

/** A token to make. */
export interface NewTokenBody {
  /**
   * What it allows, none that the caller has not: `view`, `location`, `command`, `pin`,
   * `manage`, `account`, `server.admin`; of the field `auth`, `session`, `token.admin`, `v2`,
   * `v3`; or `*`.
   */
  rights: Array<string>;
  application?: string | undefined;
  purpose?: string | undefined;
  /**
   * When it ends; not later than the token that makes it. That is also what counts without it.
   */
  expires?: string | null | undefined;
}

/** A vehicle to make. */
export interface NewVehicle {
  /** What its module logs in as: without blanks, commas, slashes or asterisks. */
  id: string;
  /** What its owner calls it. */
  name?: string | undefined;
  /** What its module logs in by; null has a strong one made. Modules take 32 characters. */
  secret?: string | null | undefined;
}

/** In which order records come. */
export type Order = "oldest" | "newest";

/** An owner. */
export interface OwnerAnswer {
  name: string;
  /** The mail address; null without one. */
  email: string | null;
  /** When a mail to it was answered; null if an administrator has set it. */
  email_confirmed: string | null;
  is_admin: boolean;
  has_password: boolean;
  /** One-time codes are asked for. */
  has_totp: boolean;
  created: string;
  /** How many there are. */
  vehicles: number;
  /** How many there may be; 0 is no limit, null the server's `vehicles_per_owner`. */
  vehicle_limit: number | null;
  /** Of the history of all vehicles. */
  bytes: number;
  /** How many there may be; 0 is no limit, null the server's `bytes_per_owner`. */
  byte_limit: number | null;
  /** There are so many bytes that nothing more is kept. */
  is_over: boolean;
}

/** What is to change; what is not there stays. */
export interface OwnerChangeBody {
  /** Empty or null takes it away. */
  email?: string | null | undefined;
  is_admin?: boolean | undefined;
  /** Null takes it away. All sessions of the owner end. */
  password?: string | null | undefined;
  /** 0 is no limit, null the server's. */
  vehicle_limit?: number | null | undefined;
  /** 0 is no limit, null the server's. */
  byte_limit?: number | null | undefined;
  /** False switches one-time codes off; only their owner can switch them on. */
  has_totp?: boolean | undefined;
}

/** Owners, by name. */
export interface OwnersPage {
  items: Array<OwnerAnswer>;
  /** Ask for the next page with this as `after`; null on the last. */
  next: string | null;
}

/** A parameter of a module. */
export interface ParameterAnswer {
  number: number;
  /** `null` where it has none. */
  name: string | null;
  /** `null` if it is empty; of a password that is set only `*`. */
  value: string | null;
  /** It is a password, which is not told. */
  is_secret: boolean;
}

/** What to set a parameter to. */
export interface ParameterBody {
  /** Printable text of at most 255 bytes; empty to clear it. */
  value: string;
}

/** A number of a parameter, and the word for it. */
export interface ParameterChoice {
  value: number;
  name: string;
}

/** A parameter of a command. */
export interface ParameterInfo {
  name: string;
  /** What people call it. */
  title: string;
  /** `time` is a time of day: `22:30` (UTC), `22:30+01:00`, or minutes after midnight UTC. */
  type: "number" | "time" | "choice" | "pin" | "text";
  is_required: boolean;
  /** The least number. */
  minimum: number | null;
  /** The greatest number. */
  maximum: number | null;
  /** The bytes that a text may have in UTF-8. */
  longest: number | null;
  /**
   * Numbers that have a word, which may be given instead; all that there are of a `choice`.
   */
  choices: Array<ParameterChoice>;
}

/** What happened while the vehicle was parked. Charges in that time are journeys, too. */
export interface ParkedFacts {
  /** Percent, while it was neither charged nor preheated. */
  soc_lost: number | null;
  /** Percent. */
  soc_lost_a_day: number | null;
  /** km of ideal range, while it was neither charged nor preheated. */
  range_lost: number | null;
  /** km. */
  range_lost_a_day: number | null;
  /** Volts of the 12 V battery. */
  voltage_12v_lost_a_day: number | null;
  /** Seconds in which it was neither charged nor preheated. */
  idle_time: number | null;
  /** Seconds in which the cabin was heated or cooled. */
  preheat_time: number | null;
  /** Percent that this took. */
  preheat_soc: number | null;
}

/** The parked vehicle loses more SOC a day than it usually does. */
export interface ParkedLossAlert {
  is_on: boolean;
  /** After so many days without a charge or a trip. */
  days: number;
  /** More than its usual loss times this. */
  factor: number;
}

/** What to change of being told of what is lost while parked; what is not there stays. */
export interface ParkedLossChanges {
  is_on?: boolean | undefined;
  /** After so many days without a charge or a trip. */
  days?: number | undefined;
  /** More than its usual loss times this. */
  factor?: number | undefined;
}

/** A passkey. */
export interface PasskeyAnswer {
  id: string;
  name: string;
  created: string;
  /** When it last logged in; null if never. */
  last_used: string | null;
}

/** What a browser answers to the options of a log-in. */
export interface PasskeyLoginBody {
  credential: CredentialBody;
}

/** What a browser is asked. */
export interface PasskeyOptions {
  /**
   * For `PublicKeyCredential.parseCreationOptionsFromJSON()`, or
   * `parseRequestOptionsFromJSON()` of a log-in. Its challenge holds for five minutes, and
   * once.
   */
  public_key: Record<string, unknown>;
}

/** A new password. */
export interface PasswordBody {
  /** The password until now; needed unless the owner has none. */
  old_password?: string | null | undefined;
  /** At most 512 bytes, without blanks: apps could not send them. */
  new_password: string;
}

/** A place of the caller's. */
export interface PlaceAnswer {
  id: number;
  name: string;
  /** Degrees, north positive. */
  latitude: number;
  /** Degrees, east positive. */
  longitude: number;
  /** Metres. */
  radius: number;
  /** Charges here count as at home. */
  is_home: boolean;
  /** The IANA time zone of its tariffs; null is the owner's. */
  zone: string | null;
  /** ISO 4217, of its tariffs; null is the owner's. */
  currency: string | null;
  /** The oldest first. */
  tariffs: Array<TariffAnswer>;
  created: string;
  changed: string;
}

/** What to change of a place; what is not there stays. */
export interface PlaceChanges {
  /** What it is called. */
  name?: string | undefined;
  /** Degrees, north positive. */
  latitude?: number | undefined;
  /** Degrees, east positive. */
  longitude?: number | undefined;
  /** Metres. */
  radius?: number | undefined;
  /** Whether charges here count as at home. */
  is_home?: boolean | undefined;
  /** The IANA time zone of its tariffs; null is the owner's. */
  zone?: string | null | undefined;
  /** ISO 4217, of its tariffs; null is the owner's. */
  currency?: string | null | undefined;
}

/** A place of the vehicle's owner, as journeys tell it. */
export interface PlaceName {
  id: number;
  name: string;
}

/** Where the caller's cars often parked, and no place is. */
export interface PlaceSuggestion {
  /** Degrees, north positive. */
  latitude: number;
  /** Degrees, east positive. */
  longitude: number;
  /**
   * Of the position: null while it is not known, which it may be the next time, and on a
   * server that asks nobody for addresses.
   */
  address: string | null;
  /** Metres, around all visits. */
  radius: number;
  /** How often they parked there. */
  visits: number;
  /** Seconds for which they did. */
  parked_time: number;
  first: string;
  last: string;
  vehicle_ids: Array<string>;
}

/** The vehicle enters or leaves a place of its owner. */
export interface PlacesAlert {
  is_on: boolean;
  entering: boolean;
  leaving: boolean;
  /** The ids of those that count; null is all. Null without the right `location`, too. */
  places: Array<number> | null;
}

/** What to change of being told of places; what is not there stays. */
export interface PlacesChanges {
  is_on?: boolean | undefined;
  entering?: boolean | undefined;
  leaving?: boolean | undefined;
  /** The ids of those that count; null is all, also those to come. */
  places?: Array<number> | null | undefined;
}

/** Where a vehicle is now. All but name and end is null while that is not known. */
export interface PositionAnswer {
  /** What its owner calls it; null for nothing. */
  name: string | null;
  /** When the link ends. */
  expires: string;
  /** When the server got the position. */
  time: string | null;
  /** Seconds since then. */
  age: number | null;
  /** The vehicle may be somewhere else by now. */
  is_stale: boolean | null;
  /** Degrees, north positive. */
  latitude: number | null;
  /** Degrees, east positive. */
  longitude: number | null;
  /** Degrees: 0 is north, 90 east. */
  direction: number | null;
  /** Speed, km/h. */
  speed: number | null;
}

/** A point on earth. */
export interface PositionPair {
  /** Degrees, north positive. */
  latitude: number;
  /** Degrees, east positive. */
  longitude: number;
}

/** What shows again who calls: one of the two. */
export interface ProofBody {
  password?: string | null | undefined;
  /** What the owner's app shows, or a recovery code. */
  one_time_code?: string | null | undefined;
}

/** The record of a vehicle. What it tells the module is not kept but sealed. */
export interface ProvisionAnswer {
  /** What the module asks by. */
  vin: string;
  created: string;
  /** When it was last replaced. */
  changed: string;
  /**
   * When a module, or whoever knows the VIN, last asked for it, to the minute; null for never.
   */
  last_used: string | null;
}

/**
 * What a new module is to be told. Words hold no blanks, and null leaves a parameter empty.
 */
export interface ProvisionBody {
  /** What the module asks by: the VIN of its car, in any case. */
  vin: string;
  /** The number of the SIM card in the module, which seals the record. It is not kept. */
  iccid: string;
  /**
   * Give the vehicle a new secret, which the module gets. Who came by the old one is closed.
   */
  new_secret?: boolean | undefined;
  /**
   * The server to call, HOST or HOST:PORT; null is this one, as `GET /module-server` names it.
   */
  server?: string | null | undefined;
  /** The telephone number that the module obeys. */
  phone?: string | null | undefined;
  /** The password that text messages to the module begin with. */
  phone_password?: string | null | undefined;
  /** Kilometres or miles. */
  units?: "K" | "M" | null | undefined;
  /** How the module notifies, as `SMSIP`. */
  notifications?: string | null | undefined;
  /** The access point of the SIM card. */
  apn?: string | null | undefined;
  apn_user?: string | null | undefined;
  apn_password?: string | null | undefined;
  /** What the module is to seal its messages with; the server forgets it. */
  paranoid_password?: string | null | undefined;
}

/** A parameter that the module gets. */
export interface ProvisionParameter {
  number: number;
  /** What it is called; null for one without a name. */
  name: string | null;
  /** `*` stands for a password; empty is not set. */
  value: string;
}

/** How this server pushes, and to which of the account's devices. */
export interface PushAnswer {
  /**
   * The public key of the server, which a browser calls `applicationServerKey`; null if the
   * server does not push.
   */
  key: string | null;
  /** The one that was renewed last comes first. */
  devices: Array<PushDeviceAnswer>;
}

/** A browser's `PushSubscription` as `toJSON()` returns it, or an endpoint of UnifiedPush. */
export interface PushBody {
  /** Where the push service takes messages: an `https` URL. */
  endpoint: string;
  keys: PushKeysBody;
  /** What a browser says when it ends; not needed. */
  expirationTime?: number | null | undefined;
  /** What to call the device, as `Firefox on Android`. */
  name?: string | undefined;
}

/** A browser or phone that the account's alerts are pushed to. */
export interface PushDeviceAnswer {
  id: number;
  /** What its owner calls it; may be empty. */
  name: string;
  /** The host of its push service. */
  service: string;
  created: string;
  /** When it was last renewed. */
  changed: string;
}

/** The keys of a device. */
export interface PushKeysBody {
  /** Its public key, in base64url. */
  p256dh: string;
  /** The secret that it shares with whoever may push to it, in base64url. */
  auth: string;
}

/** A vehicle that somebody shares with the caller. */
export interface ReceivedShare {
  vehicle_id: string;
  /** The name of its owner. */
  owner: string;
  /** What the caller may do: `view`, `location`, `command`, `pin`, `manage`. */
  rights: Array<"view" | "location" | "command" | "pin" | "manage">;
  /** When the share ends by itself; `null` for never. */
  expires: string | null;
  created: string;
  changed: string;
}

/** A record. */
export interface RecordAnswer {
  /** When it was made. */
  time: string;
  number: number;
  /** As the car has sent it. */
  data: string;
  /**
   * What the data say, by name, in km and km/h; null for a type that the server cannot read.
   */
  fields: Record<string, unknown> | null;
}

/** A page of records. */
export interface RecordPage {
  type: string;
  /** The unit of each field that has one. */
  units: Record<string, string>;
  items: Array<RecordAnswer>;
  /** Where the next page begins; null after the last one. */
  next: string | null;
}

/** Codes that stand in for a one-time code, each once; they are not told again. */
export interface RecoveryCodesAnswer {
  recovery_codes: Array<string>;
}

/** A module that called and was refused, or something else that called where modules do. */
export interface RefusedCallAnswer {
  /** Where it called from. */
  address: string;
  /**
   * A word for programs: `refused`, `no_tls`, `unexpected_tls`, `tls_failed`, `no_protocol`,
   * `no_welcome`; more may come.
   */
  reason: string;
  /** What it means, for people. */
  message: string;
  /**
   * The id that it said; null if none. Of one that is not like the caller's only the
   * beginning, with `…`.
   */
  vehicle_id: string | null;
  /** When it called last. */
  time: string;
  first: string;
  count: number;
}

/** A new owner. */
export interface RegisteredAnswer {
  name: string;
}

/** Who wants an account. */
export interface RegistrationBody {
  /**
   * A word without blanks, commas, colons and slashes. One with `@` must be the mail address.
   */
  name: string;
  email: string;
  /** No blanks, at most 512 bytes. */
  password: string;
}

/** Whose password is forgotten. */
export interface ResetBody {
  /** The owner's name or mail address. */
  account: string;
}

/** A new password. */
export interface ResetConfirmBody {
  /** What the mail said. */
  code: string;
  /** The new password: no blanks, at most 512 bytes. */
  password: string;
}

/** A vehicle's new secret. */
export interface SecretAnswer {
  /** The secret that was made for its module, told this once; null if the call had one. */
  secret: string | null;
}

/** Fields over time. */
export interface SeriesAnswer {
  since: string;
  until: string;
  /** Seconds of a bucket. */
  width: number;
  /** When each bucket begins. */
  times: Array<string>;
  fields: Record<string, SeriesValues>;
}

/** A field that there are series of. */
export interface SeriesFieldAnswer {
  name: string;
  /** Null if it has none. */
  unit: string | null;
  meaning: string;
  /** The message that the car tells it with. */
  code: string;
  /** It says where the car was: it needs the right `location`. */
  needs_location: boolean;
}

/** The values of a field, one of each list a bucket. A bucket in which none came has null. */
export interface SeriesValues {
  /** Of all its numbers; null if it has none. */
  unit: string | null;
  /** The lowest values, in `unit`. */
  min: Array<number | null>;
  /** The highest values, in `unit`. */
  max: Array<number | null>;
  /** In `unit`, of the values as they came: one that stays the same is not logged again. */
  mean: Array<number | null>;
  /** The last values, in `unit`. */
  last: Array<number | null>;
}

/** How the server is. */
export interface ServerAnswer {
  version: string;
  /** When it was started. */
  since: string;
  is_stopping: boolean;
  /** What its operator should see to, a sentence each. */
  troubles: Array<string>;
  /** All that there are; null while the database does not answer. */
  vehicles: number | null;
  cars_online: number;
  /** Open ones, by kind: `car`, `app`, `batch`, `server`, `stranger`, `http`. */
  connections: Record<string, number>;
  /** Streams of server-sent events. */
  streams: number;
  /** Messages, in the last minute. */
  received_a_second: number;
  /** Messages, in the last minute. */
  sent_a_second: number;
  /**
   * What waits, by kind: `rows` and `records` to be written, `alerts`, `commands`, and others.
   */
  waiting: Record<string, number>;
  /** Null while the disk does not answer. */
  storage: StorageAnswer | null;
  /** Alerts that wait to be delivered, by channel; null while the database does not answer. */
  outbox: Record<string, number> | null;
  /** Tries to deliver that failed, since the start. */
  deliveries_failed: number;
  /** Log-ins to accounts that failed within the last hour. */
  logins_failed: number;
  /** Callers that were refused since the start, by reason. */
  refused: Record<string, number>;
  certificates: Array<ServerCertificateAnswer>;
  /** Null on a server that makes none by itself. */
  backup: ServerBackupAnswer | null;
}

/** The backups that the server makes by itself. */
export interface ServerBackupAnswer {
  /** Between two of them. */
  hours: number;
  /** When the newest that is there was made. */
  last: string | null;
  /** How many it has. */
  bytes: number | null;
  /** The last try failed; `troubles` says why. */
  is_failing: boolean;
}

/** A certificate of the server. */
export interface ServerCertificateAnswer {
  /** The folder that it is in; `default` is that of callers who ask for no other. */
  name: string;
  /** Until it ends; negative once it has. */
  days: number;
}

/** A service is due. */
export interface ServiceAlert {
  is_on: boolean;
  /** What the car says counts. */
  by_car: boolean;
  /** km between two services; null if that does not matter. */
  every_km: number | null;
  every_months: number | null;
  /** km at the last service. */
  since_odometer: number | null;
  /** The day of the last service. */
  since_date: string | null;
  /** km before, at which it is told. */
  ahead_km: number;
  /** Days before, at which it is told. */
  ahead_days: number;
}

/** What to change of being told of services; what is not there stays. */
export interface ServiceChanges {
  is_on?: boolean | undefined;
  /** Whether what the car says counts. */
  by_car?: boolean | undefined;
  /** km between two services; null if that does not matter. */
  every_km?: number | null | undefined;
  every_months?: number | null | undefined;
  /** km at the last service. */
  since_odometer?: number | null | undefined;
  /** The day of the last service. */
  since_date?: string | null | undefined;
  /** km before, at which it is told. */
  ahead_km?: number | undefined;
  /** Days before, at which it is told. */
  ahead_days?: number | undefined;
}

/** A session, which a browser's cookie names. */
export interface SessionAnswer {
  id: string;
  /** It is the one by which this call was made. */
  is_current: boolean;
  /** By what it began. */
  means: "password" | "passkey" | "token";
  /** Where the browser was then. */
  address: string;
  /** What it called itself then (User-Agent). */
  agent: string;
  created: string;
  /** Its last call. */
  used: string;
  /** When it ends if no call comes before. */
  expires: string;
  /** Until when changes of the log-in need no new proof of who calls. */
  proof_expires: string;
}

/** The owner's sessions. */
export interface SessionsAnswer {
  /** The one that was used last is the first; there are 50 at most. */
  items: Array<SessionAnswer>;
}

/** What somebody who is not logged in can do here. */
export interface SetupAnswer {
  /** The server has no owner yet: make the administrator with the token that it printed. */
  is_open: boolean;
  /** Whoever shows that mail arrives may make an account. */
  registration: boolean;
  /** The server sends mail, so a forgotten password can be set again. */
  mail: boolean;
}

/** The first administrator. */
export interface SetupBody {
  /** What `ovms serve` has printed at its start. */
  token: string;
  /** A word without blanks and commas. */
  name: string;
  /** No blanks, at most 512 bytes. */
  password: string;
  /** The mail address; empty for none. */
  email?: string | undefined;
}

/** A vehicle that is shared with somebody. */
export interface ShareAnswer {
  vehicle_id: string;
  /** The name of the owner with whom it is shared. */
  owner: string;
  /** What they may do: `view`, `location`, `command`, `pin`, `manage`. */
  rights: Array<"view" | "location" | "command" | "pin" | "manage">;
  /** When the share ends by itself; `null` for never. */
  expires: string | null;
  created: string;
  changed: string;
}

/** How a vehicle is to be shared. */
export interface ShareBody {
  /** What the other owner may do; what a right includes comes with it. */
  rights: Array<"view" | "location" | "command" | "pin" | "manage">;
  /** When the share ends by itself; `null` for never. */
  expires?: string | null | undefined;
}

/** Where a journey is to be cut. */
export interface SplitTime {
  /** A time within it. */
  at: string;
}

/** What a vehicle last reported. Distances are in km, whatever unit the car is set to. */
export interface StateAnswer {
  vehicle_id: string;
  /** The server's time of this answer: ages are those at it. */
  time: string;
  /** The car is connected to this server, or to one that tells this one. */
  is_online: boolean;
  /** The car seals what it says: the server cannot read it. */
  is_paranoid: boolean;
  /** When the newest message came; null if there is none. */
  heard: string | null;
  /** What the car itself shows distances in, `km` or `mi`. */
  distance_unit: string | null;
  /** Groups that the caller may not see; they are null. */
  hidden: Array<string>;
  groups: StateGroups;
}

/** What the vehicle reported, by matter. Null is what it never said, or sealed. */
export interface StateGroups {
  /** The traction battery. */
  battery: BatteryGroup | null;
  /** The charge, or the last one. */
  charge: ChargeGroup | null;
  /** How it is driven or parked. */
  driving: DrivingGroup | null;
  /** Temperatures, and what changes them. */
  temperatures: TemperaturesGroup | null;
  /** Doors, lock and lights. */
  doors: DoorsGroup | null;
  /** The 12 V battery. */
  auxiliary: AuxiliaryGroup | null;
  /** Where it is. Needs the right `location`. */
  location: LocationGroup | null;
  /** Power and energy of the drive. */
  energy: EnergyGroup | null;
  /** Tyres. */
  tyres: TyresGroup | null;
  /** Power out of the car: vehicle to load, home or grid. */
  export: ExportGroup | null;
  /** The module, its firmware and its network. */
  module: ModuleGroup | null;
  /** What the car can be told. */
  capabilities: CapabilitiesGroup | null;
}

/** The database and its disk, in bytes. */
export interface StorageAnswer {
  database: number;
  /** What was written and is not in the database's file yet. */
  log: number;
  /** Left on the disk. */
  free: number;
  /** In the histories of all vehicles. */
  records: number;
}

/** One server-sent event. Its data is JSON; the call says which events there are. */
export interface StreamedEvent {
  /** What kind of event it is. */
  event?: string | undefined;
  /** JSON, as the kind has it. */
  data: string;
  /** What to send again as `Last-Event-ID`. */
  id?: string | undefined;
  /** Milliseconds to wait before coming again. */
  retry?: number | undefined;
}

/** Sums of the journeys of one key. */
export interface SumAnswer {
  /**
   * `2026-11-27`, `2026-W48`, `2026-11`, `2026`, a vehicle's id, a place's id (empty for no
   * place); empty for all.
   */
  key: string;
  /** The name of the place. */
  place: string | null;
  trips: number;
  /** km. */
  distance: number | null;
  /** kWh that the battery lost by driving. */
  energy: number | null;
  /** kWh for 100 km, of the trips of which both are known. */
  consumption: number | null;
  /** Seconds in motion. */
  moving_time: number | null;
  /** km of business trips. */
  business_distance: number | null;
  /** km of private trips; the rest is neither. */
  private_distance: number | null;
  /** Which of these some trips lack, so that the sum is too low. */
  incomplete: Array<string>;
  charges: ChargeSums;
  /** Those at home; null without the right `location`, as the next. */
  charges_home: ChargeSums | null;
  /** Those at other places. */
  charges_away: ChargeSums | null;
  /** Those at no place. */
  charges_nowhere: ChargeSums | null;
}

/** Sums of journeys, of those keys that have any. */
export interface SumsAnswer {
  by: "day" | "week" | "month" | "year" | "vehicle" | "place" | "all";
  items: Array<SumAnswer>;
  /** `location`, if charges are not told by where they were. */
  hidden: Array<string>;
}

/** What charging costs at a place from a day on, until the next one counts. */
export interface TariffAnswer {
  /** The first local day; null is since ever. */
  valid_from: string | null;
  /** Nothing costs anything. */
  free: boolean;
  /** For a kWh outside of all bands; null where the bands have the whole week. */
  energy_price: string | null;
  bands: Array<BandAnswer>;
  /** For each charge. */
  session_price: string;
  /** For each minute after the free ones. */
  minute_price: string;
  free_minutes: number;
}

/** What charging costs; the parts add up. */
export interface TariffBody {
  /** Nothing costs anything; then there are no prices beside it. */
  free?: boolean | undefined;
  /** For a kWh, outside of all bands. */
  energy_price?: string | null | undefined;
  /** Prices of a kWh by time of day and weekday. */
  bands?: Array<BandBody> | undefined;
  /** For each charge. */
  session_price?: string | null | undefined;
  /** For each minute after the free ones. */
  minute_price?: string | null | undefined;
  /** Minutes of a charge that cost nothing by the minute. */
  free_minutes?: number | null | undefined;
}

/** Temperatures, and what changes them. */
export interface TemperaturesGroup {
  /** When the server got it. What it had stored before it knew is as old, or older. */
  time: string;
  /** Seconds since then. */
  age: number;
  /**
   * The car may be in another state by now: the module marks its readings as old, or the car
   * should have said it again (telemetry within 20 minutes, the rest whenever it connects).
   */
  is_stale: boolean;
  /** Readings that the module marks as made some time ago. */
  old: Array<string>;
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

/** A ticket, which opens one WebSocket. */
export interface TicketAnswer {
  /** The user name that it goes with. */
  owner: string;
  /** What stands for the password in the welcome of scheme 0x31. */
  ticket: string;
  /** Until when it must be used. */
  expires: string;
}

/** An API token, without its digits. */
export interface TokenAnswer {
  id: number;
  /** Its first digits, by which its owner knows it again. */
  first: string;
  /** The program that uses it. */
  application: string;
  /** What for. */
  purpose: string;
  /** What it allows; `*` is everything. */
  rights: Array<string>;
  created: string;
  /** When it last logged in, to the minute. */
  last_used: string | null;
  /** When it ends, or has ended; `null` for never. It is deleted 30 days after that. */
  expires: string | null;
  /** It has not expired. */
  is_live: boolean;
  /** This call was made with it. */
  is_current: boolean;
}

/** What to change of a token; what is left out stays. */
export interface TokenBody {
  /** As for a new one; `null` leaves them. */
  rights?: Array<string> | null | undefined;
  /** The program that uses it; `null` leaves it. */
  application?: string | null | undefined;
  /** What for; `null` leaves it. */
  purpose?: string | null | undefined;
  /** When it ends; `null` is never. */
  expires?: string | null | undefined;
}

/** Whether one-time codes are on. */
export interface TotpAnswer {
  is_on: boolean;
  /** How many recovery codes were not used yet; null while one-time codes are off. */
  recovery_codes_left: number | null;
}

/** A one-time code. */
export interface TotpCodeBody {
  /** What the app shows. */
  code: string;
}

/** What an app makes one-time codes from; it is not told again. */
export interface TotpKeyAnswer {
  /** For typing, in base32. */
  secret: string;
  /** For a QR code: `otpauth://…`. */
  uri: string;
}

/** A track as GeoJSON (RFC 7946). */
export interface TrackAnswer {
  type: "Feature";
  /** Null without a position. */
  geometry: TrackGeometry | null;
  properties: TrackProperties;
}

/** The lines: longitude, latitude, and the altitude in metres where it is known. */
export interface TrackGeometry {
  type: "MultiLineString";
  /** Degrees, and metres. */
  coordinates: Array<Array<Array<number>>>;
}

/** What is known of the track. */
export interface TrackProperties {
  vehicle_id: string;
  since: string;
  until: string;
  /** Metres. */
  tolerance: number;
  /** km along the lines. */
  distance: number;
  /** How many positions there were before the track was thinned. */
  positions: number;
  /** When the car was at each point of each line. */
  times: Array<Array<string>>;
  /** There are more positions than one answer takes: the `since` of a call for the rest. */
  next: string | null;
}

/** A vehicle and its new owner. */
export interface TransferAnswer {
  id: string;
  owner: string;
  /**
   * The secret that was made, told now and never again: set it in the car. Null if none was.
   */
  secret: string | null;
}

/** Who gets a vehicle. */
export interface TransferBody {
  owner: string;
  /** The new secret; one is made without it. */
  secret?: string | null | undefined;
  /** Leave the one that the former owner knows. */
  keep_secret?: boolean | undefined;
}

/** What became of a test alert. */
export interface TrialAnswer {
  /** The service has accepted it. */
  is_delivered: boolean;
  /** Why it was not delivered. */
  reason: string | null;
}

/** What a trip was. */
export interface TripFacts {
  /** km. */
  distance: number | null;
  /** kWh that the battery lost in all: `energy_used` without `energy_recovered`. */
  energy: number | null;
  /** kWh out of the battery. */
  energy_used: number | null;
  /** kWh back into it. */
  energy_recovered: number | null;
  /** kWh for 100 km. */
  consumption: number | null;
  /** Seconds in which it moved. */
  moving_time: number | null;
  /** km/h, over the time of the trip. */
  speed_mean: number | null;
  /** km/h. */
  speed_max: number | null;
  /** Metres; null without the right `location`, as the next. */
  altitude_min: number | null;
  /** Metres. */
  altitude_max: number | null;
  /** Metres up in all; null without the right `location`, as the next. */
  ascent: number | null;
  /** Metres down in all. */
  descent: number | null;
  /** °C, mean. */
  temperature_battery: number | null;
  /** °C, mean. */
  temperature_cabin: number | null;
}

/** The vehicle at one time of a trip. */
export interface TripPointAnswer {
  time: string;
  /** Degrees, north positive. */
  latitude: number | null;
  /** Degrees, east positive. */
  longitude: number | null;
  /** Metres. */
  altitude: number | null;
  /** km/h. */
  speed: number | null;
  /** km since the start, as the next. */
  distance: number | null;
  /** Percent. */
  soc: number | null;
  /** kWh out of the battery since the start. */
  energy_used: number | null;
  /** kWh back into it since the start. */
  energy_recovered: number | null;
}

/** What the history holds of one type. */
export interface TypeAnswer {
  type: string;
  records: number;
  /** How many different record numbers there are. */
  numbers: number;
  /** A record counts its data, its type, the vehicle's id, and 20. */
  bytes: number;
  /** When the oldest was made. */
  first: string;
  last: string;
  /** Its records may say where the car was: to read them needs the right `location`. */
  holds_position: boolean;
}

/** Tyres. */
export interface TyresGroup {
  /** When the server got it. What it had stored before it knew is as old, or older. */
  time: string;
  /** Seconds since then. */
  age: number;
  /**
   * The car may be in another state by now: the module marks its readings as old, or the car
   * should have said it again (telemetry within 20 minutes, the rest whenever it connects).
   */
  is_stale: boolean;
  /** Readings that the module marks as made some time ago. */
  old: Array<string>;
  /** The wheels, each with its tyre. */
  wheels: Array<WheelAnswer>;
}

/** An alert, and whose. */
export interface VehicleAlertAnswer {
  /** When the server had it. */
  time: string;
  /** `alert`, `information` or `error`, or the letter of another kind. */
  kind: string;
  /** Null if it may say where the car was, for callers without the right `location`. */
  text: string | null;
  vehicle_id: string;
}

/** A page of alerts of all vehicles, the newest first. */
export interface VehicleAlertPage {
  items: Array<VehicleAlertAnswer>;
  /** Where the next page begins; null after the last one. */
  next: string | null;
}

/** A vehicle. */
export interface VehicleAnswer {
  id: string;
  /** What its owner calls it; empty if nothing. */
  name: string;
  /** The name of its owner. */
  owner: string;
  /** It is the caller's, not shared with them. */
  is_own: boolean;
  /** What the caller may do with it: `view`, `location`, `command`, `pin`, `manage`. */
  rights: Array<string>;
  /** Its car is connected to this server, or to one that tells this one. */
  is_online: boolean;
  /** Its messages are sealed: the server cannot read them, nor send commands. */
  is_paranoid: boolean;
  /** It takes log-ins and calls over TLS only. */
  tls_only: boolean;
  /** Days that its telemetry is kept; 0 is not at all, null as the server's settings say. */
  log_days: number | null;
  /** The same of its positions. */
  log_position_days: number | null;
  /** Journeys are made of its telemetry. */
  makes_journeys: boolean;
  created: string;
}

/** What to change of a vehicle; what is not there stays. */
export interface VehicleChanges {
  /** What its owner calls it; empty for nothing. */
  name?: string | undefined;
  /** Days that its telemetry is kept; 0 is not at all, null as the server's settings say. */
  log_days?: number | null | undefined;
  /** The same of its positions. */
  log_position_days?: number | null | undefined;
  /** Whether it takes log-ins and calls over TLS only. */
  tls_only?: boolean | undefined;
  /** Whether journeys are made of its telemetry; those that were made stay. */
  makes_journeys?: boolean | undefined;
}

/** What the module of a vehicle is told when it asks. */
export interface VehicleProvision {
  /** Null without one. */
  record: ProvisionAnswer | null;
}

/** What the pages must know first. */
export interface WebAnswer {
  /** The server's name for people: the host of `public_url`, else `OVMS`. */
  name: string;
  version: string;
  /** The server has no owner yet: make the administrator with the token that it printed. */
  is_new: boolean;
  /** Whoever shows that mail arrives may make an account. */
  registration: boolean;
  /** The server sends mail, so a forgotten password can be set again. */
  mail: boolean;
  /** The server is a demo; null of any other. */
  demo: DemoAnswer | null;
  /** The ground of the map; null for none. */
  map: MapAnswer | null;
  /**
   * The public key by which a browser subscribes to alerts, its `applicationServerKey`; null
   * if the server does not push.
   */
  push_key: string | null;
  /** Who calls, by the cookie of a session; null is nobody, which is no error here. */
  session: WhoAnswer | null;
}

/** A wheel. */
export interface WheelAnswer {
  /** `FL`, `FR`, `RL`, `RR`, or as the car calls it. */
  name: string;
  /** Pressure, kPa. */
  pressure: number | null;
  /** Temperature, °C. */
  temperature: number | null;
  /** Health, percent. */
  health: number | null;
  /** `none`, `warning`, `alert`. */
  alert: string | null;
}

/** Who calls, and how they are logged in. */
export interface WhoAnswer {
  owner: string;
  is_admin: boolean;
  /** By what the caller is logged in. */
  means: "password" | "passkey" | "token";
  /** What the token may be used for; `*` is everything, as for every session. */
  rights: Array<string>;
  /** The session; null of a token. */
  session: SessionAnswer | null;
}

/** A journey with what is between its ends. */
export interface WholeJourney {
  /** It stays when journeys are made anew. */
  id: number;
  vehicle_id: string;
  kind: "trip" | "charge" | "parked";
  /** It goes on: its end is as last reported. */
  is_open: boolean;
  start: JourneyEndAnswer;
  end: JourneyEndAnswer;
  /** Seconds. */
  duration: number;
  /** `measured`, `estimated` (something was concluded) or `gaps` (reports are missing). */
  certainty: string;
  /**
   * What was concluded: `start`, `end` (their times), or fields of its kind. A `cost` is if
   * the energy was not counted at the grid.
   */
  estimated: Array<string>;
  /** °C, mean. */
  temperature_ambient: number | null;
  /** What the trip was for; null if nobody has said. */
  purpose: "business" | "private" | null;
  /**
   * Empty if there is none; null without the right `location`: it may say where the car was.
   */
  note: string | null;
  /** Somebody has corrected it. */
  is_edited: boolean;
  trip: TripFacts | null;
  charge: ChargeFacts | null;
  parked: ParkedFacts | null;
  /**
   * Of a trip, no line between two points farther than 10 m from where it drove; null for
   * other kinds, and without the right `location`.
   */
  track: Array<TripPointAnswer> | null;
  /** Of a charge; null for other kinds. */
  curve: Array<CurvePointAnswer> | null;
}

/** Every call, by its method and path: what it takes and what it answers. */
export interface Calls {
  /** Return where the owner is logged in with a cookie. */
  "GET /account/sessions": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: SessionsAnswer;
  };
  /** End all of the owner's sessions but the one by which this call was made. */
  "DELETE /account/sessions": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** End one of the owner's sessions. */
  "DELETE /account/sessions/{session_id}": {
    path: { session_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Change the owner's password. */
  "POST /account/password": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: PasswordBody;
    answer: WhoAnswer;
  };
  /** Return all owners, or those in whose name or mail address a text stands. */
  "GET /admin/owners": {
    path: Record<never, never>;
    query: { limit?: number | undefined; after?: string | undefined; search?: string | undefined };
    body: undefined;
    answer: OwnersPage;
  };
  /** Make an owner. */
  "POST /admin/owners": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: NewOwnerBody;
    answer: OwnerAnswer;
  };
  /** Return an owner. */
  "GET /admin/owners/{name}": {
    path: { name: string };
    query: Record<never, never>;
    body: undefined;
    answer: OwnerAnswer;
  };
  /** Change an owner: address, role, limits, password. The last administrator stays one. */
  "PATCH /admin/owners/{name}": {
    path: { name: string };
    query: Record<never, never>;
    body: OwnerChangeBody;
    answer: OwnerAnswer;
  };
  /** Remove an owner. The last administrator stays. */
  "DELETE /admin/owners/{name}": {
    path: { name: string };
    query: { with_vehicles?: boolean | undefined };
    body: undefined;
    answer: undefined;
  };
  /** Mail an owner a code that sets a password, also a first one. */
  "POST /admin/owners/{name}/reset": {
    path: { name: string };
    query: Record<never, never>;
    body: undefined;
    answer: MailedAnswer;
  };
  /**
   * Return how the server is: what `ovms serve status` shows, and failed log-ins of the hour.
   */
  "GET /admin/server": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: ServerAnswer;
  };
  /** Return who is connected at the ports for modules and apps, and by WebSocket. */
  "GET /admin/connections": {
    path: Record<never, never>;
    query: { limit?: number | undefined; after?: number | undefined; search?: string | undefined };
    body: undefined;
    answer: ConnectionsPage;
  };
  /** End a connection. A car connects again by itself, and so do most apps. */
  "DELETE /admin/connections/{connection_id}": {
    path: { connection_id: number };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Return all vehicles, those of an owner, or those in whose id or name a text stands. */
  "GET /admin/vehicles": {
    path: Record<never, never>;
    query: { limit?: number | undefined; after?: string | undefined; search?: string | undefined; owner?: string | undefined };
    body: undefined;
    answer: AdminVehiclesPage;
  };
  /** Transfer a vehicle to another owner, with its history and another secret. */
  "POST /admin/vehicles/{vehicle_id}/transfer": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: TransferBody;
    answer: TransferAnswer;
  };
  /** Remove a vehicle with its messages and its history. */
  "DELETE /admin/vehicles/{vehicle_id}": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Erase what a vehicle has sent, on request of those who drive it; the vehicle stays. */
  "DELETE /admin/vehicles/{vehicle_id}/data": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Return alerts, the newest first. */
  "GET /vehicles/{vehicle_id}/alerts": {
    path: { vehicle_id: string };
    query: { since?: string | number | undefined; until?: string | number | undefined; kind?: Array<string> | undefined; limit?: number | undefined; after?: string | undefined };
    body: undefined;
    answer: AlertPage;
  };
  /** Return alerts of all vehicles that the caller may see, the newest first. */
  "GET /alerts": {
    path: Record<never, never>;
    query: { since?: string | number | undefined; until?: string | number | undefined; kind?: Array<string> | undefined; limit?: number | undefined; after?: string | undefined };
    body: undefined;
    answer: VehicleAlertPage;
  };
  /** Return what was done to the caller's account and vehicles, and by whom. */
  "GET /account/audit": {
    path: Record<never, never>;
    query: { limit?: number | undefined; after?: string | undefined; action?: string | undefined; since?: string | number | undefined; until?: string | number | undefined };
    body: undefined;
    answer: AuditPage;
  };
  /** Return what was done to a vehicle while it was the caller's. */
  "GET /vehicles/{vehicle_id}/audit": {
    path: { vehicle_id: string };
    query: { limit?: number | undefined; after?: string | undefined; action?: string | undefined; since?: string | number | undefined; until?: string | number | undefined };
    body: undefined;
    answer: AuditPage;
  };
  /** Return what was done on the whole server. */
  "GET /admin/audit": {
    path: Record<never, never>;
    query: { limit?: number | undefined; after?: string | undefined; account?: string | undefined; actor?: string | undefined; vehicle?: string | undefined; action?: string | undefined; since?: string | number | undefined; until?: string | number | undefined };
    body: undefined;
    answer: AuditPage;
  };
  /** Return what a vehicle's charges and trips show of its battery, in all or of a span. */
  "GET /vehicles/{vehicle_id}/battery": {
    path: { vehicle_id: string };
    query: { since?: string | number | undefined; until?: string | number | undefined };
    body: undefined;
    answer: BatteryAnswer;
  };
  /** Return by what this server can tell people of alerts. */
  "GET /channels": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Array<ChannelKind>;
  };
  /** Return who is told of a vehicle's alerts: apps, addresses, and the owner by default. */
  "GET /vehicles/{vehicle_id}/channels": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: Array<ChannelAnswer>;
  };
  /** Return one of those who are told of a vehicle's alerts. */
  "GET /vehicles/{vehicle_id}/channels/{channel_id}": {
    path: { channel_id: string; vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: ChannelAnswer;
  };
  /** Tell somebody of a vehicle's alerts, or somebody else under the same id. */
  "PUT /vehicles/{vehicle_id}/channels/{channel_id}": {
    path: { channel_id: string; vehicle_id: string };
    query: Record<never, never>;
    body: ChannelBody;
    answer: ChannelAnswer;
  };
  /** Tell somebody no more of a vehicle's alerts; those that wait for them are dropped. */
  "DELETE /vehicles/{vehicle_id}/channels/{channel_id}": {
    path: { channel_id: string; vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Send a test alert now, and wait for what becomes of it: up to 45 seconds. */
  "POST /vehicles/{vehicle_id}/channels/{channel_id}/test": {
    path: { channel_id: string; vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: TrialAnswer;
  };
  /** Return the commands that can be sent to cars, with what each takes and needs. */
  "GET /commands": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Array<CommandInfo>;
  };
  /** Send a command to the car. Poll the answer's `id` for what became of it, or stream it. */
  "POST /vehicles/{vehicle_id}/commands": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: CommandBody;
    answer: CommandAnswer;
  };
  /** Return what the caller has sent to the car within the last hour, the newest first. */
  "GET /vehicles/{vehicle_id}/commands": {
    path: { vehicle_id: string };
    query: { limit?: number | undefined; after?: string | undefined };
    body: undefined;
    answer: CommandPage;
  };
  /** Return what became of a command, at once or when it is over. */
  "GET /vehicles/{vehicle_id}/commands/{command_id}": {
    path: { command_id: string; vehicle_id: string };
    query: { wait?: number | undefined };
    body: undefined;
    answer: CommandAnswer;
  };
  /** Withdraw a command that still waits behind others; one that was sent cannot be (409). */
  "DELETE /vehicles/{vehicle_id}/commands/{command_id}": {
    path: { command_id: string; vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: CommandAnswer;
  };
  /**
   * Stream a command: an event `row` for each row of its answer, `end` with the command at
   * last.
   */
  "GET /vehicles/{vehicle_id}/commands/{command_id}/events": {
    path: { command_id: string; vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: string;
  };
  /** Return whether a vehicle's car is connected, how, and why it last failed to connect. */
  "GET /vehicles/{vehicle_id}/connection": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: ConnectionAnswer;
  };
  /**
   * Return how many bytes a vehicle and its apps took on each day that had any, newest first.
   */
  "GET /vehicles/{vehicle_id}/data-use": {
    path: { vehicle_id: string };
    query: { days?: number | undefined };
    body: undefined;
    answer: Array<DayUse>;
  };
  /** Ask the car for its module's features. */
  "GET /vehicles/{vehicle_id}/features": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: Array<FeatureAnswer>;
  };
  /** Ask the car for a feature of its module. */
  "GET /vehicles/{vehicle_id}/features/{number}": {
    path: { number: number; vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: FeatureAnswer;
  };
  /** Set a feature of the car's module. */
  "PUT /vehicles/{vehicle_id}/features/{number}": {
    path: { number: number; vehicle_id: string };
    query: Record<never, never>;
    body: FeatureBody;
    answer: FeatureAnswer;
  };
  /** Ask the car for its module's parameters; only the vehicle's owner may. */
  "GET /vehicles/{vehicle_id}/parameters": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: Array<ParameterAnswer>;
  };
  /** Ask the car for a parameter of its module. */
  "GET /vehicles/{vehicle_id}/parameters/{number}": {
    path: { number: number; vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: ParameterAnswer;
  };
  /** Set a parameter of the car's module; only the vehicle's owner may. */
  "PUT /vehicles/{vehicle_id}/parameters/{number}": {
    path: { number: number; vehicle_id: string };
    query: Record<never, never>;
    body: ParameterBody;
    answer: ParameterAnswer;
  };
  /** Follow one vehicle by server-sent events. */
  "GET /vehicles/{vehicle_id}/events": {
    path: { vehicle_id: string };
    query: { watch?: boolean | undefined };
    body: undefined;
    answer: string;
  };
  /** Follow all the vehicles that the caller may see, by server-sent events. */
  "GET /events": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: string;
  };
  /** Return the groups that the caller's cars are in now, with all cars in them, by name. */
  "GET /groups": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Array<GroupOfCars>;
  };
  /** Return what the history holds, by type. */
  "GET /vehicles/{vehicle_id}/history": {
    path: { vehicle_id: string };
    query: { since?: string | number | undefined; until?: string | number | undefined };
    body: undefined;
    answer: Array<TypeAnswer>;
  };
  /** Return records of a type: a page of them in JSON, all that are meant in CSV. */
  "GET /vehicles/{vehicle_id}/history/records": {
    path: { vehicle_id: string };
    query: { type: string; since?: string | number | undefined; until?: string | number | undefined; number?: number | undefined; order?: Order | undefined; limit?: number | undefined; after?: string | undefined; format?: Format | undefined };
    body: undefined;
    answer: RecordPage;
  };
  /** Delete records of a type: those of a span, or all that there are now. */
  "DELETE /vehicles/{vehicle_id}/history/records": {
    path: { vehicle_id: string };
    query: { type: string; since?: string | number | undefined; until?: string | number | undefined };
    body: undefined;
    answer: DeletedAnswer;
  };
  /**
   * Return what the vehicle's owner is told of what it did. The channels are those of alerts.
   */
  "GET /vehicles/{vehicle_id}/journey-alerts": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: JourneyAlerts;
  };
  /** Change what the vehicle's owner is told of what it did. */
  "PATCH /vehicles/{vehicle_id}/journey-alerts": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: JourneyAlertChanges;
    answer: JourneyAlerts;
  };
  /** Correct a journey that is over. Corrections stay when journeys are made anew. */
  "PATCH /vehicles/{vehicle_id}/journeys/{journey_id}": {
    path: { journey_id: number; vehicle_id: string };
    query: Record<never, never>;
    body: JourneyChanges;
    answer: JourneyAnswer;
  };
  /** Return one journey, with the track of a trip or the curve of a charge. */
  "GET /vehicles/{vehicle_id}/journeys/{journey_id}": {
    path: { journey_id: number; vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: WholeJourney;
  };
  /** Make one journey of several of a kind that follow each other, as two halves of a trip. */
  "POST /vehicles/{vehicle_id}/journeys/merge": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: MergedJourneys;
    answer: JourneyAnswer;
  };
  /** Cut a trip or a charge in two; return both. */
  "POST /vehicles/{vehicle_id}/journeys/{journey_id}/split": {
    path: { journey_id: number; vehicle_id: string };
    query: Record<never, never>;
    body: SplitTime;
    answer: Array<JourneyAnswer>;
  };
  /** Return how a vehicle's journeys were corrected, the newest first. */
  "GET /vehicles/{vehicle_id}/journey-edits": {
    path: { vehicle_id: string };
    query: { journey?: number | undefined; limit?: number | undefined; after?: string | undefined };
    body: undefined;
    answer: EditPage;
  };
  /** Take a correction back. What builds on it must be taken back before. */
  "DELETE /vehicles/{vehicle_id}/journey-edits/{edit_id}": {
    path: { edit_id: number; vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Return all journeys of a kind as CSV, the oldest first. Times are of the owner's zone. */
  "GET /vehicles/{vehicle_id}/journeys.csv": {
    path: { vehicle_id: string };
    query: { kind?: "trip" | "charge" | "parked" | undefined; since?: string | number | undefined; until?: string | number | undefined };
    body: undefined;
    answer: string;
  };
  /** Return the track of a trip as GPX 1.1. */
  "GET /vehicles/{vehicle_id}/journeys/{journey_id}/track.gpx": {
    path: { journey_id: number; vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: string;
  };
  /** Return the trips as a log on paper (PDF), with sums by year and purpose. */
  "GET /vehicles/{vehicle_id}/trip-log.pdf": {
    path: { vehicle_id: string };
    query: { since?: string | undefined; until?: string | undefined; purpose?: "business" | "private" | undefined; language?: "en" | "de" | undefined };
    body: undefined;
    answer: string;
  };
  /** Return what a vehicle did: trips, charges and parked time, the newest first. */
  "GET /vehicles/{vehicle_id}/journeys": {
    path: { vehicle_id: string };
    query: { kind?: Array<"trip" | "charge" | "parked"> | undefined; since?: string | number | undefined; until?: string | number | undefined; place?: number | undefined; order?: Order | undefined; limit?: number | undefined; after?: string | undefined };
    body: undefined;
    answer: JourneyPage;
  };
  /** Return the caller's places, by name. */
  "GET /places": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Array<PlaceAnswer>;
  };
  /**
   * Make a place. Journeys that began or ended there have it from then on, those of the past
   * too.
   */
  "POST /places": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: NewPlace;
    answer: PlaceAnswer;
  };
  /**
   * Return where the caller's own cars often parked and no place is, the most visits first.
   */
  "GET /places/suggestions": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Array<PlaceSuggestion>;
  };
  /** Return one of the caller's places. */
  "GET /places/{place_id}": {
    path: { place_id: number };
    query: Record<never, never>;
    body: undefined;
    answer: PlaceAnswer;
  };
  /** Change a place. Journeys get the places and costs that follow, those of the past too. */
  "PATCH /places/{place_id}": {
    path: { place_id: number };
    query: Record<never, never>;
    body: PlaceChanges;
    answer: PlaceAnswer;
  };
  /**
   * Remove a place. Charges of before keep what they cost, unless the caller says otherwise.
   */
  "DELETE /places/{place_id}": {
    path: { place_id: number };
    query: { keeps_costs?: boolean | undefined };
    body: undefined;
    answer: undefined;
  };
  /** Say what charging costs at a place from a day on. Costs of charges follow. */
  "PUT /places/{place_id}/tariffs/{valid_from}": {
    path: { place_id: number; valid_from: string };
    query: Record<never, never>;
    body: TariffBody;
    answer: PlaceAnswer;
  };
  /** Take a tariff back: the one before it goes on. Costs of charges follow. */
  "DELETE /places/{place_id}/tariffs/{valid_from}": {
    path: { place_id: number; valid_from: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Return the record by which a new module becomes this vehicle. Only its owner may ask. */
  "GET /vehicles/{vehicle_id}/provision": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: VehicleProvision;
  };
  /** Make the record by which a new module becomes this vehicle, or replace it. */
  "PUT /vehicles/{vehicle_id}/provision": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: ProvisionBody;
    answer: MadeProvision;
  };
  /** Remove the record: a module that asks by the VIN gets nothing more. */
  "DELETE /vehicles/{vehicle_id}/provision": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /**
   * Return the key by which a browser subscribes, and the devices that alerts are pushed to.
   */
  "GET /account/push": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: PushAnswer;
  };
  /** Push alerts to a device, of all vehicles that the account may see; or renew it. */
  "POST /account/push": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: PushBody;
    answer: PushDeviceAnswer;
  };
  /** Push no more to a device; what waits for it is dropped. */
  "DELETE /account/push/{device_id}": {
    path: { device_id: number };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Push a test alert now, and wait until the push service has it: up to 45 seconds. */
  "POST /account/push/{device_id}/test": {
    path: { device_id: number };
    query: Record<never, never>;
    body: undefined;
    answer: TrialAnswer;
  };
  /** Return sums of a vehicle's journeys by the local days on which they began. */
  "GET /vehicles/{vehicle_id}/sums": {
    path: { vehicle_id: string };
    query: { by?: "day" | "week" | "month" | "year" | "vehicle" | "place" | "all" | undefined; since?: string | undefined; until?: string | undefined; place?: number | undefined; purpose?: "business" | "private" | undefined };
    body: undefined;
    answer: SumsAnswer;
  };
  /**
   * Return sums over the vehicles that the caller may see, 500 at most, or over some of them.
   */
  "GET /sums": {
    path: Record<never, never>;
    query: { vehicle?: Array<string> | undefined; by?: "day" | "week" | "month" | "year" | "vehicle" | "place" | "all" | undefined; since?: string | undefined; until?: string | undefined; place?: number | undefined; purpose?: "business" | "private" | undefined };
    body: undefined;
    answer: SumsAnswer;
  };
  /** Return what the browser needs to log in with a passkey; nobody says a name. */
  "POST /session/passkey/options": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: PasskeyOptions;
  };
  /** Log in with a passkey; the answer sets the cookie of a new session. */
  "POST /session/passkey": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: PasskeyLoginBody;
    answer: WhoAnswer;
  };
  /** Return the owner's passkeys, the oldest first. */
  "GET /account/passkeys": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Array<PasskeyAnswer>;
  };
  /** Keep a passkey that the browser has made with the options of this server. */
  "POST /account/passkeys": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: NewPasskeyBody;
    answer: PasskeyAnswer;
  };
  /** Return what the browser needs to make a passkey. */
  "POST /account/passkeys/options": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: PasskeyOptions;
  };
  /** Remove a passkey; the sessions that began with it end. */
  "DELETE /account/passkeys/{passkey_id}": {
    path: { passkey_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Return the links to a vehicle's live position that have not ended, the oldest first. */
  "GET /vehicles/{vehicle_id}/links": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: Array<LinkAnswer>;
  };
  /** Make a link to a vehicle's live position: whoever has it sees where the vehicle is. */
  "POST /vehicles/{vehicle_id}/links": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: NewLink;
    answer: MadeLink;
  };
  /** Remove a link: who looks at it sees nothing more at once. */
  "DELETE /vehicles/{vehicle_id}/links/{link_id}": {
    path: { link_id: number; vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Return where a vehicle is now, to whoever has a link to its position. */
  "GET /links/{secret}": {
    path: { secret: string };
    query: Record<never, never>;
    body: undefined;
    answer: PositionAnswer;
  };
  /** Follow a vehicle's position by server-sent events, for whoever has a link to it. */
  "GET /links/{secret}/events": {
    path: { secret: string };
    query: Record<never, never>;
    body: undefined;
    answer: string;
  };
  /**
   * Return what to set in a module so that it calls this server, and whether it will trust it.
   */
  "GET /module-server": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: ModuleServerAnswer;
  };
  /** Return modules that were refused within the last hour, the last one first. */
  "GET /refused-calls": {
    path: Record<never, never>;
    query: { vehicle_id?: string | undefined };
    body: undefined;
    answer: Array<RefusedCallAnswer>;
  };
  /** Return the caller's own account, with what it has and may have. */
  "GET /account": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: AccountAnswer;
  };
  /**
   * Erase the caller's account with its vehicles and all their data. Nothing brings it back.
   */
  "DELETE /account": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Change the time zone of days and the currency of costs. Those of past journeys follow. */
  "PATCH /account": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: AccountChanges;
    answer: AccountAnswer;
  };
  /** Mail a code that makes an account. The answer does not tell which names are taken. */
  "POST /account/registration": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: RegistrationBody;
    answer: MailedAnswer;
  };
  /** Make the account for which a mail asked, and whose code this is. */
  "POST /account/registration/confirm": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: CodeBody;
    answer: RegisteredAnswer;
  };
  /** Mail a code to another address of the caller's, which counts once it comes back. */
  "POST /account/email": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: EmailBody;
    answer: MailedAnswer;
  };
  /** Change an owner's address by the code of a mail; the old address is told. */
  "POST /account/email/confirm": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: CodeBody;
    answer: EmailAnswer;
  };
  /** Mail a code for a new password to the owner's address, if there are both. */
  "POST /account/reset": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: ResetBody;
    answer: MailedAnswer;
  };
  /** Set a new password by the code of a mail, which holds once. */
  "POST /account/reset/confirm": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: ResetConfirmBody;
    answer: undefined;
  };
  /** Return who calls, by a session or a token. */
  "GET /session": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: WhoAnswer;
  };
  /** Log in; the answer sets the cookie of a new session. */
  "POST /session": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: LoginBody;
    answer: WhoAnswer;
  };
  /** Log out: the session ends. */
  "DELETE /session": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Prove again who calls, by password or one-time code. */
  "POST /session/proof": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: ProofBody;
    answer: WhoAnswer;
  };
  /** Make a ticket, by which a page of this session opens one WebSocket (scheme 0x31). */
  "POST /session/ticket": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: TicketAnswer;
  };
  /**
   * Return whether the server waits for its first administrator, and who may make accounts.
   */
  "GET /setup": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: SetupAnswer;
  };
  /** Make the first administrator of a server without owners. */
  "POST /setup": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: SetupBody;
    answer: AdministratorAnswer;
  };
  /** Return with whom a vehicle is shared, by their names. Only its owner may ask. */
  "GET /vehicles/{vehicle_id}/shares": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: Array<ShareAnswer>;
  };
  /** Share a vehicle with another owner of this server, or change how it is shared. */
  "PUT /vehicles/{vehicle_id}/shares/{owner}": {
    path: { owner: string; vehicle_id: string };
    query: Record<never, never>;
    body: ShareBody;
    answer: ShareAnswer;
  };
  /**
   * End a share: within seconds the other owner's apps and calls have the vehicle no longer.
   */
  "DELETE /vehicles/{vehicle_id}/shares/{owner}": {
    path: { owner: string; vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Return the vehicles that others share with the caller, by id. */
  "GET /shares": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Array<ReceivedShare>;
  };
  /** End a share of somebody else's vehicle with the caller. */
  "DELETE /shares/{vehicle_id}": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Return what a vehicle last reported, whether or not it is connected. */
  "GET /vehicles/{vehicle_id}/state": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: StateAnswer;
  };
  /** Return the tokens of the caller's account, the oldest first, each by its first digits. */
  "GET /account/tokens": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Array<TokenAnswer>;
  };
  /** Make a token. Its digits are in this answer and in no other. */
  "POST /account/tokens": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: NewTokenBody;
    answer: NewTokenAnswer;
  };
  /** Return a token of the caller's account. */
  "GET /account/tokens/{token_id}": {
    path: { token_id: number };
    query: Record<never, never>;
    body: undefined;
    answer: TokenAnswer;
  };
  /** Change a token. What it logged in goes on with its new rights. */
  "PATCH /account/tokens/{token_id}": {
    path: { token_id: number };
    query: Record<never, never>;
    body: TokenBody;
    answer: TokenAnswer;
  };
  /** Remove a token. What it logged in is closed; so is the caller's own log-in by it. */
  "DELETE /account/tokens/{token_id}": {
    path: { token_id: number };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Return whether the owner's one-time codes are on. */
  "GET /account/totp": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: TotpAnswer;
  };
  /**
   * Begin to set up one-time codes; they are on once a code confirms that an app has the key.
   */
  "POST /account/totp": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: TotpKeyAnswer;
  };
  /** Switch one-time codes off. Does nothing while they are. */
  "DELETE /account/totp": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Switch one-time codes on, by a code of the key that this session was told. */
  "POST /account/totp/confirm": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: TotpCodeBody;
    answer: RecoveryCodesAnswer;
  };
  /** Make new recovery codes; the old ones are worth nothing from then on. */
  "POST /account/totp/recovery_codes": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: RecoveryCodesAnswer;
  };
  /** Return the vehicles that the caller may see, their own and shared ones, by id. */
  "GET /vehicles": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Array<VehicleAnswer>;
  };
  /** Make a vehicle of the caller's own, within their quota. */
  "POST /vehicles": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: NewVehicle;
    answer: MadeVehicle;
  };
  /** Return one vehicle. */
  "GET /vehicles/{vehicle_id}": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: VehicleAnswer;
  };
  /** Change how a vehicle is called, how long its data is kept, or what is made of it. */
  "PATCH /vehicles/{vehicle_id}": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: VehicleChanges;
    answer: VehicleAnswer;
  };
  /** Remove a vehicle with its messages and its history. Nothing brings them back. */
  "DELETE /vehicles/{vehicle_id}": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /**
   * Change the secret of a vehicle. Who is connected to it is closed, and needs the new one.
   */
  "POST /vehicles/{vehicle_id}/secret": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: NewSecret | null | undefined;
    answer: SecretAnswer;
  };
  /**
   * Return what the pages must know first: of the server, and whether somebody is logged in.
   */
  "GET /web": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: WebAnswer;
  };
  /** Return the fields that there are series of, with their units. */
  "GET /vehicles/{vehicle_id}/series/fields": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: Array<SeriesFieldAnswer>;
  };
  /** Return fields of the telemetry log over time, in buckets of equal length. */
  "GET /vehicles/{vehicle_id}/series": {
    path: { vehicle_id: string };
    query: { fields: string; since?: string | number | undefined; until?: string | number | undefined; points?: number | undefined };
    body: undefined;
    answer: SeriesAnswer;
  };
  /** Return where a vehicle drove, as GeoJSON. Without a span it is the last day. */
  "GET /vehicles/{vehicle_id}/track": {
    path: { vehicle_id: string };
    query: { since?: string | number | undefined; until?: string | number | undefined; tolerance?: number | undefined };
    body: undefined;
    answer: TrackAnswer;
  };
  /** Return where a vehicle drove, as GPX 1.1. Without a span it is the last day. */
  "GET /vehicles/{vehicle_id}/track.gpx": {
    path: { vehicle_id: string };
    query: { since?: string | number | undefined; until?: string | number | undefined; tolerance?: number | undefined };
    body: undefined;
    answer: string;
  };
  /** Erase what a vehicle has sent: messages, history, alerts, traffic, failed calls. */
  "DELETE /vehicles/{vehicle_id}/data": {
    path: { vehicle_id: string };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /**
   * Return the caller's account, vehicles and all their data as a ZIP of JSON, CSV and GPX.
   */
  "GET /account/export": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: string;
  };
}
