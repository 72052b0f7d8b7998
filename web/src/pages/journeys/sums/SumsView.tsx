import { SegmentedControl, Stack, Text, Title, useComputedColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { Bars } from "../../../components/charts/Bars";
import { colourOf } from "../../../components/charts/colours";
import type { Format } from "../../../components/charts/format";
import { useFormat } from "../../../components/charts/useFormat";
import { Reading } from "../../../components/Reading";
import type { SumAnswer } from "../../../data/api-types";
import { useSums } from "../../../data/sums";
import classes from "../Journeys.module.css";
import { useNone } from "../useNone";
import { Exports } from "./Exports";
import { amountIn, type By, currenciesOf, keysBetween } from "./months";
import { SumTable } from "./SumTable";

const BYS = ["month", "year", "place"] as const;

/** What a car did by month, year or place: bars, and the same as a table. */
export default function SumsView({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("journeys");
  const format = useFormat();
  const [params, setParams] = useSearchParams();
  const by: By = BYS.find((each) => each === params.get("by")) ?? "month";
  const none = useNone(vehicle, "none");
  const reading = useSums(vehicle, { by });
  const { data } = reading;
  const nameOf = (item: SumAnswer) => longName(item, by, format, t("sums.noPlace"));
  return (
    <Stack gap="lg">
      <SegmentedControl
        w="fit-content"
        aria-label={t("sums.by")}
        value={by}
        onChange={(value) => setParams({ by: value }, { replace: true })}
        data={BYS.map((value) => ({ value, label: t(`sums.bys.${value}`) }))}
      />
      <Reading query={reading} />
      {reading.isSuccess && data?.items.length === 0 && <Text c="dimmed">{none}</Text>}
      {data !== undefined && data.items.length > 0 && (
        <>
          <AllBars items={data.items} by={by} format={format} />
          <SumTable items={data.items} nameOf={nameOf} format={format} />
        </>
      )}
      <Exports vehicle={vehicle} />
    </Stack>
  );
}

function longName(item: SumAnswer, by: By, format: Format, noPlace: string): string {
  if (by === "place") return item.place ?? noPlace;
  return by === "month" ? format.month(item.key) : item.key;
}

interface BarsProps {
  items: readonly SumAnswer[];
  by: By;
  format: Format;
}

function AllBars({ items, by, format }: BarsProps) {
  const { t } = useTranslation("journeys");
  const scheme = useComputedColorScheme("light");
  const found = new Map(items.map((item) => [item.key, item]));
  const keys = by === "place" ? items.map(({ key }) => key) : keysBetween([...found.keys()]);
  const currencies = currenciesOf(items.map(({ charges }) => charges.costs));
  const labelOf = (key: string) => {
    if (by === "place") return found.get(key)?.place ?? t("sums.noPlace");
    return by === "year" ? key : format.shortMonth(key);
  };
  const draw = (
    title: string,
    quantity: string,
    read: (item: SumAnswer) => number | null,
    say: (value: number) => string,
  ) => {
    const bars = keys.map((key) => {
      const item = found.get(key);
      const value = item === undefined ? null : read(item);
      const parts = value === null ? [] : [{ key, value, colour: colourOf(quantity, scheme) }];
      return { key, label: labelOf(key), parts, text: value === null ? "" : say(value) };
    });
    if (bars.every(({ parts }) => parts.length === 0)) return null;
    return (
      <section key={title}>
        <Title order={2} size="h4">
          {title}
        </Title>
        <Bars label={title} bars={bars} />
      </section>
    );
  };
  const whole = (value: number) => format.plain(value);
  return (
    <div className={classes.two}>
      {draw(
        t("sums.distance", { unit: format.unit("km") }),
        "distance",
        ({ distance }) => (distance === null ? null : format.convert(distance, "km")),
        whole,
      )}
      {draw(t("sums.charged"), "energy", ({ charges }) => charges.grid_energy, whole)}
      {draw(
        t("sums.consumption", { unit: format.unit("kWh/100 km") }),
        "consumption",
        ({ consumption }) =>
          consumption === null ? null : format.convert(consumption, "kWh/100 km"),
        (value) => format.plain(value, 1),
      )}
      {currencies.map((currency) =>
        draw(
          t("sums.cost", { currency }),
          "power",
          ({ charges }) => amountIn(charges, currency),
          (value) => format.plain(value),
        ),
      )}
    </div>
  );
}
