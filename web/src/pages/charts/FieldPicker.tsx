import { MultiSelect } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../components/charts/useFormat";
import { useSeriesFields } from "../../data/series";
import { useListedVehicle } from "../../data/vehicles";
import { useFieldName } from "./useFieldName";
import { FIELD_LIMIT, type View } from "./view";

interface Props {
  vehicle: string;
  view: View;
  onChange: (part: Partial<View>) => void;
}

/** Chooses what is drawn, of all that cars tell. */
export function FieldPicker({ vehicle, view, onChange }: Props) {
  const { t } = useTranslation("charts");
  const format = useFormat();
  const name = useFieldName(vehicle);
  const { data: fields = [] } = useSeriesFields(vehicle);
  const maySee = useListedVehicle(vehicle)?.rights.includes("location") ?? true;
  const choices = fields
    .filter(({ needs_location }) => maySee || !needs_location)
    .map((field) => ({
      value: field.name,
      label:
        field.unit === null ? name(field.name) : `${name(field.name)} (${format.unit(field.unit)})`,
    }));
  const known = new Set(fields.map((field) => field.name));
  const unknown = view.fields
    .filter((field) => !known.has(field))
    .map((field) => ({ value: field, label: name(field) }));
  return (
    <MultiSelect
      label={t("picker.fields")}
      description={t("picker.fieldsHelp", { count: FIELD_LIMIT })}
      searchable
      maxValues={FIELD_LIMIT}
      data={[...choices, ...unknown]}
      value={view.fields}
      onChange={(chosen) => chosen.length > 0 && onChange({ fields: chosen })}
      nothingFoundMessage={t("picker.noField")}
      hidePickedOptions
    />
  );
}
