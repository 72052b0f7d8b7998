// Fingers on a chart: one reads it, two move and zoom it. A finger up or down scrolls the page.

import { pinched, type Span } from "./span";

interface Handlers {
  /** The span that the chart shows now. */
  span: () => Span;
  /** A finger is at this part (0 to 1) of the width. */
  onPoint: (part: number) => void;
  onSpan: (span: Span) => void;
}

/** Listen to fingers on an element until the function that is returned is called. */
export function listenToFingers(element: HTMLElement, handlers: Handlers): () => void {
  const fingers = new Map<number, number>();
  let grip: { span: Span; places: [number, number] } | null = null;

  const partOf = (event: PointerEvent) => {
    const { left, width } = element.getBoundingClientRect();
    return (event.clientX - left) / Math.max(width, 1);
  };
  const hold = () => {
    const [one, other] = [...fingers.values()];
    grip =
      one === undefined || other === undefined
        ? null
        : { span: handlers.span(), places: [one, other] };
  };
  const down = (event: PointerEvent) => {
    if (event.pointerType !== "touch" || fingers.size === 2) return;
    fingers.set(event.pointerId, partOf(event));
    hold();
    if (grip === null) handlers.onPoint(partOf(event));
  };
  const move = (event: PointerEvent) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, partOf(event));
    const [one, other] = [...fingers.values()];
    if (one === undefined) return;
    if (grip === null) handlers.onPoint(one);
    else if (other !== undefined) handlers.onSpan(pinched(grip.span, grip.places, [one, other]));
  };
  const up = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    hold();
  };

  const events = {
    pointerdown: down,
    pointermove: move,
    pointerup: up,
    pointercancel: up,
  } as const;
  for (const [name, handler] of Object.entries(events)) {
    element.addEventListener(name, handler as EventListener);
  }
  return () => {
    for (const [name, handler] of Object.entries(events)) {
      element.removeEventListener(name, handler as EventListener);
    }
  };
}
