import { useReducedMotion } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { glideOn, type Placement, placementAt, standing } from "./glide";

/** Return where something is seen that moves from one report to the next; it leaps if wished. */
export function useGlide(target: Placement): Placement {
  const leaps = useReducedMotion();
  const [seen, setSeen] = useState(target);
  const glide = useRef(standing(target, performance.now()));
  const [longitude, latitude] = target.position;
  const { direction } = target;
  useEffect(() => {
    const to: Placement = { position: [longitude, latitude], direction };
    const began = performance.now();
    glide.current = leaps ? standing(to, began) : glideOn(glide.current, to, began);
    let frame = requestAnimationFrame(function step() {
      const now = performance.now();
      setSeen(placementAt(glide.current, now));
      if (now < began + glide.current.length) frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [longitude, latitude, direction, leaps]);
  return seen;
}
