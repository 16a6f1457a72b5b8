import { type FromTimeline, readToTimeline } from "../../src/protocol/timeline-messages.ts";
import { TimelinePage } from "./timeline-page.ts";

declare function acquireVsCodeApi(): { postMessage(message: FromTimeline): void };

const LIVE_TICK_MS = 1_000;

const editor = acquireVsCodeApi();
const root = document.querySelector("main");
if (root !== null) {
  const page = new TimelinePage(root, (message) => editor.postMessage(message));
  window.addEventListener("message", (event: MessageEvent<unknown>) => {
    const message = readToTimeline(event.data);
    if (message !== null) page.receive(message);
  });
  setInterval(() => page.tick(), LIVE_TICK_MS);
  // Data is sent only now: a message to a page that does not listen yet is lost.
  editor.postMessage({ type: "ready" });
}
