import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Format } from "../../../components/charts/format";
import { useAccount } from "../../../data/account";
import type { PlaceAnswer, TariffAnswer } from "../../../data/places";
import { DAYS } from "./tariff";

interface Props {
  tariff: TariffAnswer;
  place: PlaceAnswer;
  format: Format;
}

/** What a tariff costs, in words. */
export function TariffText({ tariff, place, format }: Props) {
  const { t } = useTranslation("journeys");
  const { data: account } = useAccount();
  const currency = place.currency ?? account?.currency ?? "";
  const price = (amount: string) => `${format.plain(Number(amount), digitsOf(amount))} ${currency}`;
  const days = (chosen: readonly (typeof DAYS)[number][]) =>
    chosen.length === DAYS.length ? "" : chosen.map((day) => t(`days.short.${day}`)).join(" ");
  const parts: string[] = [];
  if (tariff.free) parts.push(t("tariff.free"));
  if (tariff.energy_price !== null) {
    parts.push(t("tariff.perKwh", { price: price(tariff.energy_price) }));
  }
  for (const band of tariff.bands) {
    const span = `${band.from}–${band.until} ${days(band.days)}`.trim();
    parts.push(t("tariff.band", { span, price: price(band.price) }));
  }
  if (Number(tariff.session_price) > 0) {
    parts.push(t("tariff.perSession", { price: price(tariff.session_price) }));
  }
  if (Number(tariff.minute_price) > 0) {
    parts.push(
      t("tariff.perMinute", { price: price(tariff.minute_price), free: tariff.free_minutes }),
    );
  }
  const since =
    tariff.valid_from === null
      ? t("tariff.always")
      : t("tariff.since", { date: format.date(`${tariff.valid_from}T12:00:00Z`) });
  return (
    <Text size="sm">
      {since}: {parts.join(" · ")}
    </Text>
  );
}

function digitsOf(amount: string): number {
  return Math.min(Math.max(amount.split(".")[1]?.length ?? 0, 2), 6);
}
