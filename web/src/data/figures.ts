// How figures are written: in the units that a person likes, in the way of their language, and
// never without a unit. Unknown is a dash.

import { useLocale } from "./locale";
import { type Preferences, usePreferences } from "./preferences";
import { type Chosen, unitOf } from "./units";

export const UNKNOWN = "–";

/** Between a number and its unit: no line ends there. */
const SPACE = "\u00a0";

type Figure = number | null | undefined;

export interface Figures {
  percent: (value: Figure) => string;
  distance: (km: Figure) => string;
  speed: (kmh: Figure) => string;
  temperature: (celsius: Figure) => string;
  pressure: (kPa: Figure) => string;
  /** kWh for 100 km. */
  consumption: (value: Figure) => string;
  power: (kW: Figure) => string;
  energy: (kWh: Figure) => string;
  volts: (value: Figure) => string;
  amps: (value: Figure) => string;
  ampHours: (value: Figure) => string;
  degrees: (value: Figure) => string;
  metres: (value: Figure) => string;
  /** A span of time: `2 h 05 min`. */
  span: (seconds: Figure) => string;
  /** What was concluded, not measured: `≈ 214 km`. */
  estimated: (figure: string) => string;
  /** How long ago: `4 s`, `3 min`, `2 h`, `5 d`. */
  age: (at: number, now: number) => string;
  /** The time of day, with the day if it is another one. */
  clock: (at: number | null, now: number) => string;
}

/**
 * Return figures as somebody reads them who has this locale and likes these units. What
 * writes them is made once: that costs much more than to write a figure.
 */
export function figuresIn(locale: string, likes: Preferences): Figures {
  const write = (places: number, unit: string) => {
    const number = new Intl.NumberFormat(locale, {
      minimumFractionDigits: places,
      maximumFractionDigits: places,
    });
    return (value: Figure) =>
      value === null || value === undefined ? UNKNOWN : `${number.format(value)}${SPACE}${unit}`;
  };
  const liked = (kind: Chosen) => {
    const { symbol, from, places } = unitOf(kind, likes);
    const written = write(places, symbol);
    return (value: Figure) => written(value === null || value === undefined ? null : from(value));
  };
  return {
    percent: write(0, "%"),
    distance: liked("distance"),
    speed: liked("speed"),
    temperature: liked("temperature"),
    pressure: liked("pressure"),
    consumption: liked("consumption"),
    power: write(1, "kW"),
    energy: write(1, "kWh"),
    volts: write(1, "V"),
    amps: write(1, "A"),
    ampHours: write(0, "Ah"),
    degrees: write(0, "°"),
    metres: write(0, "m"),
    span: (seconds) => spanOf(seconds),
    estimated: (figure) => (figure === UNKNOWN ? UNKNOWN : `≈${SPACE}${figure}`),
    age: ageIn(locale),
    clock: clockIn(locale),
  };
}

let last: { locale: string; likes: Preferences; figures: Figures } | null = null;

/** Return the figures of the person who looks. All parts of a page share them. */
export function useFigures(): Figures {
  const locale = useLocale();
  const likes = usePreferences();
  if (last?.locale !== locale || last.likes !== likes) {
    last = { locale, likes, figures: figuresIn(locale, likes) };
  }
  return last.figures;
}

function spanOf(seconds: Figure): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes}${SPACE}min`;
  return `${Math.floor(minutes / 60)}${SPACE}h${SPACE}${String(minutes % 60).padStart(2, "0")}${SPACE}min`;
}

/** Return what writes the time of day, with the day if it is another one than that of `now`. */
function clockIn(locale: string): Figures["clock"] {
  const time = { hour: "2-digit", minute: "2-digit" } as const;
  const today = new Intl.DateTimeFormat(locale, time);
  const otherDay = new Intl.DateTimeFormat(locale, { ...time, day: "numeric", month: "short" });
  return (at, now) => {
    if (at === null) return UNKNOWN;
    const isToday = new Date(at).toDateString() === new Date(now).toDateString();
    return (isToday ? today : otherDay).format(at);
  };
}

/** The units of ages: to how many one counts, and how many make the next one. */
const STEPS = [
  ["s", 60, 60],
  ["min", 60, 60],
  ["h", 48, 24],
] as const;

/** Return what writes how long ago something was. */
function ageIn(locale: string): Figures["age"] {
  const days = new Intl.NumberFormat(locale, { style: "unit", unit: "day", unitDisplay: "long" });
  return (at, now) => {
    let value = Math.max(0, Math.floor((now - at) / 1000));
    for (const [unit, most, many] of STEPS) {
      if (value < most) return `${value}${SPACE}${unit}`;
      value = Math.floor(value / many);
    }
    return days.format(value);
  };
}
