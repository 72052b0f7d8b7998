// Features and parameters of a car's module as a form: what it has, and what was changed.

import { FEATURES, PARAMETERS, PASSWORD_PARAMETERS } from "../../../protocol/tables";

export type SettingsKind = "features" | "parameters";

export interface Setting {
  number: number;
  /** The name of the table; null where it has none that holds for all modules. */
  name: string | null;
  value: string;
  /** A password: it is not shown as it is typed, and some modules tell only that it is set. */
  isSecret: boolean;
}

/** What has been typed, by number. */
export type Drafts = Readonly<Record<number, string>>;

/** Parameters that are features, too: they are set as those. */
const FEATURE_PARAMETERS = /^feature \d+$/;

/** What a module tells of a password that is set. */
export const MASK = "*";

/** How each kind is set: the command, and its parameter for the number. */
export const SETTERS = {
  features: { command: "set-feature", number: "feature" },
  parameters: { command: "set-parameter", number: "parameter" },
} as const;

/** Return the settings of the rows of a list, each its number and its value. */
export function settingsOf(kind: SettingsKind, rows: readonly (readonly string[])[]): Setting[] {
  const names = kind === "features" ? FEATURES : PARAMETERS;
  return rows
    .map(([number = "", ...rest]) => ({
      number: Number(number),
      name: names[number] ?? null,
      value: rest.join(","),
      isSecret: kind === "parameters" && PASSWORD_PARAMETERS.has(Number(number)),
    }))
    .filter(({ name }) => name === null || !FEATURE_PARAMETERS.test(name));
}

/** Return what was changed; a password left empty stays as it is. */
export function changesOf(settings: readonly Setting[], drafts: Drafts): [number, string][] {
  return settings.flatMap(({ number, value, isSecret }): [number, string][] => {
    const draft = drafts[number];
    if (draft === undefined || draft === value || (isSecret && draft === "")) return [];
    return [[number, draft]];
  });
}

/** Return what a setting's field shows: what was typed, else what the module has. */
export function shownValue({ number, value, isSecret }: Setting, drafts: Drafts): string {
  const known = isSecret && value === MASK ? "" : value;
  return drafts[number] ?? known;
}
