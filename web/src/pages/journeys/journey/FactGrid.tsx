import type { ReactNode } from "react";
import classes from "../Journeys.module.css";

export interface Fact {
  name: string;
  value: ReactNode;
}

/** Names with their values, below each other or side by side as there is room. */
export function FactGrid({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={classes.grid}>
      {facts.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
