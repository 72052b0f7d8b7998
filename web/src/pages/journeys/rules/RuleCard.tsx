import { Card, Group, NumberInput, Switch } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  title: string;
  /** When it is told. */
  text: string;
  isOn: boolean;
  onToggle: (isOn: boolean) => void;
  children?: ReactNode;
}

/** One rule: its switch, and once it is on what belongs to it. */
export function RuleCard({ title, text, isOn, onToggle, children }: Props) {
  return (
    <Card withBorder>
      <Switch
        label={title}
        description={text}
        checked={isOn}
        onChange={({ currentTarget: { checked } }) => onToggle(checked)}
      />
      {isOn && children !== undefined && (
        <Group gap="sm" mt="sm" align="end">
          {children}
        </Group>
      )}
    </Card>
  );
}

interface NumberProps {
  label: string;
  value: number | null;
  min: number;
  max: number;
  suffix?: string;
  decimals?: number;
  onChange: (value: number | string) => void;
}

/** A number with its unit and bounds. */
export function RuleNumber({ value, suffix, decimals = 0, ...rest }: NumberProps) {
  return (
    <NumberInput
      w={180}
      value={value ?? ""}
      decimalScale={decimals}
      clampBehavior="blur"
      {...(suffix === undefined ? {} : { suffix: `\u00a0${suffix}` })}
      {...rest}
    />
  );
}
