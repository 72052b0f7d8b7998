import { Alert, Skeleton, Stack, Text, Title, useComputedColorScheme } from "@mantine/core";
import { useDebouncedValue, useViewportSize } from "@mantine/hooks";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { Chart } from "../../components/charts/Chart";
import { ChartActions } from "../../components/charts/ChartActions";
import { ChartTable } from "../../components/charts/ChartTable";
import type { Span } from "../../components/charts/span";
import { useFormat } from "../../components/charts/useFormat";
import { Elsewhere } from "../../components/Elsewhere";
import { PageSkeleton } from "../../components/PageSkeleton";
import { Reading } from "../../components/Reading";
import { usePageTitle } from "../../components/usePageTitle";
import { useVehicleId } from "../../components/useVehicleId";
import { ZoneNote } from "../../components/ZoneNote";
import { isDeviceCar } from "../../data/device/cars";
import { useMinute } from "../../data/now";
import { type SeriesAnswer, useSeries } from "../../data/series";
import { useListedVehicle } from "../../data/vehicles";
import classes from "./Charts.module.css";
import { FieldPicker } from "./FieldPicker";
import { panelsOf, timesOf } from "./panels";
import { SpanPicker } from "./SpanPicker";
import { useFieldName } from "./useFieldName";
import { useShades } from "./useShades";
import { paramsOf, spanOf, type View, viewOf } from "./view";

/** Milliseconds for which a span must stay before the server is asked for it. */
const SETTLE = 250;

/** Points that are asked for at most, however wide the page is. */
const POINT_LIMIT = 1000;

/** Any field of a car over hours to a year. */
export default function ChartsPage() {
  const { t } = useTranslation("charts");
  usePageTitle(t("title"));
  const vehicle = useVehicleId();
  if (vehicle === null) return <PageSkeleton />;
  if (isDeviceCar(vehicle)) {
    return <Elsewhere vehicle={vehicle} title={t("title")} text={t("elsewhere")} />;
  }
  return <Charts key={vehicle} vehicle={vehicle} />;
}

function Charts({ vehicle }: { vehicle: string }) {
  const { t } = useTranslation("charts");
  const [params, setParams] = useSearchParams();
  const view = viewOf(params);
  const now = useMinute() / 1000;
  const change = (part: Partial<View>, isStep = true) =>
    setParams(paramsOf({ ...view, ...part }), { replace: !isStep });
  return (
    <Stack gap="md" className={classes.page}>
      <Title order={1} size="h2">
        {t("title")}
      </Title>
      <SpanPicker view={view} now={now} onChange={change} />
      <FieldPicker vehicle={vehicle} view={view} onChange={change} />
      <Drawn
        vehicle={vehicle}
        view={view}
        span={spanOf(view, now)}
        onSpan={(span) => change({ span }, false)}
      />
      <ZoneNote />
    </Stack>
  );
}

interface DrawnProps {
  vehicle: string;
  view: View;
  span: Span;
  onSpan: (span: Span) => void;
}

function Drawn({ vehicle, view, span, onSpan }: DrawnProps) {
  const { t } = useTranslation("charts");
  const query = useQueryOf(span);
  const series = useSeries(vehicle, view.fields, query);
  const before = useSeries(
    vehicle,
    view.earlier === null ? [] : view.fields,
    shifted(query, view.earlier ?? 0),
  );
  const isSealed = useListedVehicle(vehicle)?.is_paranoid ?? false;
  if (isSealed)
    return (
      <Alert role="note" color="gray">
        {t("sealed")}
      </Alert>
    );
  if (series.error !== null || series.data === undefined) {
    return <Reading title={t("failed")} query={series} skeleton={<Skeleton height={320} />} />;
  }
  return (
    <Lines
      vehicle={vehicle}
      view={view}
      span={span}
      onSpan={onSpan}
      series={series.data}
      before={view.earlier === null ? null : (before.data ?? null)}
    />
  );
}

/** Return what the server is asked for: a point a pixel, of a span that has settled. */
function useQueryOf({ since, until }: Span) {
  const { width } = useViewportSize();
  const [settled] = useDebouncedValue(`${since} ${until}`, SETTLE, { leading: true });
  const [from = since, to = until] = settled.split(" ").map(Number);
  const points = Math.min(Math.max(Math.round(width / 100) * 100, 300), POINT_LIMIT);
  return { since: from, until: to, points };
}

function shifted<T extends Span>(query: T, seconds: number): T {
  return { ...query, since: query.since - seconds, until: query.until - seconds };
}

interface LinesProps extends DrawnProps {
  series: SeriesAnswer;
  before: SeriesAnswer | null;
}

function Lines({ vehicle, view, span, onSpan, series, before }: LinesProps) {
  const { t } = useTranslation("charts");
  const format = useFormat();
  const scheme = useComputedColorScheme("light");
  const name = useFieldName(vehicle);
  const [marked, setMarked] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const shades = useShades(vehicle, span);
  const fields = view.fields.join(",");
  const times = useMemo(() => timesOf(series), [series]);
  const panels = useMemo(() => {
    const words = { field: name, earlier: (field: string) => t("earlier", { field: name(field) }) };
    return panelsOf(fields.split(","), series, before, scheme, words);
  }, [fields, series, before, scheme, name, t]);
  const isEmpty = panels.every(({ lines }) =>
    lines.every(({ values }) => values.every((value) => value === null)),
  );
  const at = marked !== null && marked < times.length ? marked : null;
  const none = <Text c="dimmed">{t("none")}</Text>;
  if (isEmpty && view.span === null) return none; // who moves along the times keeps the axis
  return (
    <>
      {isEmpty && none}
      <Chart
        label={t("label")}
        times={times}
        panels={panels}
        span={span}
        shades={shades}
        format={format}
        marked={at}
        onMark={setMarked}
        onSpan={onSpan}
        isLive={view.span === null}
        height={panels.length > 2 ? 140 : 220}
        box={box}
      >
        <Text size="sm" c="dimmed">
          {t("legend")}
        </Text>
        <ChartTable times={times} panels={panels} format={format} />
      </Chart>
      <ChartActions
        times={times}
        panels={panels}
        format={format}
        title={`${vehicle}, ${format.dateTime(span.since * 1000)} – ${format.dateTime(span.until * 1000)}`}
        fileName={`${vehicle}-chart`}
        box={box}
      />
    </>
  );
}
