// What pages see of a vehicle, wherever it comes from: WebSocket, event stream, or this device.

import type { CommandParameters, ParameterProblem } from "../../protocol/commands";
import type { GroupName, StateGroups } from "../../protocol/groups";

export type { GroupName };

/**
 * The facts of one group as the API names them (km, °C, kPa, s), with `time`, `is_stale`, `old`.
 * Unknown is null. Its age is counted from `time`, see `useNow`.
 */
export type Group<Name extends GroupName> = Omit<NonNullable<StateGroups[Name]>, "age">;

/** All groups; null is one that the car never said, or that the caller may not see. */
export type Groups = { [Name in GroupName]: Group<Name> | null };

/** What a vehicle last reported. */
export interface VehicleState {
  vehicle_id: string;
  groups: Groups;
  /** Groups that the caller may not see; they are null. */
  hidden: readonly GroupName[];
  /** When the newest message came (ISO 8601); null if there is none. */
  heard: string | null;
  /** The car seals what it says; its groups are null until it is opened on this device. */
  is_paranoid: boolean;
  /** What the car itself shows distances in. */
  distance_unit: "km" | "mi" | null;
}

/**
 * Where the state comes from: `live` while a connection keeps it fresh, `stored` from this
 * device or an earlier connection.
 */
export type Source = "live" | "stored";

/** How the page is connected to the server; the car is another matter, see {@link Presence}. */
export type ConnectionStatus =
  /** The first connection is being made. */
  | "connecting"
  | "open"
  /** The page is in the background: it watches no more, so the car reports less. */
  | "paused"
  /** This device has no network. */
  | "offline"
  /** The server does not answer; the page tries again by itself. */
  | "server_away"
  /** The server answers, but something on the way keeps WebSockets out. */
  | "blocked"
  /** The session is over: log in again. */
  | "login_ended"
  /** The server takes neither this vehicle nor its secret; trying again is of no use. */
  | "refused";

export interface Connection {
  status: ConnectionStatus;
  /** Since when, in milliseconds as `serverTime()`. */
  since: number;
  /** When the page tries again by itself; null if it does not. */
  retry_at: number | null;
}

/** Whether the car is connected to its server; null is not known yet. */
export interface Presence {
  is_online: boolean | null;
  /** Since when this page has known that, in milliseconds; null if not known. */
  since: number | null;
}

/** Whether sealed messages can be opened here. */
export type Sealing =
  /** The car seals nothing. */
  | "open"
  /** Sealed, and this device has no password. */
  | "locked"
  /** Sealed, and the password on this device opens it. */
  | "unlocked"
  /** Sealed, and the password on this device is not the module's. */
  | "wrong_password";

/** An alert that came while the page was open. */
export interface LiveAlert {
  /** Unique on this page. */
  id: number;
  vehicle_id: string;
  /** When it came (ISO 8601). */
  time: string;
  /** `alert`, `information`, `error`, or another letter of the car's. */
  kind: string;
  text: string;
}

/** One vehicle as its page sees it. */
export interface LiveVehicleView {
  /** Null until something is known. */
  state: VehicleState | null;
  source: Source;
  /** The server has said what it has of the car; until then nobody knows what it never told. */
  is_told: boolean;
  connection: Connection;
  presence: Presence;
  sealing: Sealing;
  /** The last ones, the newest first; bounded. */
  alerts: readonly LiveAlert[];
  /** Counts reports, for a pulse when one comes. */
  reports: number;
  /** Commands go to the car sealed. */
  seals_commands: boolean;
  /** Its commands on this page, the newest first; bounded. */
  runs: readonly CommandRun[];
  /** Try again at once, as when a person asks for it. */
  reconnect: () => void;
}

/** What became of a command. */
export type CommandStatus =
  /** It waits for the one before. */
  | "waiting"
  /** It is on its way; the car has not said anything yet. */
  | "sent"
  /** The car has begun to answer: rows come. */
  | "answering"
  | "done"
  | "failed";

/** Why a command failed; for other reasons `text` has the car's words. */
export type CommandFailure =
  | "refused"
  | "unsupported"
  /** The car has not answered in time; it may have had it. */
  | "unanswered"
  | "not_connected"
  | "car_away"
  | "connection_lost"
  /** What was given cannot be sent; `problems` says what. */
  | "invalid"
  /** The car seals, and the password on this device is not its module's. */
  | "wrong_password"
  /** Others wait already, and one more would be too many. */
  | "too_many";

export interface CommandRun {
  /** Unique on this page. */
  id: number;
  name: string;
  /** As they were given; a PIN is `*`. */
  parameters: Readonly<Record<string, string>>;
  status: CommandStatus;
  failure: CommandFailure | null;
  /** What is wrong with the parameters of an `invalid` one. */
  problems: readonly ParameterProblem[];
  /** What the car said: an answer, or why not. */
  text: string;
  /** The rows of a list as they came, each its number and what the car says of it. */
  rows: readonly (readonly string[])[];
  /** In milliseconds. */
  began: number;
  ended: number | null;
}

/** Commands to one vehicle. */
export interface CommandDesk {
  /**
   * Send a command of the table by its name (`lock`, `charge-mode` …), one at a time a car. Ends
   * with the run when that is over; it never throws.
   */
  run: (name: string, parameters?: CommandParameters) => Promise<CommandRun>;
  /** The last ones, the newest first; bounded. */
  runs: readonly CommandRun[];
  /** Why nothing can be sent to the car now; null if it can. The server's own always can. */
  blocked: "not_connected" | "car_away" | null;
  /** Commands go sealed: no server reads them. Some modules of sealed cars take plain ones only. */
  is_sealed: boolean;
}

/** A car of a list: what the server tells of it without asking anything of the car. */
export interface ListedVehicle {
  state: VehicleState;
  presence: Presence;
}

/** The vehicles of a list, live by the event stream. */
export interface LiveVehiclesView {
  /** By vehicle id; empty until the first has come. */
  vehicles: ReadonlyMap<string, ListedVehicle>;
  source: Source;
  /** There are as many as can be followed: of others nothing comes. */
  is_full: boolean;
  connection: Connection;
  alerts: readonly LiveAlert[];
}
