import { Button, Group, useComputedColorScheme } from "@mantine/core";
import { IconPhotoDown, IconTableDown } from "@tabler/icons-react";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import { type ChartPanel, csvOf } from "./chart";
import { groundOf } from "./colours";
import { pictureOf, saveCsv, savePicture } from "./download";
import type { Format } from "./format";

interface Props {
  times: readonly number[];
  panels: readonly ChartPanel[];
  format: Format;
  title: string;
  /** Of the files, without its ending. */
  fileName: string;
  box: RefObject<HTMLDivElement | null>;
  /** What stands above the chart in the picture. */
  above?: { head: string; draw: () => HTMLCanvasElement | null };
}

/** Saves a chart as CSV or as a picture. */
export function ChartActions({ times, panels, format, title, fileName, box, above }: Props) {
  const { t } = useTranslation("charts");
  const scheme = useComputedColorScheme("light");
  const draw = () => {
    const plots = [...(box.current?.querySelectorAll("canvas") ?? [])];
    const heads = panels.map(({ lines, unit }) =>
      lines.map(({ label }) => `${label} (${format.unit(unit)})`).join(" · "),
    );
    const top = above?.draw() ?? null;
    if (above !== undefined && top !== null) {
      plots.unshift(top);
      heads.unshift(above.head);
    }
    savePicture(pictureOf({ title, heads, plots, ground: groundOf(scheme) }), fileName);
  };
  return (
    <Group gap="xs">
      <Button
        variant="default"
        leftSection={<IconTableDown size={18} aria-hidden />}
        onClick={() => saveCsv(csvOf(times, panels, format), fileName)}
      >
        {t("csv")}
      </Button>
      <Button
        variant="default"
        leftSection={<IconPhotoDown size={18} aria-hidden />}
        onClick={draw}
      >
        {t("png")}
      </Button>
    </Group>
  );
}
