import { IconPhotoDown } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useWeb } from "../../data/web";
import { savePicture } from "../charts/download";
import type { Position } from "./geometry";
import { MapButton } from "./MapButtons";
import { useMap } from "./MapContext";
import { pictureOfMap } from "./mapPicture";

interface Props {
  start: Position | null;
  end: Position | null;
  /** Of the file, without its ending. */
  fileName: string;
}

/** Saves the map as it is shown, with whom its ground names as the maker. */
export function SaveMap({ start, end, fileName }: Props) {
  const { t } = useTranslation("map");
  const { map, colours } = useMap();
  const { data: web } = useWeb();
  const draw = async () => {
    const attribution = web?.map?.attribution || styleMakers(map.getContainer());
    savePicture(await pictureOfMap(map, { start, end, attribution, colours }), fileName);
  };
  return <MapButton label={t("save")} onClick={() => void draw()} Icon={IconPhotoDown} />;
}

/** Return whom a style of others names, as the map says it. */
function styleMakers(map: HTMLElement): string {
  return map.querySelector(".maplibregl-ctrl-attrib-inner")?.textContent?.trim() ?? "";
}
