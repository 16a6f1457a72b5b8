import { describeRecord } from "../../src/model/describe-record.ts";
import type { RecordFilter } from "../../src/model/timeline/record-filter.ts";
import type {
  Alignment,
  FromTimeline,
  TimeWindow,
  ToTimeline,
  TrackInfo,
} from "../../src/protocol/timeline-messages.ts";
import { attachGestures } from "./gestures.ts";
import { buildPage, type Page } from "./page.ts";
import { AXIS_PX, paint, ROW_PX } from "./painter.ts";
import { RecordList } from "./record-list.ts";
import { readTheme, type Theme } from "./theme.ts";
import { type Place, type Row, rowsOf, Track } from "./track.ts";
import { Viewport } from "./viewport.ts";

/** Records folded and looked at per frame: well below a frame's time on a slow machine. */
const RECORDS_PER_FRAME = 2_000;
const MEASURE_EVERY_MS = 500;
/** How far from a mark a click still means it. */
const CLICK_REACH_PX = 6;

type Post = (message: FromTimeline) => void;

/** The page: takes messages, folds a bounded number of records per frame, and draws when something changed. */
export class TimelinePage {
  readonly #page: Page;
  readonly #post: Post;
  readonly #viewport = new Viewport();
  readonly #list: RecordList;
  #tracks: Track[] = [];
  #alignment: Alignment = "clock";
  #theme: Theme = readTheme();
  #rows: readonly Row[] = [];
  #rowsKey = "";
  #selected: Place | null = null;
  #window: TimeWindow | null = null;
  #scrollPx = 0;
  #isFitted = false;
  #frame = 0;
  #slowestFrameMs = 0;
  #isReporting = false;
  #pendingReveal: Extract<ToTimeline, { type: "reveal" | "revealTime" }> | null = null;

  constructor(root: HTMLElement, post: Post) {
    this.#page = buildPage(root);
    this.#post = post;
    const onSelect = (place: Place): void => this.#select(place);
    const onOpen = (place: Place): void => this.#open(place);
    this.#list = new RecordList(this.#page.list, { onSelect, onOpen });
    this.#attach();
    new ResizeObserver(() => this.#schedule()).observe(this.#page.stage);
    new MutationObserver(() => {
      this.#theme = readTheme();
      this.#schedule();
    }).observe(document.body, {
      attributes: true,
      attributeFilter: ["class", "data-vscode-theme-id"],
    });
  }

  receive(message: ToTimeline): void {
    switch (message.type) {
      case "tracks":
        this.#setTracks(message.tracks, message.alignment);
        break;
      case "batch":
        this.#track(message.track)?.enqueue(message.records, message.gaps);
        break;
      case "reveal":
      case "revealTime":
        this.#pendingReveal = message;
        break;
    }
    this.#schedule();
  }

  #setTracks(infos: readonly TrackInfo[], alignment: Alignment): void {
    this.#alignment = alignment;
    this.#tracks = infos.map((info) => {
      const known = this.#track(info.id);
      if (known === undefined) return new Track(info);
      known.info = info;
      return known;
    });
    const sentences = infos.map(({ sentence }) => sentence).join("  ");
    this.#page.source.textContent = sentences;
    this.#page.source.title = sentences;
  }

  #track(id: string): Track | undefined {
    return this.#tracks.find(({ info }) => info.id === id);
  }

  #attach(): void {
    const page = this.#page;
    const refilter = (): void => this.#filter();
    for (const input of [page.search, page.account, page.warnings, page.routine]) {
      input.addEventListener("input", refilter);
    }
    page.search.addEventListener("keydown", (event) => {
      const place = event.key === "Enter" ? this.#list.neighbour(event.shiftKey ? -1 : 1) : null;
      if (place !== null) this.#select(place);
    });
    page.follow.addEventListener("change", () => this.#setFollow(page.follow.checked));
    page.fit.addEventListener("click", () => this.#fit());
    page.zoomIn.addEventListener("click", () => this.#zoom(0.6));
    page.zoomOut.addEventListener("click", () => this.#zoom(1 / 0.6));
    page.clearWindow.addEventListener("click", () => this.#setWindow(null));
    page.explain.addEventListener("click", () =>
      this.#post({ type: "explain", window: this.#clockWindow() }),
    );
    attachGestures(page.stage, this.#viewport, {
      onMove: () => this.#schedule(),
      onClick: (x, y) => this.#clickAt(x, y),
      onWindow: (window) => this.#setWindow(window),
      onScroll: (px) => this.#scroll(px),
      onStep: (step) => this.#step(step),
      onOpen: () => this.#selected !== null && this.#open(this.#selected),
      onFollow: () => this.#setFollow(!this.#viewport.follow),
      onEscape: () => this.#setWindow(null),
      anchorX: () => this.#anchorX(),
    });
  }

  #schedule(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#onFrame();
    });
  }

  #onFrame(): void {
    const beganMs = performance.now();
    let hasMore = false;
    const budget = Math.ceil(RECORDS_PER_FRAME / Math.max(1, this.#tracks.length));
    for (const track of this.#tracks) {
      track.ingest(budget);
      const { model } = track;
      track.offsetMs = this.#alignment === "start" && !model.isEmpty ? model.firstMs : 0;
      const isUnread = track.list.advance(model.records, budget * 4);
      hasMore ||= track.waiting > 0 || isUnread;
    }
    this.#afterIngest(hasMore);
    this.#draw();
    this.#measure(performance.now() - beganMs);
    if (hasMore) this.#schedule();
  }

  #afterIngest(hasMore: boolean): void {
    if (!this.#isFitted && !hasMore && this.#tracks.some(({ model }) => !model.isEmpty)) {
      this.#isFitted = true;
      this.#fit();
      this.#setFollow(this.#tracks.some(({ info }) => info.isLive));
    }
    if (this.#pendingReveal !== null && !hasMore) {
      const wanted = this.#pendingReveal;
      this.#pendingReveal = null;
      this.#reveal(wanted);
    }
    this.#updateAccounts();
    if (this.#isFitted) this.#viewport.keepUp(this.#latestMs());
    if (this.#page.follow.checked !== this.#viewport.follow) {
      this.#page.follow.checked = this.#viewport.follow;
    }
  }

  #draw(): void {
    const { canvas, stage, account } = this.#page;
    const widthPx = Math.max(1, stage.clientWidth);
    const heightPx = Math.max(1, stage.clientHeight);
    const ratio = window.devicePixelRatio;
    if (
      canvas.width !== Math.round(widthPx * ratio) ||
      canvas.height !== Math.round(heightPx * ratio)
    ) {
      canvas.width = Math.round(widthPx * ratio);
      canvas.height = Math.round(heightPx * ratio);
    }
    const context = canvas.getContext("2d");
    if (context === null) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#viewport.widthPx = widthPx;
    this.#rows = rowsOf(this.#tracks, account.value === "" ? null : account.value);
    this.#scrollPx = Math.max(
      0,
      Math.min(this.#scrollPx, this.#rows.length * ROW_PX + AXIS_PX - heightPx),
    );
    this.#sayNothing();
    // Until there are records there is no time that an axis could tell.
    if (this.#isFitted) this.#paint(context, heightPx);
    else context.clearRect(0, 0, widthPx, heightPx);
    this.#drawLabels();
    this.#list.update(this.#tracks, this.#selected, this.#alignment === "start");
  }

  #paint(context: CanvasRenderingContext2D, heightPx: number): void {
    paint(context, {
      rows: this.#rows,
      viewport: this.#viewport,
      theme: this.#theme,
      scrollPx: this.#scrollPx,
      heightPx,
      relative: this.#alignment === "start",
      selected: this.#selected,
      window: this.#window,
      nowOf: (track) =>
        track.info.isLive ? Math.max(Date.now(), track.model.lastMs) : track.model.lastMs,
    });
  }

  #sayNothing(): void {
    const isEmpty = this.#tracks.every(({ model, waiting }) => model.isEmpty && waiting === 0);
    const text = isEmpty ? this.#tracks.map(({ info }) => info.sentence).join("\n") : "";
    if (this.#page.nothing.textContent !== text) this.#page.nothing.textContent = text;
  }

  #drawLabels(): void {
    const key = this.#rows
      .map((row) => (row.kind === "heading" ? row.text : row.lane.id))
      .join("|");
    this.#page.labels.style.setProperty("--scroll", `${AXIS_PX - this.#scrollPx}px`);
    if (key === this.#rowsKey) return;
    this.#rowsKey = key;
    const labels = this.#rows.map((row) => {
      const label = document.createElement("div");
      label.className = row.kind;
      label.textContent = row.kind === "heading" ? row.text : row.lane.title;
      return label;
    });
    const inner = document.createElement("div");
    inner.className = "inner";
    inner.replaceChildren(...labels);
    this.#page.labels.replaceChildren(inner);
  }

  #updateAccounts(): void {
    const names = [
      ...new Set(this.#tracks.flatMap(({ model }) => model.accounts.map((a) => a.account))),
    ];
    const { account } = this.#page;
    if (account.options.length === names.length + 1) return;
    const chosen = account.value;
    account.replaceChildren(
      new Option("All accounts", ""),
      ...names.map((name) => new Option(name, name)),
    );
    account.value = names.includes(chosen) ? chosen : "";
  }

  #filter(): void {
    const { search, account, warnings, routine } = this.#page;
    for (const track of this.#tracks) {
      const window = this.#windowOf(track);
      const filter: RecordFilter = {
        text: search.value,
        account: account.value === "" ? null : account.value,
        warningsOnly: warnings.checked,
        routine: routine.checked,
        window,
      };
      track.list.set(filter);
    }
    this.#schedule();
  }

  /** The window is drawn on the axis; each track's records have their own time. */
  #windowOf(track: Track): TimeWindow | null {
    if (this.#window === null) return null;
    const { fromMs, toMs } = this.#window;
    return { fromMs: fromMs + track.offsetMs, toMs: toMs + track.offsetMs };
  }

  #clockWindow(): TimeWindow | null {
    const [first] = this.#tracks;
    return first === undefined ? this.#window : this.#windowOf(first);
  }

  #setWindow(window: TimeWindow | null): void {
    this.#window = window;
    this.#filter();
    this.#post({ type: "window", window: this.#clockWindow() });
    this.#say(
      window === null
        ? "All times."
        : `Window of ${Math.round((window.toMs - window.fromMs) / 1_000)} seconds.`,
    );
  }

  #clickAt(x: number, y: number): void {
    const row = this.#rows[Math.floor((y - AXIS_PX + this.#scrollPx) / ROW_PX)];
    if (row === undefined || row.kind === "heading") return;
    const { track, lane } = row;
    const place = nearest(track, lane, this.#viewport, x);
    if (place !== null) this.#select(place);
  }

  #select(place: Place): void {
    const timed = place.track.model.records.at(place.number);
    if (timed === undefined) return;
    this.#selected = place;
    this.#viewport.reveal(place.track.axisMs(timed.wallMs));
    this.#list.update(this.#tracks, place, this.#alignment === "start");
    this.#list.reveal(place);
    this.#page.detail.textContent = JSON.stringify(timed.record, null, 2);
    this.#say(`${describeRecord(timed.record)}, ${new Date(timed.wallMs).toLocaleTimeString()}`);
    const { boot, seq } = timed.record;
    this.#post({ type: "select", track: place.track.info.id, boot, seq });
    this.#schedule();
  }

  #open(place: Place): void {
    const record = place.track.model.records.at(place.number)?.record;
    if (record === undefined) return;
    this.#post({ type: "open", track: place.track.info.id, boot: record.boot, seq: record.seq });
  }

  #reveal(wanted: Extract<ToTimeline, { type: "reveal" | "revealTime" }>): void {
    const track = this.#track(wanted.track);
    if (track === undefined) return;
    if (wanted.type === "reveal") {
      const number = track.model.records.find(wanted.boot, wanted.seq);
      if (number >= 0) this.#select({ track, number });
      return;
    }
    const axisMs = track.axisMs(wanted.wallMs);
    const half = Math.min(this.#viewport.spanMs, REVEALED_SPAN_MS) / 2;
    this.#viewport.follow = false;
    this.#viewport.fit(axisMs - half, axisMs + half);
  }

  #step(step: 1 | -1): void {
    const place = this.#list.neighbour(step);
    if (place !== null) this.#select(place);
  }

  #scroll(px: number): void {
    this.#scrollPx += px;
  }

  #zoom(factor: number): void {
    this.#viewport.zoom(factor, this.#anchorX());
    this.#schedule();
  }

  #anchorX(): number | undefined {
    const selected = this.#selected;
    const timed = selected?.track.model.records.at(selected.number);
    if (selected === null || timed === undefined) return undefined;
    const x = this.#viewport.x(selected.track.axisMs(timed.wallMs));
    return x >= 0 && x <= this.#viewport.widthPx ? x : undefined;
  }

  #fit(): void {
    const filled = this.#tracks.filter(({ model }) => !model.isEmpty);
    if (filled.length === 0) return;
    const from = Math.min(...filled.map((track) => track.axisMs(track.model.firstMs)));
    this.#viewport.fit(from, Math.max(this.#latestMs(), from + 1));
    this.#schedule();
  }

  #latestMs(): number {
    return this.#tracks.reduce((latest, track) => {
      if (track.model.isEmpty) return latest;
      const { isLive } = track.info;
      const last = isLive && this.#alignment === "clock" ? Date.now() : track.model.lastMs;
      return Math.max(latest, track.axisMs(last));
    }, Number.NEGATIVE_INFINITY);
  }

  #setFollow(follow: boolean): void {
    this.#viewport.follow = follow;
    this.#page.follow.checked = follow;
    this.#schedule();
  }

  #say(text: string): void {
    this.#page.live.textContent = text;
  }

  /** The slowest frame since the last report, so that a test can compare a long log with a short one. */
  #measure(frameMs: number): void {
    this.#slowestFrameMs = Math.max(this.#slowestFrameMs, frameMs);
    if (this.#isReporting) return;
    this.#isReporting = true;
    setTimeout(() => {
      this.#isReporting = false;
      const records = this.#tracks.reduce((sum, { model }) => sum + model.records.end, 0);
      this.#post({ type: "measured", records, frameMs: this.#slowestFrameMs });
      this.#slowestFrameMs = 0;
    }, MEASURE_EVERY_MS);
  }

  /** Live tracks grow to the right although nothing is received. */
  tick(): void {
    if (this.#tracks.some(({ info }) => info.isLive)) this.#schedule();
  }
}

const REVEALED_SPAN_MS = 10 * 60_000;

/** The record a click means: a mark within reach, else the beginning of the span under it. */
function nearest(
  track: Track,
  lane: Extract<Row, { kind: "lane" }>["lane"],
  viewport: Viewport,
  x: number,
): Place | null {
  const wallMs = viewport.time(x) + track.offsetMs;
  for (const series of [lane.warnings, lane.marks]) {
    const index = series.firstAt(wallMs);
    const [best] = [index - 1, index]
      .filter((i) => i >= 0 && i < series.length)
      .map((i) => ({ i, px: Math.abs(viewport.x(track.axisMs(series.time(i))) - x) }))
      .toSorted((a, b) => a.px - b.px);
    if (best !== undefined && best.px <= CLICK_REACH_PX)
      return { track, number: series.value(best.i) };
  }
  const span = lane.spans.firstEndingAfter(wallMs);
  const isInside = span < lane.spans.length && lane.spans.start(span) <= wallMs;
  return isInside ? { track, number: lane.spans.record(span) } : null;
}
