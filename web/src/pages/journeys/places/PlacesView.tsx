import { Anchor, Badge, Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, Route, Routes } from "react-router";
import type { Format } from "../../../components/charts/format";
import { useFormat } from "../../../components/charts/useFormat";
import { Reading } from "../../../components/Reading";
import { type PlaceAnswer, usePlaceSuggestions, usePlaces } from "../../../data/places";
import { PlaceDialog } from "./PlaceDialog";
import { RemoveDialog } from "./RemoveDialog";
import { TariffDialog } from "./TariffDialog";
import { TariffText } from "./TariffText";
import { pathOf } from "./tariff";

/** The owner's places and what charging costs there. */
export default function PlacesView() {
  const { t } = useTranslation("journeys");
  const format = useFormat();
  const reading = usePlaces();
  const places = reading.data;
  if (places === undefined) return <Reading query={reading} />;
  return (
    <Stack gap="md">
      <Text c="dimmed">{t(places.length === 0 ? "places.none" : "places.text")}</Text>
      {places.map((place) => (
        <Place key={place.id} place={place} format={format} />
      ))}
      <Button component={Link} to="add" w="fit-content">
        {t("places.add")}
      </Button>
      <Suggestions format={format} />
      <Routes>
        <Route path="add" element={<PlaceDialog place={null} />} />
        {places.map((place) => (
          <Route key={place.id} path={`${place.id}`}>
            <Route index element={<PlaceDialog place={place} />} />
            <Route path="remove" element={<RemoveDialog place={place} />} />
            <Route path="tariff/:from" element={<TariffDialog place={place} />} />
          </Route>
        ))}
        <Route path="*" element={null} />
      </Routes>
    </Stack>
  );
}

function Place({ place, format }: { place: PlaceAnswer; format: Format }) {
  const { t } = useTranslation("journeys");
  return (
    <Card withBorder component="section" aria-label={place.name}>
      <Group justify="space-between">
        <Group gap="xs">
          <Title order={2} size="h4">
            {place.name}
          </Title>
          {place.is_home && <Badge variant="light">{t("places.home")}</Badge>}
        </Group>
        <Text size="sm" c="dimmed">
          {t("places.radius", { radius: format.quantity(place.radius, "m") })}
        </Text>
      </Group>
      {place.tariffs.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("places.noTariff")}
        </Text>
      )}
      {place.tariffs.map((tariff) => (
        <Group key={pathOf(tariff.valid_from)} gap="xs" align="baseline">
          <TariffText tariff={tariff} place={place} format={format} />
          <Anchor component={Link} size="sm" to={`${place.id}/tariff/${pathOf(tariff.valid_from)}`}>
            {t("places.changeTariff")}
          </Anchor>
        </Group>
      ))}
      <Group gap="xs" mt="sm">
        <Button component={Link} to={`${place.id}`} variant="default" size="sm">
          {t("places.edit")}
        </Button>
        <Button component={Link} to={`${place.id}/tariff/new`} variant="default" size="sm">
          {t("places.addTariff")}
        </Button>
        <Button component={Link} to={`${place.id}/remove`} variant="default" size="sm">
          {t("delete")}
        </Button>
      </Group>
    </Card>
  );
}

/** Where the cars often parked and no place is. */
function Suggestions({ format }: { format: Format }) {
  const { t } = useTranslation("journeys");
  const { data: suggestions = [] } = usePlaceSuggestions();
  if (suggestions.length === 0) return null;
  return (
    <Stack gap="sm" component="section">
      <Title order={2} size="h4">
        {t("places.suggestions")}
      </Title>
      {suggestions.map(({ latitude, longitude, radius, address, visits, parked_time, last }) => (
        <Card withBorder key={`${latitude} ${longitude}`}>
          <Text fw={600}>{address ?? `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`}</Text>
          <Text size="sm" c="dimmed">
            {t("places.visits", { count: visits, time: format.duration(parked_time) })}{" "}
            {t("places.last", { date: format.date(last) })}
          </Text>
          <Button
            component={Link}
            to={`add?${new URLSearchParams({ latitude: `${latitude}`, longitude: `${longitude}`, radius: `${radius}` })}`}
            variant="default"
            size="sm"
            mt="xs"
            w="fit-content"
          >
            {t("places.make")}
          </Button>
        </Card>
      ))}
    </Stack>
  );
}
