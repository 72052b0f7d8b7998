import { Group, Text } from "@mantine/core";
import { memo } from "react";
import classes from "./FactRows.module.css";

export interface Fact {
  label: string;
  /** With its unit; `–` is unknown. */
  value: string;
  /** The module marks it as read some time ago. */
  isOld?: boolean;
}

/** Shows facts under each other, each with its name. */
export function FactRows({ facts }: { facts: Fact[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map((fact) => (
        <FactRow key={fact.label} {...fact} />
      ))}
    </dl>
  );
}

const FactRow = memo(function FactRow({ label, value, isOld = false }: Fact) {
  return (
    <Group justify="space-between" wrap="nowrap" gap="md">
      <Text component="dt" size="sm" c="dimmed">
        {label}
      </Text>
      <Text component="dd" size="sm" ta="right" c={isOld ? "dimmed" : "inherit"} m={0}>
        {value}
      </Text>
    </Group>
  );
});
