import { useIntersection } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { linesOf } from "../../../components/map/geometry";
import { MiniMap } from "../../../components/map/MiniMap";
import { type JourneyAnswer, journeyQuery } from "../../../data/journeys";
import classes from "../Journeys.module.css";

/** Where a trip went, asked for when its card comes into sight. */
export function TripThumb({ journey }: { journey: JourneyAnswer }) {
  const wasSeen = useRef(false);
  const { ref, entry } = useIntersection({ rootMargin: "200px" });
  if (entry?.isIntersecting === true) wasSeen.current = true;
  const { data } = useQuery({
    ...journeyQuery(journey.vehicle_id, journey.id),
    enabled: wasSeen.current,
    staleTime: journey.is_open ? 60_000 : Number.POSITIVE_INFINITY,
  });
  const ends = [journey.start.position, journey.end.position].flatMap((each) => each ?? []);
  return (
    <div ref={ref} className={classes.map}>
      {(journey.start.position !== null || journey.end.position !== null) && (
        <MiniMap lines={linesOf(data?.track ?? ends)} label="" />
      )}
    </div>
  );
}
