import { List, PasswordInput } from "@mantine/core";
import { IconCircle, IconCircleCheckFilled } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { PASSWORD_LENGTH, type PasswordRule, rulesOf } from "./password";

interface Props {
  label: string;
  name: string;
  value: string;
  onChange: (password: string) => void;
}

/** A field for a new password; its rules are shown, and ticked while one types. */
export function NewPassword({ label, name, value, onChange }: Props) {
  const { t } = useTranslation();
  const kept = rulesOf(value, name);
  const rules: Record<PasswordRule, string> = {
    length: t("password.length", { count: PASSWORD_LENGTH }),
    blanks: t("password.blanks"),
    name: t("password.name"),
  };
  return (
    <div>
      <PasswordInput
        label={label}
        name="new-password"
        autoComplete="new-password"
        required
        value={value}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": t("password.show") }}
      />
      <List size="sm" mt="xs" pl={0} spacing={4} listStyleType="none">
        {(["length", "blanks", "name"] as const).map((rule) => (
          <List.Item key={rule} icon={<Tick isKept={kept[rule]} />} c={kept[rule] ? "" : "dimmed"}>
            {rules[rule]}
          </List.Item>
        ))}
      </List>
    </div>
  );
}

function Tick({ isKept }: { isKept: boolean }) {
  const { t } = useTranslation();
  const Icon = isKept ? IconCircleCheckFilled : IconCircle;
  return (
    <Icon
      size={18}
      color={isKept ? "var(--mantine-primary-color-filled)" : "var(--mantine-color-dimmed)"}
      role="img"
      aria-label={isKept ? t("password.kept") : t("password.open")}
    />
  );
}
