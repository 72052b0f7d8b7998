import { NativeSelect, Stack, Title, useMantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { CHOICES, type Preferences, setPreferences, usePreferences } from "../../data/preferences";
import { changeLanguage, LANGUAGES } from "../../i18n";

const QUANTITIES = ["distance", "temperature", "pressure"] as const;
const SCHEMES = ["auto", "light", "dark"] as const;

/** What a person likes: language, colours and units, kept on this device. */
export function DeviceChoices() {
  const { t } = useTranslation();
  return (
    <Stack gap="xs" mt="md">
      <Title order={2} size="h4">
        {t("device.title")}
      </Title>
      <LanguageChoice />
      <SchemeChoice />
      {QUANTITIES.map((quantity) => (
        <UnitChoice key={quantity} quantity={quantity} />
      ))}
    </Stack>
  );
}

function LanguageChoice() {
  const { t, i18n } = useTranslation();
  return (
    <NativeSelect
      label={t("language")}
      value={i18n.language}
      onChange={({ currentTarget }) => void changeLanguage(currentTarget.value)}
      data={LANGUAGES.map((value) => ({
        value,
        label: new Intl.DisplayNames(value, { type: "language" }).of(value) ?? value,
      }))}
    />
  );
}

function SchemeChoice() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <NativeSelect
      label={t("device.colours")}
      value={colorScheme}
      onChange={({ currentTarget }) => {
        const chosen = SCHEMES.find((each) => each === currentTarget.value);
        if (chosen !== undefined) setColorScheme(chosen);
      }}
      data={SCHEMES.map((value) => ({ value, label: t(`device.${value}`) }))}
    />
  );
}

function UnitChoice({ quantity }: { quantity: keyof Preferences }) {
  const { t } = useTranslation();
  const preferences = usePreferences();
  return (
    <NativeSelect
      label={t(`device.${quantity}`)}
      value={preferences[quantity]}
      onChange={({ currentTarget }) => {
        const chosen = CHOICES[quantity].find((each) => each === currentTarget.value);
        if (chosen !== undefined) setPreferences({ [quantity]: chosen });
      }}
      data={CHOICES[quantity].map((value) => ({ value, label: t(`device.${value}`) }))}
    />
  );
}
