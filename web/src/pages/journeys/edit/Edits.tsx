import { Button, Group, List, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useFormat } from "../../../components/charts/useFormat";
import { Failure } from "../../../components/forms/Failure";
import type { EditAnswer, WholeJourney } from "../../../data/api-types";
import { useJourneyEdits, useUndoEdit } from "../../../data/journeys";

interface Props {
  journey: WholeJourney;
  /** The journey becomes others, or does not after all. */
  onEnd: (isEnding: boolean) => void;
}

/** What was corrected about a journey; each correction can be taken back. */
export function Edits({ journey, onEnd }: Props) {
  const { t } = useTranslation("journeys");
  const format = useFormat();
  const navigate = useNavigate();
  const { data } = useJourneyEdits(journey.vehicle_id, journey.id);
  const undo = useUndoEdit(journey.vehicle_id);
  const edits = data?.items ?? [];
  if (edits.length === 0) return null;
  const takeBack = (edit: EditAnswer) => {
    const isEnd = edit.kind !== "change";
    onEnd(isEnd);
    undo.mutate(
      { path: { vehicle_id: journey.vehicle_id, edit_id: edit.id } },
      {
        onSuccess: () => isEnd && navigate("..", { relative: "path" }),
        onError: () => onEnd(false),
      },
    );
  };
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        {t("edits.title")}
      </Title>
      <List listStyleType="none" spacing="xs">
        {edits.map((edit) => (
          <List.Item key={edit.id}>
            <Group gap="sm">
              <Text size="sm">
                {t(`edits.${edit.kind}`)} · {format.dateTime(edit.created)}
              </Text>
              <Button
                size="compact-sm"
                variant="default"
                loading={undo.isPending && undo.variables.path.edit_id === edit.id}
                onClick={() => takeBack(edit)}
              >
                {t("edits.undo")}
              </Button>
            </Group>
          </List.Item>
        ))}
      </List>
      <Failure error={undo.error} />
    </section>
  );
}
