import { ActionIcon, Button, Chip, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconStar, IconStarFilled } from "@tabler/icons-react";
import { type FormEvent, type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { historyOf, step } from "../../components/car/control/lineHistory";
import { useControls } from "../../components/car/control/useControls";
import { useFailureText } from "../../components/car/control/useProgressText";
import { usePageTitle } from "../../components/usePageTitle";
import type { CommandRun } from "../../data/live/types";
import { useAccountName } from "../../data/session";
import { favourites, remember, shellHistory, toggleFavourite } from "../../data/shellLines";
import { BackToControls } from "./BackToControls";
import { Obstacle } from "./Obstacle";
import classes from "./ShellPage.module.css";

/** Text commands for the module's shell, and what it answers. */
export function ShellPage() {
  const { t } = useTranslation("controls");
  const vehicle = useParams().vehicle ?? "";
  const account = useAccountName();
  const { desk, obstacle } = useControls(vehicle);
  const [liked, setLiked] = useState(() => favourites(account));
  usePageTitle(t("shell.title"));
  const why = obstacle("shell", "owner");
  const send = (text: string) => {
    remember(account, text);
    void desk.run("shell", { text });
  };
  const answers = desk.runs.filter(({ name }) => name === "shell");
  return (
    <Stack p="md" gap="md" maw={960}>
      <BackToControls vehicle={vehicle} />
      <Title order={1} size="h2">
        {t("shell.title")}
      </Title>
      <Text size="sm" c="dimmed">
        {t("shell.text")}
      </Text>
      <Obstacle why={why} />
      <ShellLine
        isOff={why !== null}
        liked={liked}
        onSend={send}
        onLike={(line) => setLiked(toggleFavourite(account, line))}
      />
      {liked.length > 0 && (
        <Group gap={6} aria-label={t("shell.favourites")} role="group">
          {liked.map((line) => (
            <Chip
              key={line}
              checked={false}
              disabled={why !== null}
              onClick={() => send(line)}
              size="sm"
            >
              {line}
            </Chip>
          ))}
        </Group>
      )}
      <div role="log" aria-label={t("shell.answers")}>
        {answers.map((run) => (
          <Answer key={run.id} run={run} />
        ))}
      </div>
    </Stack>
  );
}

interface LineProps {
  isOff: boolean;
  liked: string[];
  onSend: (line: string) => void;
  onLike: (line: string) => void;
}

function ShellLine({ isOff, liked, onSend, onLike }: LineProps) {
  const { t } = useTranslation("controls");
  const [line, setLine] = useState("");
  const account = useAccountName();
  const [history, setHistory] = useState(() => historyOf(shellHistory(account)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const text = line.trim();
    if (text === "" || isOff) return;
    onSend(text);
    setLine("");
    setHistory(historyOf(shellHistory(account)));
  };
  const walk = (event: KeyboardEvent) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    const next = step(history, event.key === "ArrowUp" ? -1 : 1, line);
    setHistory(next.history);
    setLine(next.line);
  };
  const isLiked = liked.includes(line.trim());
  const Star = isLiked ? IconStarFilled : IconStar;
  return (
    <form onSubmit={submit} className={classes.form}>
      <TextInput
        className={classes.line ?? ""}
        aria-label={t("shell.line")}
        placeholder="help"
        value={line}
        maxLength={700}
        autoCapitalize="off"
        autoComplete="off"
        autoCorrect="off"
        spellCheck={false}
        onKeyDown={walk}
        onChange={({ currentTarget }) => setLine(currentTarget.value)}
      />
      <ActionIcon
        variant="default"
        size={36}
        disabled={line.trim() === ""}
        aria-pressed={isLiked}
        aria-label={t("shell.favourite")}
        onClick={() => onLike(line.trim())}
      >
        <Star size={18} aria-hidden />
      </ActionIcon>
      <Button type="submit" disabled={isOff || line.trim() === ""}>
        {t("send")}
      </Button>
    </form>
  );
}

function Answer({ run }: { run: CommandRun }) {
  const { t } = useTranslation("controls");
  const why = useFailureText();
  const { status, text, rows } = run;
  const said = [text.replace(/\r\n?/g, "\n"), ...rows.map((row) => row.join(", "))]
    .filter(Boolean)
    .join("\n");
  return (
    <section className={classes.answer}>
      <Text size="sm" fw={600} className={classes.asked ?? ""}>
        {run.parameters.text}
      </Text>
      {status === "failed" && (
        <Text size="sm" c="var(--mantine-color-error)">
          {why(run)}
        </Text>
      )}
      {status === "done" && <pre className={classes.said}>{said || t("shell.nothing")}</pre>}
      {status !== "done" && status !== "failed" && (
        <Text size="sm" c="dimmed">
          {t(status === "waiting" ? "step.waiting" : "step.sent")}
        </Text>
      )}
    </section>
  );
}
