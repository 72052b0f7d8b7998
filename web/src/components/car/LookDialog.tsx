import { ColorInput, Radio, SimpleGrid, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type Look, setLook } from "../../data/look";
import { Dialog } from "../Dialog";
import { CarPicture } from "./CarPicture";
import { partsOf } from "./parts";
import { BODIES, bodyOf } from "./shapes";

interface Props {
  vehicle: string;
  look: Look;
  onClose: () => void;
}

const TINTS = [
  "#8d9296",
  "#f1f3f5",
  "#2d3135",
  "#c92a2a",
  "#1c5fb8",
  "#1a9f63",
  "#e8a317",
  "#6a4ba8",
];

/** Changes how a car looks on this device. */
export default function LookDialog({ vehicle, look, onClose }: Props) {
  const { t } = useTranslation("car");
  return (
    <Dialog close={onClose} title={t("look.title")}>
      <Stack>
        <CarPicture
          body={bodyOf(look.body)}
          tint={look.tint}
          parts={partsOf(null)}
          label={t(`look.body.${bodyOf(look.body)}`)}
        />
        <Radio.Group
          label={t("look.shape")}
          value={bodyOf(look.body)}
          onChange={(body) => setLook(vehicle, { ...look, body })}
        >
          <SimpleGrid minColWidth="8rem" mt="xs">
            {BODIES.map((body) => (
              <Radio key={body} value={body} label={t(`look.body.${body}`)} />
            ))}
          </SimpleGrid>
        </Radio.Group>
        <ColorInput
          withEyeDropper={false}
          label={t("look.tint")}
          value={look.tint}
          format="hex"
          swatches={TINTS}
          onChange={(tint) => setLook(vehicle, { ...look, tint })}
        />
        <Text size="sm" c="dimmed">
          {t("look.here")}
        </Text>
      </Stack>
    </Dialog>
  );
}
