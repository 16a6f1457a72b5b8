import type { Lane } from "../../src/model/timeline/lanes.ts";
import { ticksOf } from "./axis.ts";
import { HATCHED, type Theme } from "./theme.ts";
import type { Place, Row, Track } from "./track.ts";
import type { Viewport } from "./viewport.ts";

export const ROW_PX = 20;
export const AXIS_PX = 22;
const MIN_LABEL_PX = 46;
/** A second of outage in a day is still seen. */
const MIN_SPAN_PX = 2;

export interface Scene {
  readonly rows: readonly Row[];
  readonly viewport: Viewport;
  readonly theme: Theme;
  readonly scrollPx: number;
  readonly heightPx: number;
  readonly relative: boolean;
  readonly selected: Place | null;
  readonly window: { readonly fromMs: number; readonly toMs: number } | null;
  /** The track's latest time, to which open spans reach. */
  readonly nowOf: (track: Track) => number;
}

/**
 * Draws the visible rows. Work per lane is bounded by its width in pixels: from one drawn pixel the next mark is found by bisection,
 * so a hundred thousand records cost what a thousand do.
 */
export function paint(context: CanvasRenderingContext2D, scene: Scene): void {
  const { viewport, theme, heightPx } = scene;
  context.clearRect(0, 0, viewport.widthPx, heightPx);
  context.font = theme.font;
  context.textBaseline = "middle";
  paintWindow(context, scene);
  paintAxis(context, scene);
  context.save();
  context.beginPath();
  context.rect(0, AXIS_PX, viewport.widthPx, heightPx - AXIS_PX);
  context.clip();
  const first = Math.max(0, Math.floor(scene.scrollPx / ROW_PX));
  const last = Math.ceil((scene.scrollPx + heightPx) / ROW_PX);
  for (const [index, row] of scene.rows.slice(first, last).entries()) {
    paintRow(context, scene, row, AXIS_PX + (first + index) * ROW_PX - scene.scrollPx);
  }
  paintLinks(context, scene);
  paintGaps(context, scene);
  paintSelection(context, scene);
  context.restore();
}

function paintWindow(context: CanvasRenderingContext2D, scene: Scene): void {
  if (scene.window === null) return;
  const from = scene.viewport.x(scene.window.fromMs);
  const to = scene.viewport.x(scene.window.toMs);
  context.fillStyle = scene.theme.selection;
  context.globalAlpha = 0.45;
  context.fillRect(from, 0, Math.max(1, to - from), scene.heightPx);
  context.globalAlpha = 1;
}

function paintAxis(
  context: CanvasRenderingContext2D,
  { viewport, theme, heightPx, relative }: Scene,
): void {
  const { fromMs, toMs, widthPx } = viewport;
  for (const { axisMs, label } of ticksOf(fromMs, toMs, widthPx, relative)) {
    const x = Math.round(viewport.x(axisMs)) + 0.5;
    context.strokeStyle = theme.grid;
    context.beginPath();
    context.moveTo(x, AXIS_PX);
    context.lineTo(x, heightPx);
    context.stroke();
    context.fillStyle = theme.muted;
    context.fillText(label, x + 3, AXIS_PX / 2);
  }
}

function paintRow(context: CanvasRenderingContext2D, scene: Scene, row: Row, top: number): void {
  if (row.kind === "heading") {
    context.fillStyle = scene.theme.grid;
    context.fillRect(0, top + ROW_PX - 1, scene.viewport.widthPx, 1);
    return;
  }
  paintSpans(context, scene, row.track, row.lane, top);
  if (row.lane.kind === "inbound") paintDensity(context, scene, row.track, row.lane, top);
  else paintMarks(context, scene, row.track, row.lane, top);
}

function paintSpans(
  context: CanvasRenderingContext2D,
  scene: Scene,
  track: Track,
  { spans }: Lane,
  top: number,
): void {
  const { viewport, theme } = scene;
  const toMs = viewport.toMs + track.offsetMs;
  const nowMs = scene.nowOf(track);
  let index = spans.firstEndingAfter(viewport.fromMs + track.offsetMs);
  while (index < spans.length && spans.start(index) <= toMs) {
    const style = spans.style(index);
    const endMs = Math.min(spans.endOf(index), Math.max(nowMs, spans.start(index)));
    const from = Math.max(0, viewport.x(track.axisMs(spans.start(index))));
    const to = Math.min(
      viewport.widthPx,
      Math.max(from + MIN_SPAN_PX, viewport.x(track.axisMs(endMs))),
    );
    const fill = theme.spans[style] ?? theme.muted;
    context.fillStyle = fill;
    context.globalAlpha = theme.isHighContrast ? 0.35 : 0.75;
    context.fillRect(from, top + 3, to - from, ROW_PX - 6);
    context.globalAlpha = 1;
    if (theme.isHighContrast) strokeSpan(context, fill, from, top, to);
    if (HATCHED.has(style) && to - from > 3) hatch(context, theme.background, from, top, to);
    if (to - from >= MIN_LABEL_PX) nameSpan(context, theme, style, from, to, top);
    // What begins within the pixel just drawn cannot be seen: go on with the first span that ends after it.
    const nextMs = viewport.time(to) + track.offsetMs;
    index = Math.max(index + 1, spans.firstEndingAfter(nextMs));
  }
}

function strokeSpan(
  context: CanvasRenderingContext2D,
  color: string,
  from: number,
  top: number,
  to: number,
): void {
  context.strokeStyle = color;
  context.strokeRect(from + 0.5, top + 3.5, to - from - 1, ROW_PX - 7);
}

function hatch(
  context: CanvasRenderingContext2D,
  color: string,
  from: number,
  top: number,
  to: number,
): void {
  context.save();
  context.beginPath();
  context.rect(from, top + 3, to - from, ROW_PX - 6);
  context.clip();
  context.strokeStyle = color;
  context.globalAlpha = 0.5;
  context.beginPath();
  for (let x = from - ROW_PX; x < to; x += 6) {
    context.moveTo(x, top + ROW_PX);
    context.lineTo(x + ROW_PX, top);
  }
  context.stroke();
  context.restore();
}

function nameSpan(
  context: CanvasRenderingContext2D,
  theme: Theme,
  text: string,
  from: number,
  to: number,
  top: number,
): void {
  context.save();
  context.beginPath();
  context.rect(from, top, to - from, ROW_PX);
  context.clip();
  const width = context.measureText(text).width + 8;
  context.fillStyle = theme.background;
  context.globalAlpha = 0.7;
  context.fillRect(from + 2, top + 4, Math.min(width, to - from), ROW_PX - 8);
  context.globalAlpha = 1;
  context.fillStyle = theme.foreground;
  context.fillText(text, from + 6, top + ROW_PX / 2 + 0.5);
  context.restore();
}

function paintMarks(
  context: CanvasRenderingContext2D,
  scene: Scene,
  track: Track,
  lane: Lane,
  top: number,
): void {
  const { theme } = scene;
  context.fillStyle = theme.mark;
  context.globalAlpha = 0.8;
  eachMarkedPixel(scene, track, lane.marks, (x) => context.fillRect(x, top + 6, 1.5, ROW_PX - 12));
  context.globalAlpha = 1;
  context.fillStyle = theme.warning;
  eachMarkedPixel(scene, track, lane.warnings, (x) => {
    context.beginPath();
    context.moveTo(x - 4, top + ROW_PX - 3);
    context.lineTo(x + 4, top + ROW_PX - 3);
    context.lineTo(x, top + 5);
    context.fill();
  });
}

/** Messages as bars whose height is their number per pixel: one message is visible, many are many. */
function paintDensity(
  context: CanvasRenderingContext2D,
  scene: Scene,
  track: Track,
  { marks, warnings }: Lane,
  top: number,
): void {
  context.fillStyle = scene.theme.mark;
  eachMarkedPixel(scene, track, marks, (x, count) => {
    const height = Math.min(ROW_PX - 4, 4 + Math.log2(count + 1) * 3);
    context.fillRect(x, top + ROW_PX - 2 - height, 2, height);
  });
  context.fillStyle = scene.theme.warning;
  eachMarkedPixel(scene, track, warnings, (x) => context.fillRect(x - 1, top + 2, 3, 5));
}

function eachMarkedPixel(
  { viewport }: Scene,
  track: Track,
  series: Lane["marks"],
  draw: (x: number, count: number) => void,
): void {
  const toMs = viewport.toMs + track.offsetMs;
  let index = series.firstAt(viewport.fromMs + track.offsetMs);
  while (index < series.length && series.time(index) <= toMs) {
    const x = Math.floor(viewport.x(track.axisMs(series.time(index))));
    const next = series.firstAt(viewport.time(x + 1) + track.offsetMs);
    draw(x, Math.max(1, next - index));
    index = Math.max(index + 1, next);
  }
}

/** Links drawn at most; beyond that they would be one blot. */
const MAX_LINKS = 400;

function paintLinks(context: CanvasRenderingContext2D, scene: Scene): void {
  const { viewport, theme, rows, scrollPx } = scene;
  const tops = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    if (row.kind === "lane") {
      tops.set(
        `${row.track.info.id} ${row.lane.id}`,
        AXIS_PX + index * ROW_PX - scrollPx + ROW_PX / 2,
      );
    }
  }
  context.strokeStyle = theme.link;
  context.lineWidth = 1.5;
  const tracks = new Set(rows.map(({ track }) => track));
  for (const track of tracks) {
    for (const link of track.model.links.slice(-MAX_LINKS)) {
      const from = tops.get(`${track.info.id} ${link.fromLane}`);
      const to = tops.get(`${track.info.id} ${link.toLane}`);
      const fromX = viewport.x(track.axisMs(link.fromMs));
      const toX = viewport.x(track.axisMs(link.toMs));
      if (from === undefined || to === undefined || toX < 0 || fromX > viewport.widthPx) continue;
      curve(context, fromX, from, toX, to);
    }
  }
  context.lineWidth = 1;
}

function curve(
  context: CanvasRenderingContext2D,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): void {
  const bend = Math.max(12, (x2 - x1) / 2);
  context.beginPath();
  context.moveTo(x1, y1);
  context.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
  context.stroke();
  context.beginPath();
  context.arc(x2, y2, 2.5, 0, 7);
  context.stroke();
}

/** A hole is a line through all lanes of its track: nobody may take it for a quiet time. */
function paintGaps(context: CanvasRenderingContext2D, scene: Scene): void {
  const { viewport, theme, heightPx } = scene;
  context.strokeStyle = theme.gap;
  context.setLineDash([3, 3]);
  for (const track of new Set(scene.rows.map((row) => row.track))) {
    for (const { wallMs } of track.model.gaps) {
      const x = Math.round(viewport.x(track.axisMs(wallMs))) + 0.5;
      if (x < 0 || x > viewport.widthPx) continue;
      context.beginPath();
      context.moveTo(x, AXIS_PX);
      context.lineTo(x, heightPx);
      context.stroke();
    }
  }
  context.setLineDash([]);
}

function paintSelection(context: CanvasRenderingContext2D, scene: Scene): void {
  const { selected, viewport, theme, heightPx } = scene;
  const timed = selected?.track.model.records.at(selected.number);
  if (selected === null || timed === undefined) return;
  const x = Math.round(viewport.x(selected.track.axisMs(timed.wallMs))) + 0.5;
  context.strokeStyle = theme.focus;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x, AXIS_PX);
  context.lineTo(x, heightPx);
  context.stroke();
  context.lineWidth = 1;
  paintCauses(context, scene, selected);
}

/** A short arrow line from the selected decision back along what caused it. */
function paintCauses(context: CanvasRenderingContext2D, scene: Scene, selected: Place): void {
  const { track } = selected;
  let timed = track.model.records.at(selected.number);
  context.strokeStyle = scene.theme.focus;
  context.setLineDash([2, 2]);
  for (let depth = 0; depth < 8 && timed?.record.dir === "out"; depth += 1) {
    const { boot, cause } = timed.record;
    const number = track.model.records.find(boot, cause);
    const before = track.model.records.at(number);
    if (before === undefined) break;
    const from = scene.viewport.x(track.axisMs(before.wallMs));
    const to = scene.viewport.x(track.axisMs(timed.wallMs));
    context.strokeRect(from, AXIS_PX + 1, Math.max(1, to - from), 3);
    timed = before;
  }
  context.setLineDash([]);
}
