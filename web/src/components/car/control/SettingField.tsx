import { PasswordInput, TextInput } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { CommandState } from "./CommandState";
import { MASK, SETTERS, type Setting, type SettingsKind } from "./moduleSettings";
import type { Controls } from "./useControls";
import { useProgress } from "./useProgress";

interface FieldProps {
  kind: SettingsKind;
  setting: Setting;
  /** What the field shows: what was typed, else what the module has. */
  shown: string;
  isOff: boolean;
  /** Called with the number of the setting; it stays the same function. */
  onType: (number: number, value: string) => void;
}

/** One feature or parameter of a module, and how sending it goes. */
export function SettingField({ desk, ...field }: FieldProps & Pick<Controls, "desk">) {
  const { command, number: name } = SETTERS[field.kind];
  const parameters = { [name]: String(field.setting.number) };
  const progress = useProgress({ command, parameters }, { desk, groups: null });
  return (
    <div>
      <Field {...field} />
      <CommandState progress={progress} />
    </div>
  );
}

/** A module has a hundred, and the car reports while somebody types in one. */
const Field = memo(function Field({ kind, setting, shown, isOff, onType }: FieldProps) {
  const { t } = useTranslation("controls");
  const { number, name, value, isSecret } = setting;
  const known = name === null ? undefined : t(`${kind}.name.${number}` as never);
  const common = {
    label: known ?? t(`${kind}.unnamed`, { number }),
    description: known === undefined ? undefined : t(`${kind}.number`, { number }),
    value: shown,
    disabled: isOff,
    autoComplete: "off",
    onChange: ({ currentTarget }: React.ChangeEvent<HTMLInputElement>) =>
      onType(number, currentTarget.value),
  };
  return isSecret ? (
    <PasswordInput
      {...common}
      placeholder={value === MASK ? t("settings.isSet") : ""}
      visibilityToggleButtonProps={{ "aria-label": t("settings.show") }}
    />
  ) : (
    <TextInput {...common} inputMode={kind === "features" ? "numeric" : "text"} />
  );
});
