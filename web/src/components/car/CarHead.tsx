import { ActionIcon, Group, Text } from "@mantine/core";
import { useCallbackRef } from "@mantine/hooks";
import { IconPalette } from "@tabler/icons-react";
import { lazy, memo, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { LiveVehicleView } from "../../data/live/types";
import { useLook } from "../../data/look";
import { useDialog } from "../useDialog";
import { CarPicture } from "./CarPicture";
import { PresenceLine } from "./PresenceLine";
import { partsOf } from "./parts";
import { bodyOf } from "./shapes";
import { usePictureText } from "./usePictureText";

/** Not needed before somebody asks for it, and large. */
const LookDialog = lazy(() => import("./LookDialog"));

interface Props {
  vehicle: string;
  view: LiveVehicleView;
}

/** Shows the car itself: whether it is there, and its picture. */
export function CarHead({ vehicle, view }: Props) {
  const { t } = useTranslation("car");
  const look = useLook(vehicle);
  const dialog = useDialog();
  const openLook = useCallbackRef(() => dialog.open("look"));
  const describe = usePictureText();
  const groups = view.state?.groups ?? null;
  const parts = partsOf(groups);
  const body = bodyOf(look.body, groups?.module?.vehicle_type);
  return (
    <>
      {/* Room for two lines: what is below must not move when the car or the server goes away. */}
      <Group justify="space-between" wrap="nowrap" mih={48}>
        <PresenceLine view={view} />
        <LookButton onOpen={openLook} />
      </Group>
      <CarPicture body={body} tint={look.tint} parts={parts} label={describe(parts)} />
      {parts.isOld && (
        <Text size="xs" c="dimmed" ta="center">
          {t("picture.oldShort")}
        </Text>
      )}
      {dialog.opened === "look" && (
        <Suspense fallback={null}>
          <LookDialog vehicle={vehicle} look={{ ...look, body }} onClose={dialog.close} />
        </Suspense>
      )}
    </>
  );
}

const LookButton = memo(function LookButton({ onOpen }: { onOpen: () => void }) {
  const { t } = useTranslation("car");
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={t("look.title")}
      onClick={onOpen}
    >
      <IconPalette size={20} stroke={1.5} aria-hidden />
    </ActionIcon>
  );
});
