import { Accordion, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Groups } from "../../data/live/types";
import { useIsWide } from "../useIsWide";
import { Age } from "./Age";
import { Facts } from "./Facts";
import { FACT_GROUPS, type FactGroup, factsOf } from "./groupFacts";
import type { Body } from "./shapes";
import { Tyres } from "./Tyres";
import { useFactText } from "./useFactText";

interface Props {
  groups: Groups;
  isWatched: boolean;
  body: Body;
}

/** What is unfolded where there is room for it. */
const OPEN = ["tyres", "temperatures", "driving", "battery", "charge"] as const;

/** Shows the rest of what the car says, folded away, each group with its age. */
export function GroupList({ groups, isWatched, body }: Props) {
  const shown = FACT_GROUPS.filter((name) => groups[name] !== null);
  const hasRoom = useIsWide(900);
  return (
    <Accordion
      multiple
      variant="separated"
      chevronPosition="left"
      defaultValue={hasRoom ? [...OPEN] : []}
    >
      {groups.tyres !== null && (
        <Folded name="tyres" groups={groups} isWatched={isWatched}>
          <Tyres tyres={groups.tyres} body={body} />
        </Folded>
      )}
      {shown.map((name) => (
        <Folded key={name} name={name} groups={groups} isWatched={isWatched}>
          <GroupFacts name={name} groups={groups} />
        </Folded>
      ))}
      {groups.capabilities !== null && (
        <Folded name="capabilities" groups={groups} isWatched={isWatched}>
          <Capabilities capabilities={groups.capabilities} />
        </Folded>
      )}
    </Accordion>
  );
}

interface FoldedProps {
  name: FactGroup | "tyres" | "capabilities";
  groups: Groups;
  isWatched: boolean;
  children: React.ReactNode;
}

function Folded({ name, groups, isWatched, children }: FoldedProps) {
  const { t } = useTranslation("car");
  const group = groups[name];
  if (group === null) return null;
  return (
    <Accordion.Item value={name}>
      <Accordion.Control>
        <Group justify="space-between" wrap="nowrap">
          <Text span>{t(`groups.${name}`)}</Text>
          <Age name={name} group={group} isWatched={isWatched} />
        </Group>
      </Accordion.Control>
      <Accordion.Panel>{children}</Accordion.Panel>
    </Accordion.Item>
  );
}

function GroupFacts({ name, groups }: { name: FactGroup; groups: Groups }) {
  const { t } = useTranslation("car");
  const write = useFactText();
  const facts = factsOf(groups, name).map((fact) => ({
    label: t(`facts.${fact.name}` as never),
    value: write(fact),
    isOld: fact.isOld,
  }));
  return <Facts facts={facts} />;
}

function Capabilities({ capabilities }: { capabilities: NonNullable<Groups["capabilities"]> }) {
  const { t } = useTranslation("car");
  const ranges = capabilities.commands.map(({ first, last }) =>
    first === last ? `${first}` : `${first}–${last}`,
  );
  return <Facts facts={[{ label: t("facts.commands"), value: ranges.join(", ") || "–" }]} />;
}
