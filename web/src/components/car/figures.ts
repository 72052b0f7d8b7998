// How figures of a car are written: in the browser's way, never without their unit.

import { useMemo } from "react";
import { useTranslation } from "react-i18next";

const UNKNOWN = "–";

type Figure = number | null | undefined;

export interface Figures {
  percent: (value: Figure) => string;
  distance: (km: Figure) => string;
  speed: (kmh: Figure) => string;
  temperature: (celsius: Figure) => string;
  pressure: (kPa: Figure) => string;
  power: (kW: Figure) => string;
  energy: (kWh: Figure) => string;
  volts: (value: Figure) => string;
  amps: (value: Figure) => string;
  ampHours: (value: Figure) => string;
  degrees: (value: Figure) => string;
  metres: (value: Figure) => string;
  /** A span of time: `2 h 05 min`. */
  span: (seconds: Figure) => string;
  /** How long ago: `4 s`, `3 min`, `2 h`, `5 d`. */
  age: (at: number, now: number) => string;
  /** The time of day, with the day if it is another one. */
  clock: (at: number | null, now: number) => string;
}

/** Return figures as somebody reads them who has this language. */
export function figuresIn(language: string): Figures {
  const write = (places: number, unit: string) => {
    const number = new Intl.NumberFormat(language, {
      minimumFractionDigits: places,
      maximumFractionDigits: places,
    });
    return (value: Figure) =>
      value === null || value === undefined ? UNKNOWN : `${number.format(value)}\u00a0${unit}`;
  };
  return {
    percent: write(0, "%"),
    distance: write(0, "km"),
    speed: write(0, "km/h"),
    temperature: write(0, "°C"),
    pressure: write(0, "kPa"),
    power: write(1, "kW"),
    energy: write(1, "kWh"),
    volts: write(1, "V"),
    amps: write(1, "A"),
    ampHours: write(0, "Ah"),
    degrees: write(0, "°"),
    metres: write(0, "m"),
    span: (seconds) => spanOf(seconds),
    age: (at, now) => ageOf(at, now, language),
    clock: (at, now) => (at === null ? UNKNOWN : clockOf(at, now, language)),
  };
}

/** Return the figures of the person who looks. */
export function useFigures(): Figures {
  const { i18n } = useTranslation();
  return useMemo(() => figuresIn(i18n.language), [i18n.language]);
}

function spanOf(seconds: Figure): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes}\u00a0min`;
  return `${Math.floor(minutes / 60)}\u00a0h ${String(minutes % 60).padStart(2, "0")}\u00a0min`;
}

function clockOf(at: number, now: number, language: string): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  return new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    ...(isToday ? {} : { day: "numeric", month: "short" }),
  }).format(at);
}

const STEPS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 48],
] as const;

function ageOf(at: number, now: number, language: string): string {
  let value = Math.max(0, Math.floor((now - at) / 1000));
  let unit = "day";
  for (const [name, many] of STEPS) {
    unit = name;
    if (value < many) break;
    value = Math.floor(value / (name === "hour" ? 24 : 60));
    unit = "day";
  }
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(
    value,
  );
}
