import { useReducedMotion } from "@mantine/hooks";
import { useEffect, useEffectEvent, useRef } from "react";
import { glideOn, type Placement, placementAt, standing } from "./glide";

/**
 * Tell where something is seen that moves from one report to the next: at each frame while it moves,
 * and whether it has arrived. It leaps if wished. The page is not rendered by that.
 */
export function useGlide(
  target: Placement,
  onSeen: (placement: Placement, hasArrived: boolean) => void,
): void {
  const leaps = useReducedMotion();
  const glide = useRef(standing(target, performance.now()));
  const tell = useEffectEvent(onSeen);
  const [longitude, latitude] = target.position;
  const { direction } = target;
  useEffect(() => {
    const to: Placement = { position: [longitude, latitude], direction };
    const began = performance.now();
    glide.current = leaps ? standing(to, began) : glideOn(glide.current, to, began);
    let frame = 0;
    const step = () => {
      const now = performance.now();
      const hasArrived = now >= began + glide.current.length;
      tell(placementAt(glide.current, now), hasArrived);
      if (!hasArrived) frame = requestAnimationFrame(step);
    };
    step();
    return () => cancelAnimationFrame(frame);
  }, [longitude, latitude, direction, leaps]);
}
