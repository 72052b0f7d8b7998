import type { ReactNode } from "react";
import { Failure } from "./forms/Failure";
import { PageSkeleton } from "./PageSkeleton";

interface Props {
  /** What the server was asked for. */
  query: { data: unknown; error: Error | null; refetch: () => Promise<unknown> };
  /** What could not be read. */
  title?: string;
  /** What stands there until it is read. */
  skeleton?: ReactNode;
}

/** Stands where something is read: a skeleton until it is there, why it is not, another try. */
export function Reading({ query, title, skeleton = <PageSkeleton /> }: Props) {
  const { data, error, refetch } = query;
  if (error === null) return data === undefined ? skeleton : null;
  return <Failure title={title} error={error} onRetry={() => void refetch()} />;
}
