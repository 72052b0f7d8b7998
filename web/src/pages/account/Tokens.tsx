import { Badge, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../../components/Dialog";
import { AskButton } from "../../components/forms/AskButton";
import { useMoments } from "../../components/forms/moments";
import { Section } from "../../components/forms/Section";
import { ToldOnce } from "../../components/forms/ToldOnce";
import { Reading } from "../../components/Reading";
import { useDialog } from "../../components/useDialog";
import { type TokenAnswer, useRemoveToken, useTokens } from "../../data/tokens";
import { TokenForm } from "./TokenForm";

/** API tokens: what programs log in by in place of the password. */
export function Tokens() {
  const { t } = useTranslation("account");
  const reading = useTokens();
  const tokens = reading.data;
  const [told, setTold] = useState<string | null>(null);
  const { opened, open, close } = useDialog();
  if (tokens === undefined) return <Reading query={reading} />;
  const edited = tokens.find(({ id }) => opened === `token-${id}`) ?? null;
  return (
    <Section title={t("tokens.title")} text={t("tokens.text")}>
      {told !== null && <ToldOnce title={t("tokens.made")} secret={told} />}
      {tokens.length === 0 && <Text c="dimmed">{t("tokens.none")}</Text>}
      {tokens.map((token) => (
        <TokenCard key={token.id} token={token} onEdit={() => open(`token-${token.id}`)} />
      ))}
      <Button
        w="fit-content"
        leftSection={<IconPlus size={20} aria-hidden />}
        onClick={() => open("token")}
      >
        {t("tokens.add")}
      </Button>
      <Dialog
        opened={opened === "token" || edited !== null}
        close={close}
        title={edited === null ? t("tokens.add") : t("tokens.change")}
      >
        <TokenForm token={edited} onTold={setTold} close={close} />
      </Dialog>
    </Section>
  );
}

/** What the command line and today's apps say for whom a token is, when nobody says it. */
const UNSAID = "notspecified";

/** Return what people call a token: the program, what it is for, or how it begins. */
function nameOf({ application, purpose, first }: TokenAnswer): string {
  const said = [application, purpose].find((each) => each !== "" && each !== UNSAID);
  return said ?? `${first}…`;
}

function TokenCard({ token, onEdit }: { token: TokenAnswer; onEdit: () => void }) {
  const { t } = useTranslation("account");
  const { moment } = useMoments();
  const remove = useRemoveToken();
  const name = nameOf(token);
  const used =
    token.last_used === null ? t("neverUsed") : t("used", { time: moment(token.last_used) });
  const ends =
    token.expires === null
      ? t("tokens.endless")
      : t("tokens.until", { time: moment(token.expires) });
  return (
    <Paper withBorder p="sm">
      <Stack gap={4}>
        <Group gap="xs">
          <Text fw={600}>{name}</Text>
          {!token.is_live && <Badge variant="default">{t("tokens.expired")}</Badge>}
        </Group>
        {token.purpose !== "" && token.purpose !== name && <Text size="sm">{token.purpose}</Text>}
        <Text size="sm">{token.rights.join(" · ")}</Text>
        <Text size="sm" c="dimmed">
          {token.first}… · {used} · {ends}
        </Text>
        <Group gap="xs" mt="xs">
          <Button size="xs" variant="default" onClick={onEdit}>
            {t("tokens.change")}
          </Button>
          <AskButton
            name={`end-${token.id}`}
            action={t("tokens.end")}
            title={t("tokens.endTitle", { name })}
            text={t("tokens.endText")}
            isPending={remove.isPending}
            error={remove.error}
            onConfirm={(done) => remove.mutate({ path: { token_id: token.id } }, done)}
          />
        </Group>
      </Stack>
    </Paper>
  );
}
