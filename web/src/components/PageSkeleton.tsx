import { Skeleton, Stack } from "@mantine/core";
import classes from "./PageSkeleton.module.css";

/** What stands in for a page while it loads. Its words may still be on their way, too. */
export function PageSkeleton() {
  return (
    <Stack gap="md" className={classes.skeleton ?? ""} aria-busy="true">
      <Skeleton height={32} width="40%" />
      <Skeleton height={120} />
      <Skeleton height={120} />
    </Stack>
  );
}
