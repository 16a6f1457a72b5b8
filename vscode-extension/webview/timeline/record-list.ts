import { describeRecord } from "../../src/model/describe-record.ts";
import { severityOf } from "openclaw-whatsapp-continuity-plugin/events";
import { lowerBound } from "../../src/model/timeline/series.ts";
import { relativeLabel } from "./axis.ts";
import type { Place, Track } from "./track.ts";

const ROW_PX = 20;

export interface RecordListEvents {
  onSelect(place: Place): void;
  onOpen(place: Place): void;
}

/**
 * The records that pass the filter as rows of real DOM, only those in sight: what a screen reader reads and the keyboard walks. It
 * says the same as the drawing above.
 */
export class RecordList {
  readonly #root: HTMLElement;
  readonly #spacer: HTMLElement;
  readonly #rows: HTMLElement;
  readonly #events: RecordListEvents;
  #tracks: readonly Track[] = [];
  #total = 0;
  #selected: Place | null = null;
  #relative = false;
  #key = "";

  constructor(root: HTMLElement, events: RecordListEvents) {
    this.#root = root;
    this.#events = events;
    this.#spacer = document.createElement("div");
    this.#rows = document.createElement("div");
    this.#rows.className = "rows";
    root.append(this.#spacer, this.#rows);
    root.addEventListener("scroll", () => this.render());
    root.addEventListener("keydown", (event) => this.#onKey(event));
    root.addEventListener("click", (event) => this.#onClick(event, false));
    root.addEventListener("dblclick", (event) => this.#onClick(event, true));
  }

  update(tracks: readonly Track[], selected: Place | null, relative: boolean): void {
    const isAtEnd = this.#root.scrollTop + this.#root.clientHeight >= this.#total * ROW_PX - ROW_PX;
    this.#tracks = tracks;
    this.#selected = selected;
    this.#relative = relative;
    const total = tracks.reduce((sum, { list }) => sum + list.numbers.length, 0);
    if (total !== this.#total) {
      this.#total = total;
      this.#spacer.style.height = `${total * ROW_PX}px`;
      if (isAtEnd) this.#root.scrollTop = total * ROW_PX;
    }
    this.render();
  }

  /** Brings a record into sight. */
  reveal(place: Place): void {
    const index = this.#indexOf(place);
    if (index < 0) return;
    const top = index * ROW_PX;
    const { scrollTop, clientHeight } = this.#root;
    if (top < scrollTop || top + ROW_PX > scrollTop + clientHeight) {
      this.#root.scrollTop = Math.max(0, top - clientHeight / 2);
    }
    this.render();
  }

  /** The neighbour of the selected record in the list. */
  neighbour(step: 1 | -1): Place | null {
    const index = this.#selected === null ? -1 : this.#indexOf(this.#selected);
    return this.#placeAt(index < 0 ? (step > 0 ? 0 : this.#total - 1) : index + step);
  }

  render(): void {
    const first = Math.max(0, Math.floor(this.#root.scrollTop / ROW_PX) - 4);
    const count = Math.ceil(this.#root.clientHeight / ROW_PX) + 8;
    const selected = this.#selected;
    const chosen = selected === null ? "" : `${selected.track.info.id}/${selected.number}`;
    const key = `${first}/${count}/${this.#total}/${this.#relative}/${chosen}`;
    if (key === this.#key) return;
    this.#key = key;
    const rows: HTMLElement[] = [];
    for (let index = first; index < Math.min(this.#total, first + count); index += 1) {
      const place = this.#placeAt(index);
      if (place !== null) rows.push(this.#row(place, index));
    }
    this.#rows.style.transform = `translateY(${first * ROW_PX}px)`;
    this.#rows.replaceChildren(...rows);
  }

  #row(place: Place, index: number): HTMLElement {
    const { track, number } = place;
    const timed = track.model.records.at(number);
    const row = document.createElement("div");
    if (timed === undefined) return row;
    const { record, wallMs } = timed;
    const isSelected = this.#selected?.track === track && this.#selected.number === number;
    row.className = `row ${severityOf(record)} ${record.dir}${isSelected ? " selected" : ""}`;
    row.id = `record-${index}`;
    row.dataset["index"] = String(index);
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", String(isSelected));
    row.setAttribute("aria-setsize", String(this.#total));
    row.setAttribute("aria-posinset", String(index + 1));
    const time = this.#relative ? relativeLabel(track.axisMs(wallMs)) : clock(wallMs);
    const account = record.kind === "log.header" ? "" : record.account;
    const texts = {
      time,
      track: this.#tracks.length > 1 ? track.info.label : "",
      account,
      kind: record.kind,
      text: describeRecord(record),
      rule: record.dir === "out" ? record.rule : "",
    };
    for (const [name, text] of Object.entries(texts)) {
      const cell = document.createElement("span");
      cell.className = name;
      cell.textContent = text;
      row.append(cell);
    }
    if (isSelected) this.#root.setAttribute("aria-activedescendant", row.id);
    return row;
  }

  /** Tracks stand one after the other in the list; within each the order is that of the log. */
  #placeAt(index: number): Place | null {
    let rest = index;
    for (const track of this.#tracks) {
      const { numbers } = track.list;
      const number = numbers[rest];
      if (rest >= 0 && number !== undefined) return { track, number };
      rest -= numbers.length;
    }
    return null;
  }

  #indexOf(place: Place): number {
    let before = 0;
    for (const track of this.#tracks) {
      if (track === place.track) {
        const index = lowerBound(track.list.numbers, place.number);
        return track.list.numbers[index] === place.number ? before + index : -1;
      }
      before += track.list.numbers.length;
    }
    return -1;
  }

  #onKey(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" || event.key === "j" ? 1 : -1;
    if (["ArrowDown", "ArrowUp", "j", "k"].includes(event.key)) {
      const place = this.neighbour(step);
      if (place !== null) this.#events.onSelect(place);
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter" && this.#selected !== null) {
      this.#events.onOpen(this.#selected);
      event.preventDefault();
    }
  }

  #onClick(event: Event, open: boolean): void {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
    const place = row === null ? null : this.#placeAt(Number(row.dataset["index"]));
    if (place === null) return;
    if (open) this.#events.onOpen(place);
    else this.#events.onSelect(place);
  }
}

function clock(ms: number): string {
  const date = new Date(ms);
  const two = (value: number, length = 2): string => String(value).padStart(length, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`;
}
