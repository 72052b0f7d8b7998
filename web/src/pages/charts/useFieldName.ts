import type { i18n as I18n } from "i18next";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { useSeriesFields } from "../../data/series";
import type words from "../../locales/en/charts.json";

type FieldKey = keyof typeof words.fields;

/** Return what gives the name of a field: from the catalogue, else as the server describes it. */
export function useFieldName(vehicle: string): (field: string) => string {
  const { t, i18n } = useTranslation("charts");
  const { data } = useSeriesFields(vehicle);
  return useCallback(
    (field) => {
      const key = field.replace(".", "_");
      if (isKnown(i18n, key)) return t(`fields.${key}`);
      const found = data?.find(({ name }) => name === field);
      return found === undefined ? field : found.meaning;
    },
    [t, i18n, data],
  );
}

function isKnown(i18n: I18n, key: string): key is FieldKey {
  return i18n.exists(`fields.${key}`, { ns: "charts" });
}
