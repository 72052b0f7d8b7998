// What the form of a tariff holds, and what the API has of it. Prices are texts, as money is.

import type { TariffAnswer, TariffBody } from "../../../data/places";

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];

export interface BandForm {
  price: string;
  /** Local times, `22:00`; until one that is not later is of the next day. */
  from: string;
  until: string;
  days: Day[];
}

export interface TariffForm {
  isFree: boolean;
  /** The first local day; empty is since ever. */
  validFrom: string;
  energyPrice: string;
  bands: BandForm[];
  sessionPrice: string;
  minutePrice: string;
  freeMinutes: string;
}

/** A new band: the night of every day. */
export const NIGHT: BandForm = { price: "", from: "22:00", until: "06:00", days: [...DAYS] };

export const NEW_TARIFF: TariffForm = {
  isFree: false,
  validFrom: "",
  energyPrice: "",
  bands: [],
  sessionPrice: "",
  minutePrice: "",
  freeMinutes: "",
};

/** Return a tariff as the form shows it; nothing is an empty field. */
export function formOf(tariff: TariffAnswer): TariffForm {
  return {
    isFree: tariff.free,
    validFrom: tariff.valid_from ?? "",
    energyPrice: tariff.energy_price ?? "",
    bands: tariff.bands.map(({ price, from, until, days }) => ({ price, from, until, days })),
    sessionPrice: unlessNothing(tariff.session_price),
    minutePrice: unlessNothing(tariff.minute_price),
    freeMinutes: unlessNothing(String(tariff.free_minutes)),
  };
}

function unlessNothing(text: string): string {
  return Number(text) === 0 ? "" : text;
}

/** Return a price that somebody typed, as the API has it; null if it is none. */
export function readPrice(typed: string): string | null {
  const plain = typed.trim().replace(",", ".");
  return /^\d{1,6}(\.\d{1,6})?$/.test(plain) ? plain : null;
}

export type Problem = "energyPrice" | "sessionPrice" | "minutePrice" | "freeMinutes" | "bands";

/** Return what of a form cannot be sent. */
export function problemsOf(form: TariffForm): Problem[] {
  if (form.isFree) return [];
  const isWrong = (text: string) => text.trim() !== "" && readPrice(text) === null;
  const wrong: [Problem, boolean][] = [
    ["energyPrice", isWrong(form.energyPrice)],
    ["sessionPrice", isWrong(form.sessionPrice)],
    ["minutePrice", isWrong(form.minutePrice)],
    ["freeMinutes", !/^\d{0,5}$/.test(form.freeMinutes.trim())],
    ["bands", form.bands.some((band) => readPrice(band.price) === null || band.days.length === 0)],
  ];
  return wrong.filter(([, is]) => is).map(([name]) => name);
}

/** Return what is sent of a form without problems. */
export function bodyOf(form: TariffForm): TariffBody {
  if (form.isFree) return { free: true };
  const body: TariffBody = {};
  const energy = readPrice(form.energyPrice);
  if (energy !== null) body.energy_price = energy;
  if (form.bands.length > 0) {
    body.bands = form.bands.map(({ price, from, until, days }) => ({
      price: readPrice(price) ?? "",
      from,
      until,
      days: days.length === DAYS.length ? null : DAYS.filter((day) => days.includes(day)),
    }));
  }
  const session = readPrice(form.sessionPrice);
  if (session !== null) body.session_price = session;
  const minute = readPrice(form.minutePrice);
  if (minute !== null) body.minute_price = minute;
  if (form.freeMinutes.trim() !== "") body.free_minutes = Number(form.freeMinutes);
  return body;
}

/** Return the part of an address that names when a tariff begins. */
export function pathOf(validFrom: string | null): string {
  return validFrom === null || validFrom === "" ? "always" : validFrom;
}
