import { Alert } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Obstacle as Why } from "../../components/car/control/availability";

/** Says in place why nothing can be sent; nothing where it can. */
export function Obstacle({ why }: { why: Why | null }) {
  const { t } = useTranslation("controls");
  if (why === null) return null;
  return (
    <Alert role="note" color="gray">
      {t(`obstacle.${why}`)}
    </Alert>
  );
}
