import type { Viewport } from "./viewport.ts";

export interface GestureEvents {
  /** The view moved. */
  onMove(): void;
  /** A click without dragging, relative to the canvas. */
  onClick(x: number, y: number): void;
  /** A span was drawn with Shift held; null when it was only a click. */
  onWindow(window: { readonly fromMs: number; readonly toMs: number } | null): void;
  onScroll(px: number): void;
  onStep(step: 1 | -1): void;
  onOpen(): void;
  onFollow(): void;
  onEscape(): void;
  /** Where a zoom by key keeps the time in place: at the selected record, if it is in sight. */
  anchorX(): number | undefined;
}

const WHEEL_ZOOM = 1.0015;
const CLICK_PX = 3;
const KEY_PAN_SHARE = 0.1;

/** Mouse, wheel and keys on the drawing: wheel scrolls, with Ctrl it zooms; dragging pans, with Shift it marks a time window. */
export function attachGestures(
  stage: HTMLElement,
  viewport: Viewport,
  events: GestureEvents,
): void {
  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) {
        viewport.zoom(WHEEL_ZOOM ** event.deltaY, event.offsetX);
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        viewport.pan(event.deltaX === 0 ? event.deltaY : event.deltaX);
      } else {
        events.onScroll(event.deltaY);
      }
      events.onMove();
    },
    { passive: false },
  );
  attachDrag(stage, viewport, events);
  stage.addEventListener("keydown", (event) => onKey(event, viewport, events));
}

function attachDrag(stage: HTMLElement, viewport: Viewport, events: GestureEvents): void {
  let start: {
    readonly x: number;
    readonly y: number;
    readonly marks: boolean;
    readonly ms: number;
  } | null = null;
  let lastX = 0;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    const { offsetX, offsetY, shiftKey } = event;
    start = { x: offsetX, y: offsetY, marks: shiftKey, ms: viewport.time(offsetX) };
    lastX = offsetX;
  });
  stage.addEventListener("pointermove", (event) => {
    if (start === null) return;
    if (start.marks) {
      events.onWindow(spanOf(start.ms, viewport.time(event.offsetX)));
    } else if (Math.abs(event.offsetX - start.x) > CLICK_PX) {
      viewport.pan(lastX - event.offsetX);
      lastX = event.offsetX;
    }
    events.onMove();
  });
  stage.addEventListener("pointerup", (event) => {
    const began = start;
    start = null;
    if (began === null) return;
    const moved = Math.abs(event.offsetX - began.x) > CLICK_PX;
    if (began.marks) events.onWindow(moved ? spanOf(began.ms, viewport.time(event.offsetX)) : null);
    else if (!moved) events.onClick(event.offsetX, event.offsetY);
  });
}

function spanOf(a: number, b: number): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: Math.min(a, b), toMs: Math.max(a, b) };
}

function onKey(event: KeyboardEvent, viewport: Viewport, events: GestureEvents): void {
  const pan = viewport.widthPx * KEY_PAN_SHARE;
  const actions: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => viewport.pan(-pan),
    ArrowRight: () => viewport.pan(pan),
    "+": () => viewport.zoom(0.7, events.anchorX()),
    "=": () => viewport.zoom(0.7, events.anchorX()),
    "-": () => viewport.zoom(1 / 0.7, events.anchorX()),
    ArrowDown: () => events.onStep(1),
    ArrowUp: () => events.onStep(-1),
    j: () => events.onStep(1),
    k: () => events.onStep(-1),
    Enter: () => events.onOpen(),
    f: () => events.onFollow(),
    Escape: () => events.onEscape(),
  };
  const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
  if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  action();
  events.onMove();
  event.preventDefault();
}
