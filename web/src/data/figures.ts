// The figures of what a car says now, each in its unit. Times of day are those of this device: they
// are about now, and about what comes. Journeys and records have the account's, by useFormat.

import { useLocale } from "./locale";
import { type Preferences, usePreferences } from "./preferences";
import { estimated, type Figure, quantitiesIn, SPACE, UNKNOWN } from "./quantities";
import { unitOf } from "./units";

export { UNKNOWN };

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
  /** A span of time: `2 h 5 min`. */
  duration: (seconds: Figure) => string;
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
  const { quantity, duration } = quantitiesIn(locale, likes);
  const write = (unit: string, digits: number) => (value: Figure) =>
    quantity(value, unit, { digits });
  const pressureDigits = unitOf("pressure", likes).places;
  return {
    percent: write("%", 0),
    distance: write("km", 0),
    speed: write("km/h", 0),
    temperature: write("°C", 0),
    pressure: write("kPa", pressureDigits),
    consumption: write("kWh/100 km", 1),
    power: write("kW", 1),
    energy: write("kWh", 1),
    volts: write("V", 1),
    amps: write("A", 1),
    ampHours: write("Ah", 0),
    degrees: write("°", 0),
    metres: write("m", 0),
    duration,
    estimated,
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
