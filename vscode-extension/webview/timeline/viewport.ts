/** The shortest and the longest time that fits on the screen. */
const MIN_SPAN_MS = 20;
const MAX_SPAN_MS = 400 * 86_400_000;

/** The part of the time axis that is shown, and how it moves. */
export class Viewport {
  fromMs = 0;
  toMs = 60_000;
  /** Keeps the latest record in sight. */
  follow = true;
  widthPx = 1;

  get spanMs(): number {
    return this.toMs - this.fromMs;
  }

  x(axisMs: number): number {
    return ((axisMs - this.fromMs) / this.spanMs) * this.widthPx;
  }

  time(x: number): number {
    return this.fromMs + (x / this.widthPx) * this.spanMs;
  }

  fit(fromMs: number, toMs: number): void {
    const margin = Math.max((toMs - fromMs) * 0.03, MIN_SPAN_MS);
    this.#set(fromMs - margin, toMs + margin);
  }

  /** @param factor below 1 zooms in; the time at `x` stays where it is */
  zoom(factor: number, x: number | undefined = this.widthPx / 2): void {
    const anchor = this.time(x);
    const span = Math.min(MAX_SPAN_MS, Math.max(MIN_SPAN_MS, this.spanMs * factor));
    const share = x / this.widthPx;
    this.#set(anchor - span * share, anchor + span * (1 - share));
  }

  pan(px: number): void {
    this.follow = false;
    const ms = (px / this.widthPx) * this.spanMs;
    this.#set(this.fromMs + ms, this.toMs + ms);
  }

  /** Shifts, without zooming, so that a time is in sight. */
  reveal(axisMs: number): void {
    if (axisMs >= this.fromMs && axisMs <= this.toMs) return;
    this.follow = false;
    const half = this.spanMs / 2;
    this.#set(axisMs - half, axisMs + half);
  }

  /** In follow mode the latest time stands near the right edge. */
  keepUp(latestMs: number): void {
    if (!this.follow || latestMs === Number.NEGATIVE_INFINITY) return;
    const right = latestMs + this.spanMs * 0.05;
    if (Math.abs(right - this.toMs) < this.spanMs / this.widthPx) return;
    this.#set(right - this.spanMs, right);
  }

  #set(fromMs: number, toMs: number): void {
    this.fromMs = fromMs;
    this.toMs = toMs;
  }
}
