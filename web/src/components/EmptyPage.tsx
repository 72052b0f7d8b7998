import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  title: string;
  /** What will be here, and when. */
  text: string;
  /** What one can do about it. */
  children?: ReactNode;
  /** The level of its heading, below that of a page that has one. */
  order?: 1 | 2;
}

/** A page without anything to show, which says why. */
export function EmptyPage({ title, text, children, order = 1 }: Props) {
  return (
    <Stack gap="sm" p="lg" maw={560}>
      <Title order={order} size="h2">
        {title}
      </Title>
      <Text c="dimmed">{text}</Text>
      {children}
    </Stack>
  );
}
