// The vehicle whose page is open: one WebSocket, its state, its alerts, its commands.

import { parseAlert } from "../../protocol/alerts";
import { toText } from "../../protocol/bytes";
import type { Message } from "../../protocol/messages";
import { ApiError } from "../api";
import type { StateAnswer } from "../api-types";
import { serverTime } from "../clock";
import { forgetState, readState, writeState } from "../device/states";
import { CommandQueue, type CommandWay } from "./commands";
import { type Attempt, Link } from "./link";
import { Reports, stateOf } from "./reports";
import { ProtocolSocket } from "./socket";
import type { VehicleSource } from "./source";
import { shared, throttled } from "./throttle";
import type { LiveAlert, LiveVehicleView, Presence, VehicleState } from "./types";

/** Alerts that a page keeps; older ones are in the history. */
const ALERTS_LIMIT = 50;
/** Milliseconds between two looks whether what is shown has become stale. */
const STALE_INTERVAL = 30_000;
/** Milliseconds between two times that the state is kept on this device. */
const KEEP_INTERVAL = 10_000;

const UNKNOWN: Presence = { is_online: null, since: null };

export class LiveVehicle implements CommandWay {
  readonly commands = new CommandQueue(this);
  #reports = new Reports(null);
  #socket: ProtocolSocket | null = null;
  #asked: StateAnswer | null = null;
  /** The server is still saying what it had stored; its age comes last. */
  #isLoading = false;
  #isTold = false;
  #presence: Presence = UNKNOWN;
  #alerts: readonly LiveAlert[] = [];
  #count = 0;
  #alertCount = 0;
  #kept: VehicleState | null = null;
  #keptAt = Number.NEGATIVE_INFINITY;
  #view: LiveVehicleView;
  #staleTimer: ReturnType<typeof setInterval> | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #link: Link;
  readonly #publisher = throttled(() => this.#publish());

  constructor(
    private readonly account: string,
    readonly vehicle: string,
    private readonly source: VehicleSource,
  ) {
    this.#link = new Link(
      (attempt) => this.#connect(attempt),
      () => this.changed(),
    );
    this.#view = this.#look(null);
  }

  /** For `useFollowed`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly view = (): LiveVehicleView => this.#view;

  readonly reconnect = (): void => this.#link.reconnect();

  /** Show what this device has kept, and connect. */
  async start(): Promise<void> {
    this.#staleTimer = setInterval(() => this.#publisher.soon(), STALE_INTERVAL);
    this.#link.start();
    this.#kept = (await readState(this.account, this.vehicle)) ?? null;
    this.#publisher.soon();
  }

  stop(): void {
    clearInterval(this.#staleTimer);
    this.#keep(true);
    this.#link.stop();
    this.#publish();
    this.#publisher.stop();
  }

  /** Open what is sealed with the password that this device has now. */
  async readPassword(): Promise<void> {
    this.#reports.setPassword(await this.source.password());
    this.changed();
  }

  // -- what the commands need ---------------------------------------------------------------

  blocked(): "not_connected" | "car_away" | null {
    if (this.#link.connection.status !== "open") return "not_connected";
    return this.#presence.is_online === false ? "car_away" : null;
  }

  send(message: Message): boolean {
    return this.#socket?.send(this.#reports.seal(message)) ?? false;
  }

  changed(): void {
    this.#publisher.soon();
  }

  given(): void {
    this.#publisher.now();
  }

  // -- the connection -----------------------------------------------------------------------

  #connect(attempt: Attempt): { close: () => void; check: () => void } {
    let reports = new Reports(null);
    const socket = new ProtocolSocket(attempt, {
      opened: () => {
        this.#reports = reports; // not before: until then the page shows what it knew
        this.#isLoading = true;
      },
      received: (message) => this.#receive(message),
    });
    this.#socket = socket;
    void socket.begin(async () => {
      const [entry, password] = await Promise.all([
        this.source.enter(),
        this.source.password(),
        this.#ask(),
      ]);
      reports = new Reports(password);
      return { ...entry, isKnown: this.#asked !== null };
    });
    return {
      close: () => {
        socket.close();
        if (this.#socket === socket) this.#closed();
      },
      check: () => socket.check(),
    };
  }

  /**
   * Ask the API when each group came; without an answer the newest message's age is all. Where no
   * WebSocket gets through, what it says is shown.
   */
  async #ask(): Promise<void> {
    try {
      this.#asked = await this.source.asked();
    } catch (error) {
      this.#asked = null;
      if (error instanceof ApiError && error.status === 404) {
        this.#leave();
        throw error;
      }
    }
    if (this.#asked !== null) this.#isTold = true;
    this.changed();
  }

  /** The account may see it no more, or it is removed: nothing of it stays here. */
  #leave(): void {
    this.#reports = new Reports(null);
    this.#kept = null;
    this.#view = this.#look(null);
    void forgetState(this.account, this.vehicle);
  }

  #closed(): void {
    this.#socket = null;
    this.#isLoading = false;
    this.#presence = UNKNOWN;
    this.commands.lost();
    this.changed();
  }

  #receive(message: Message): void {
    const opened = this.#reports.receive(message, serverTime() / 1000);
    switch (opened.code) {
      case "Z":
        this.#setPresence(Number.parseInt(toText(opened.data), 10) > 0);
        break;
      case "T":
        this.#loaded(Number.parseInt(toText(opened.data), 10));
        break;
      case "c":
        this.commands.receive(opened);
        break;
      case "P":
        this.#alert(opened);
        break;
      default:
        if (!this.#isLoading) this.#count += 1;
    }
    this.changed();
  }

  #loaded(age: number): void {
    if (!this.#isLoading) return;
    this.#isLoading = false;
    const newest = serverTime() / 1000 - (Number.isFinite(age) ? Math.max(0, age) : 0);
    this.#isTold = true;
    this.#reports.date(newest, this.#asked);
  }

  #setPresence(is_online: boolean): void {
    if (this.#presence.is_online === is_online) return;
    const wasOnline = this.#presence.is_online;
    // Before the first word of it nobody knows since when.
    this.#presence = { is_online, since: wasOnline === null ? null : serverTime() };
    if (!is_online) this.commands.carLeft();
  }

  #alert({ data }: Message): void {
    const alert = parseAlert(data);
    if (alert === null) return;
    this.#alertCount += 1;
    const { kind, text } = alert;
    const { vehicle: vehicle_id } = this;
    const made = {
      id: this.#alertCount,
      vehicle_id,
      time: new Date(serverTime()).toISOString(),
      kind,
      text,
    };
    this.#alerts = [made, ...this.#alerts].slice(0, ALERTS_LIMIT);
  }

  // -- what pages see -----------------------------------------------------------------------

  #publish(): void {
    const before = this.#view.state;
    const isLive = this.#link.connection.status === "open" && !this.#isLoading;
    const now = serverTime() / 1000;
    const said = this.#isLoading
      ? null
      : this.#reports.state(this.vehicle, now, this.#presence.is_online ?? true);
    const known = said ?? before ?? this.#kept;
    const state = isLive || this.#asked === null ? known : newer(known, stateOf(this.#asked));
    this.#view = this.#look(
      state && { ...state, groups: shared(before?.groups ?? null, state.groups) },
      isLive && said !== null,
    );
    this.#keep(false);
    for (const listener of this.#listeners) listener();
  }

  #look(state: VehicleState | null, isLive = false): LiveVehicleView {
    return {
      state,
      source: isLive ? "live" : "stored",
      is_told: this.#isTold,
      connection: this.#link.connection,
      presence: this.#presence,
      sealing: this.#reports.sealing,
      alerts: this.#alerts,
      reports: this.#count,
      seals_commands: this.#reports.sealsCommands,
      runs: this.commands.runs,
      reconnect: this.reconnect,
    };
  }

  #keep(isLast: boolean): void {
    const { state, source } = this.#view;
    const isDue = isLast || performance.now() - this.#keptAt >= KEEP_INTERVAL;
    if (state === null || source !== "live" || !isDue) return;
    this.#keptAt = performance.now();
    void writeState(this.account, state);
  }
}

/** Return the later of two states. Of a sealed car the server tells nothing that could be shown. */
function newer(known: VehicleState | null, told: VehicleState): VehicleState {
  if (known === null) return told;
  const isLater = Date.parse(told.heard ?? "") > Date.parse(known.heard ?? "");
  return isLater && !told.is_paranoid ? told : known;
}
