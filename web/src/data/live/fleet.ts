// All vehicles of the account as their list and map show them, live by the event stream.

import { serverTime } from "../clock";
import { forgetState, readStates, writeState } from "../device/states";
import { aged } from "./ageing";
import { type Attempt, Link } from "./link";
import { isGroup, withoutAges } from "./reports";
import { openStream, type StreamKind } from "./stream";
import { shared, throttled } from "./throttle";
import type {
  Group,
  GroupName,
  Groups,
  ListedVehicle,
  LiveAlert,
  LiveVehiclesView,
  VehicleState,
} from "./types";

const ALERTS_LIMIT = 50;
/** Vehicles that are followed; the server follows as many. */
const VEHICLES_LIMIT = 500;
const KEEP_INTERVAL = 30_000;
/** Milliseconds between two looks whether what was told has become stale. */
const STALE_INTERVAL = 30_000;

/** An event's data as the stream has them; what is not there is undefined. */
interface Event {
  vehicle_id?: string;
  time?: string;
  is_full?: boolean;
  is_online?: boolean;
  is_paranoid?: boolean;
  heard?: string | null;
  distance_unit?: string | null;
  hidden?: string[];
  groups?: Record<string, (Group<GroupName> & { age?: number }) | null>;
  kind?: string;
  text?: string | null;
}

export class Fleet {
  #vehicles = new Map<string, ListedVehicle>();
  #alerts: readonly LiveAlert[] = [];
  #alertCount = 0;
  #isLive = false;
  #keptAt = Number.NEGATIVE_INFINITY;
  #changed = new Set<string>();
  /** Whom the stream has told of; the others come from this device. */
  readonly #told = new Set<string>();
  /** All that the account may see, as the server lists them; null while that is not known. */
  #listed: ReadonlySet<string> | null = null;
  #users = 0;
  #staleTimer: ReturnType<typeof setInterval> | undefined;
  #view: LiveVehiclesView;
  readonly #listeners = new Set<() => void>();
  readonly #journeysListeners = new Set<(vehicle: string) => void>();
  readonly #link: Link;
  readonly #publisher = throttled(() => this.#publish());

  constructor(private readonly account: string) {
    this.#link = new Link(
      (attempt) => this.#connect(attempt),
      () => this.#publisher.soon(),
    );
    this.#view = this.#look();
  }

  readonly view = (): LiveVehiclesView => this.#view;

  /** For `useFollowed`: the stream is open while somebody listens. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#users += 1;
    if (this.#users === 1) void this.#start();
    return () => {
      this.#listeners.delete(listener);
      this.#users -= 1;
      if (this.#users === 0) this.#stop();
    };
  };

  /** Have somebody told of vehicles whose journeys changed; return what ends that. */
  onJourneys(listener: (vehicle: string) => void): () => void {
    this.#journeysListeners.add(listener);
    return () => this.#journeysListeners.delete(listener);
  }

  async #start(): Promise<void> {
    this.#staleTimer = setInterval(() => this.#publisher.soon(), STALE_INTERVAL);
    this.#link.start();
    const kept = await readStates(this.account);
    for (const state of kept) {
      const { vehicle_id } = state;
      if (!this.#vehicles.has(vehicle_id) && this.#vehicles.size < VEHICLES_LIMIT) {
        this.#vehicles.set(vehicle_id, { state, presence: { is_online: null, since: null } });
      }
    }
    this.#confine();
    this.#publisher.soon();
  }

  /** Note which vehicles there are for the account; what this device keeps of others goes. */
  list(vehicles: Iterable<string>): void {
    this.#listed = new Set(vehicles);
    this.#confine();
    this.#publisher.soon();
  }

  #confine(): void {
    if (this.#listed === null) return;
    for (const id of [...this.#vehicles.keys()]) {
      if (!this.#listed.has(id) && !this.#told.has(id)) this.#remove(id);
    }
  }

  #remove(vehicle: string): void {
    this.#vehicles.delete(vehicle);
    this.#changed.delete(vehicle);
    this.#told.delete(vehicle);
    void forgetState(this.account, vehicle);
  }

  #stop(): void {
    clearInterval(this.#staleTimer);
    this.#keep();
    this.#link.stop();
    this.#isLive = false;
    this.#publisher.stop();
  }

  #connect(attempt: Attempt) {
    this.#isLive = false;
    this.#told.clear();
    return openStream(attempt, (kind, data) => this.#receive(kind, data as Event));
  }

  #receive(kind: StreamKind, event: Event): void {
    const { vehicle_id } = event;
    if (typeof vehicle_id !== "string") return;
    this.#isLive = true;
    if (kind === "state") this.#setState(vehicle_id, event);
    else if (kind === "presence") this.#setPresence(vehicle_id, event.is_online ?? null);
    else if (kind === "alert") this.#addAlert(vehicle_id, event);
    else if (kind === "removed") this.#remove(vehicle_id);
    else for (const listener of this.#journeysListeners) listener(vehicle_id);
    this.#publisher.soon();
  }

  #setState(vehicle_id: string, event: Event): void {
    const before = this.#vehicles.get(vehicle_id)?.state ?? null;
    if (before === null && this.#vehicles.size >= VEHICLES_LIMIT) return;
    const named = event.groups ?? {};
    const kept = event.is_full === true ? NO_GROUPS : (before?.groups ?? NO_GROUPS);
    const groups = shared(before?.groups ?? null, { ...kept, ...withoutAges(named) });
    const state: VehicleState = {
      vehicle_id,
      groups,
      hidden: (event.hidden ?? before?.hidden ?? []).filter(isGroup),
      heard: event.heard ?? before?.heard ?? null,
      is_paranoid: event.is_paranoid ?? before?.is_paranoid ?? false,
      distance_unit: unitOf(event.distance_unit) ?? before?.distance_unit ?? null,
    };
    const presence = this.#vehicles.get(vehicle_id)?.presence ?? { is_online: null, since: null };
    this.#vehicles.set(vehicle_id, { state, presence });
    this.#told.add(vehicle_id);
    this.#changed.add(vehicle_id);
    this.#setPresence(vehicle_id, event.is_online ?? null);
  }

  #setPresence(vehicle_id: string, is_online: boolean | null): void {
    const found = this.#vehicles.get(vehicle_id);
    if (found === undefined || is_online === null) return;
    const { presence: before } = found;
    if (before.is_online === is_online) return;
    const since = before.is_online === null ? null : serverTime();
    this.#vehicles.set(vehicle_id, { ...found, presence: { is_online, since } });
  }

  #addAlert(vehicle_id: string, { time, kind = "alert", text }: Event): void {
    this.#alertCount += 1;
    const id = this.#alertCount;
    const at = time ?? new Date(serverTime()).toISOString();
    const alert = { id, vehicle_id, time: at, kind, text: text ?? "" };
    this.#alerts = [alert, ...this.#alerts].slice(0, ALERTS_LIMIT);
  }

  #publish(): void {
    for (const [id, found] of this.#vehicles) {
      const state = aged(found.state, serverTime());
      if (state !== found.state) this.#vehicles.set(id, { ...found, state });
    }
    this.#view = this.#look();
    if (performance.now() - this.#keptAt >= KEEP_INTERVAL) this.#keep();
    for (const listener of this.#listeners) listener();
  }

  #look(): LiveVehiclesView {
    const isLive = this.#isLive && this.#link.connection.status === "open";
    return {
      vehicles: new Map(this.#vehicles),
      source: isLive ? "live" : "stored",
      is_full: this.#vehicles.size >= VEHICLES_LIMIT,
      connection: this.#link.connection,
      alerts: this.#alerts,
    };
  }

  /** Keep on this device what has changed. Of a sealed car the stream knows nothing to keep. */
  #keep(): void {
    this.#keptAt = performance.now();
    for (const id of this.#changed) {
      const state = this.#vehicles.get(id)?.state;
      if (state !== undefined && !state.is_paranoid) void writeState(this.account, state);
    }
    this.#changed = new Set();
  }
}

const NO_GROUPS: Groups = {
  battery: null,
  charge: null,
  driving: null,
  temperatures: null,
  doors: null,
  auxiliary: null,
  location: null,
  energy: null,
  tyres: null,
  export: null,
  module: null,
  capabilities: null,
};

function unitOf(text: string | null | undefined): "km" | "mi" | null {
  return text === "km" || text === "mi" ? text : null;
}
