import { Accordion, Group, Text } from "@mantine/core";
import { createContext, memo, use, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Groups } from "../../data/live/types";
import { UNKNOWN } from "../../data/quantities";
import { sayTheSame } from "../sayTheSame";
import { useIsWide } from "../useIsWide";
import { Age } from "./Age";
import { FactRows } from "./FactRows";
import { FACT_GROUPS, type FactGroup, factsOf } from "./groupFacts";
import type { Body } from "./shapes";
import { Tyres } from "./Tyres";
import { useFactText } from "./useFactText";

interface Props {
  groups: Groups;
  isWatched: boolean;
  body: Body;
}

type FoldName = FactGroup | "tyres" | "capabilities";

const NAMES: readonly FoldName[] = ["tyres", ...FACT_GROUPS, "capabilities"];

/** What is unfolded where there is room for it. */
const OPEN: readonly FoldName[] = ["tyres", "temperatures", "driving", "battery", "charge"];

/** What is inside the folds changes with each report; the folds themselves do not. */
const Said = createContext<Props | null>(null);

/** Shows the rest of what the car says, folded away, each group with its age. */
export function GroupList(props: Props) {
  return (
    <Said value={props}>
      <Folds names={NAMES.filter((name) => props.groups[name] !== null)} />
    </Said>
  );
}

const Folds = memo(function Folds({ names }: { names: readonly FoldName[] }) {
  const { t } = useTranslation("car");
  const hasRoom = useIsWide(900);
  const [first] = useState<string[]>(() => (hasRoom ? [...OPEN] : []));
  const [seen, setSeen] = useState<readonly string[]>(first);
  return (
    <Accordion
      multiple
      variant="separated"
      chevronPosition="left"
      defaultValue={first}
      onChange={(opened) => setSeen([...new Set([...seen, ...opened])])}
    >
      {names.map((name) => (
        <Accordion.Item key={name} value={name}>
          <Accordion.Control>
            <Group justify="space-between" gap="0 md">
              <Text span>{t(`groups.${name}`)}</Text>
              <FoldAge name={name} />
            </Group>
          </Accordion.Control>
          {/* What nobody has opened yet is not made. */}
          <Accordion.Panel>{seen.includes(name) && <Inside name={name} />}</Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}, sayTheSame);

function FoldAge({ name }: { name: FoldName }) {
  const said = use(Said);
  const group = said?.groups[name] ?? null;
  return group && <Age name={name} group={group} isWatched={said?.isWatched === true} />;
}

function Inside({ name }: { name: FoldName }) {
  const said = use(Said);
  if (said === null) return null;
  const { groups, body } = said;
  switch (name) {
    case "tyres":
      return groups.tyres && <Tyres wheels={groups.tyres.wheels} body={body} />;
    case "capabilities":
      return groups.capabilities && <Capabilities capabilities={groups.capabilities} />;
    default:
      return <GroupFacts name={name} groups={groups} />;
  }
}

function GroupFacts({ name, groups }: { name: FactGroup; groups: Groups }) {
  const { t } = useTranslation("car");
  const write = useFactText();
  const facts = factsOf(groups, name).map((fact) => ({
    label: t(`facts.${fact.name}` as never),
    value: write(fact),
    isOld: fact.isOld,
  }));
  return <FactRows facts={facts} />;
}

function Capabilities({ capabilities }: { capabilities: NonNullable<Groups["capabilities"]> }) {
  const { t } = useTranslation("car");
  const ranges = capabilities.commands.map(({ first, last }) =>
    first === last ? `${first}` : `${first}–${last}`,
  );
  return <FactRows facts={[{ label: t("facts.commands"), value: ranges.join(", ") || UNKNOWN }]} />;
}
