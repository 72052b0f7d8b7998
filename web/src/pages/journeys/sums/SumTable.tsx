import { Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type Format, UNKNOWN } from "../../../components/charts/format";
import type { ChargeSums, SumAnswer } from "../../../data/api-types";

interface Props {
  items: readonly SumAnswer[];
  nameOf: (item: SumAnswer) => string;
  format: Format;
}

/** Sums as a table, the newest first. What some journeys lack makes a sum too low: it says so. */
export function SumTable({ items, nameOf, format }: Props) {
  const { t } = useTranslation("journeys");
  const isIncomplete = items.some(
    (item) => item.incomplete.length > 0 || item.charges.incomplete.length > 0,
  );
  return (
    <div>
      <Table.ScrollContainer
        minWidth={760}
        scrollAreaProps={{
          viewportProps: { tabIndex: 0, "aria-label": t("sums.table"), role: "group" },
        }}
      >
        <Table aria-label={t("sums.table")} fz="sm" horizontalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("sums.span")}</Table.Th>
              {COLUMNS.map((column) => (
                <Table.Th key={column} scope="col" ta="right">
                  {t(`sums.columns.${column}`)}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {[...items].reverse().map((item) => (
              <Table.Tr key={item.key}>
                <Table.Th scope="row">{nameOf(item)}</Table.Th>
                <Table.Td ta="right">{item.trips}</Table.Td>
                <Table.Td ta="right">
                  {least(
                    format.quantity(item.distance, "km"),
                    item.incomplete.includes("distance"),
                  )}
                </Table.Td>
                <Table.Td ta="right">
                  {least(format.quantity(item.energy, "kWh"), item.incomplete.includes("energy"))}
                </Table.Td>
                <Table.Td ta="right">{format.quantity(item.consumption, "kWh/100 km")}</Table.Td>
                <Table.Td ta="right">{format.duration(item.moving_time)}</Table.Td>
                <Table.Td ta="right">{charged(item.charges, format)}</Table.Td>
                <Table.Td ta="right">{charged(item.charges_home, format)}</Table.Td>
                <Table.Td ta="right">{charged(awayOf(item), format)}</Table.Td>
                <Table.Td ta="right">
                  {least(costs(item.charges, format), item.charges.incomplete.includes("costs"))}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {isIncomplete && (
        <Text size="sm" c="dimmed">
          {t("sums.incomplete")}
        </Text>
      )}
    </div>
  );
}

const COLUMNS = [
  "trips",
  "distance",
  "energy",
  "consumption",
  "moving",
  "charged",
  "home",
  "away",
  "cost",
] as const;

type Charged = Pick<ChargeSums, "grid_energy" | "incomplete"> | null;

/** Return a figure, as the least that it may be where something lacks; unknown stays a dash. */
function least(text: string, lacks: boolean): string {
  return lacks && text !== UNKNOWN ? `≥\u00a0${text}` : text;
}

function charged(sums: Charged, format: Format): string {
  if (sums === null) return UNKNOWN;
  return least(format.quantity(sums.grid_energy, "kWh"), sums.incomplete.includes("grid_energy"));
}

/** Return what was charged elsewhere than at home: at other places and at none. */
export function awayOf({ charges_away, charges_nowhere }: SumAnswer): Charged {
  const parts = [charges_away, charges_nowhere].filter((each) => each !== null);
  if (parts.length === 0) return null;
  const known = parts.flatMap(({ grid_energy }) => (grid_energy === null ? [] : [grid_energy]));
  return {
    grid_energy: known.length === 0 ? null : known.reduce((one, other) => one + other, 0),
    incomplete: parts.flatMap(({ incomplete }) => incomplete),
  };
}

function costs({ costs }: ChargeSums, format: Format): string {
  return costs.length === 0 ? UNKNOWN : costs.map((each) => format.money(each)).join(" + ");
}
