import { Paper, Stack, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { usePageTitle } from "../../components/usePageTitle";
import classes from "./LoginPage.module.css";

interface Props {
  title: string;
  children: ReactNode;
}

/** The frame of pages for those who are not logged in. */
export function EntryPage({ title, children }: Props) {
  usePageTitle(title);
  return (
    <main className={classes.page}>
      <Paper withBorder p="xl" w="100%" maw={440}>
        <Stack>
          <img src="/icons/icon.svg" alt="" width="48" height="48" />
          <Title order={1} size="h2">
            {title}
          </Title>
          {children}
        </Stack>
      </Paper>
    </main>
  );
}
