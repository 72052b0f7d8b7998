// One word for how page, server and car are connected: who is away is said, and nobody else.

import type { LiveVehicleView } from "../../data/live/types";

export type PresenceKind =
  | "connecting"
  | "paused"
  | "noNetwork"
  | "serverAway"
  | "loginEnded"
  | "refused"
  | "blocked"
  | "driving"
  | "charging"
  | "asleep"
  | "online"
  | "away"
  | "neverHeard";

/** `good`: all is well; `quiet`: no error; `bad`: somebody has to do something, or wait. */
export type Tone = "good" | "quiet" | "bad";

export interface PresenceWords {
  kind: PresenceKind;
  tone: Tone;
  /** Since when, in milliseconds; null if not known. */
  since: number | null;
}

const BROKEN = {
  offline: "noNetwork",
  server_away: "serverAway",
  blocked: "blocked",
  login_ended: "loginEnded",
  refused: "refused",
} as const;

/** What it takes to know how it stands: of the car that is open, or of one in a list. */
export type Seen = Pick<LiveVehicleView, "state" | "connection" | "presence">;

/** Return how it stands: with the page first, for it cannot know the rest without a server. */
export function presenceOf(view: Seen): PresenceWords {
  const { status, since } = view.connection;
  if (status === "offline" || status === "server_away" || status === "blocked") {
    return { kind: BROKEN[status], tone: "bad", since };
  }
  if (status === "login_ended" || status === "refused") {
    return { kind: BROKEN[status], tone: "bad", since: null };
  }
  if (status === "paused") return { kind: "paused", tone: "quiet", since };
  if (view.presence.is_online === null) return { kind: "connecting", tone: "quiet", since: null };
  return view.presence.is_online ? atHome(view) : gone(view);
}

function gone({ state, presence }: Seen): PresenceWords {
  const heard = state?.heard ?? null;
  if (heard === null && presence.since === null) {
    return { kind: "neverHeard", tone: "quiet", since: null };
  }
  return {
    kind: "away",
    tone: "quiet",
    since: heard === null ? presence.since : Date.parse(heard),
  };
}

function atHome({ state }: Seen): PresenceWords {
  const driving = state?.groups.driving ?? null;
  const charge = state?.groups.charge ?? null;
  if (charge?.is_charging === true) return { kind: "charging", tone: "good", since: null };
  if (driving?.is_on === true) return { kind: "driving", tone: "good", since: null };
  if (driving?.is_awake === false) {
    return { kind: "asleep", tone: "quiet", since: parkedSince(driving) };
  }
  return { kind: "online", tone: "good", since: null };
}

/** Return when the car was parked, in milliseconds; null if it does not say. */
function parkedSince({ time, parking_time }: { time: string; parking_time: number | null }) {
  if (parking_time === null || parking_time <= 0) return null;
  return Date.parse(time) - parking_time * 1000;
}
