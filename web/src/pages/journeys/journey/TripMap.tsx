import { linesOf } from "../../../components/map/geometry";
import { MiniMap } from "../../../components/map/MiniMap";
import type { TripPointAnswer } from "../../../data/api-types";

interface Props {
  track: readonly TripPointAnswer[];
  marked: number | null;
  onMark: (index: number | null) => void;
}

export function TripMap({ track }: Props) {
  return <MiniMap lines={linesOf(track)} label="" width={320} height={240} />;
}
