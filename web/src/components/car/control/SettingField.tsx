import { PasswordInput, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { CommandState } from "./CommandState";
import { type Drafts, MASK, type Setting, type SettingsKind, shownValue } from "./moduleSettings";
import type { Progress } from "./progress";

interface Props {
  kind: SettingsKind;
  setting: Setting;
  drafts: Drafts;
  isOff: boolean;
  progress: Progress | null;
  onType: (value: string) => void;
}

/** One feature or parameter of a module. */
export function SettingField({ kind, setting, drafts, isOff, progress, onType }: Props) {
  const { t } = useTranslation("controls");
  const { number, name, value, isSecret } = setting;
  const known = name === null ? undefined : t(`${kind}.name.${number}` as never);
  const common = {
    label: known ?? t(`${kind}.unnamed`, { number }),
    description: known === undefined ? undefined : t(`${kind}.number`, { number }),
    value: shownValue(setting, drafts),
    disabled: isOff,
    autoComplete: "off",
    onChange: ({ currentTarget }: React.ChangeEvent<HTMLInputElement>) =>
      onType(currentTarget.value),
  };
  return (
    <div>
      {isSecret ? (
        <PasswordInput
          {...common}
          placeholder={value === MASK ? t("settings.isSet") : ""}
          visibilityToggleButtonProps={{ "aria-label": t("settings.show") }}
        />
      ) : (
        <TextInput {...common} inputMode={kind === "features" ? "numeric" : "text"} />
      )}
      <CommandState progress={progress} />
    </div>
  );
}
