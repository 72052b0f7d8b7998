import { Skeleton, Stack } from "@mantine/core";
import { useTimeout } from "@mantine/hooks";
import { useState } from "react";

/** What takes longer than this shows what will come. */
const DELAY = 300;

/** Keeps the room of a car's page until the first of it is there. */
export function CarSkeleton() {
  const [isLate, setLate] = useState(false);
  useTimeout(() => setLate(true), DELAY, { autoInvoke: true });
  return (
    <Stack gap="md" p="md" maw={560} aria-busy="true" style={{ opacity: isLate ? 1 : 0 }}>
      <Skeleton height={24} width="50%" />
      <Skeleton height={200} />
      <Skeleton height={28} />
      <Skeleton height={72} />
      <Skeleton height={240} />
    </Stack>
  );
}
