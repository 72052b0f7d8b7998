import { Stack, Title } from "@mantine/core";
import { type ReactNode, Suspense } from "react";
import { PageSkeleton } from "../PageSkeleton";
import { usePageTitle } from "../usePageTitle";
import { SubNav } from "./SubNav";

interface Props {
  title: string;
  pages: readonly { to: string; label: string }[];
  children: ReactNode;
}

/** The frame of an area with several pages: its name, the way through them, the page. */
export function AreaPage({ title, pages, children }: Props) {
  usePageTitle(title);
  return (
    <Stack p="lg" gap="md" maw={880}>
      <Title order={1} size="h2">
        {title}
      </Title>
      {pages.length > 1 && <SubNav label={title} pages={pages} />}
      <Suspense fallback={<PageSkeleton />}>{children}</Suspense>
    </Stack>
  );
}
