/** Goal: the owner hears of an account that never came up, as of one that went down. */
import { expect, it } from "vitest";
import { DEFAULT_POLICY } from "./index.ts";
import { DNS_ERROR, Story } from "./story.test-support.ts";

const MINUTE = 60_000;
const ALERTED = { ...DEFAULT_POLICY, alert: { afterMs: 10 * MINUTE } };

it("alerts once after the configured time, across restarts, and says when it is over", () => {
  const story = new Story(ALERTED).start();
  story.close(DNS_ERROR);
  story.start(2);
  story.close(DNS_ERROR);
  story.fire("alert", 10 * MINUTE);
  expect(story.effects("alert.raise")).toMatchObject([{ causeId: "dns-not-found" }]);
  expect(story.effects("alert.raise")[0]?.downMs).toBeGreaterThan(10 * MINUTE);
  story.fire("reconnect", MINUTE);
  story.open();
  expect(story.effects("alert.clear")).toHaveLength(1);
  expect(story.effects("alert.clear")[0]?.downMs).toBeGreaterThan(11 * MINUTE);
  expect(story.state.timers.map(({ timer }) => timer)).not.toContain("alert");
});

it("says nothing of an account that comes up in time, or that is stopped for good", () => {
  const quick = new Story(ALERTED).start().open();
  expect(quick.effects("alert.clear")).toEqual([]);
  expect(quick.state.timers.map(({ timer }) => timer)).not.toContain("alert");
  const stopped = new Story(ALERTED).start();
  stopped.tell({ kind: "controller.stopped", controllerId: 1, reason: "disabled" });
  expect(stopped.state.timers.map(({ timer }) => timer)).not.toContain("alert");
});

it("leaves an outage to its own alert", () => {
  const story = new Story(ALERTED).start().open();
  story.close(DNS_ERROR);
  story.fire("alert", 10 * MINUTE);
  expect(story.last?.rule).toBe("outage/alert");
  story.fire("reconnect", MINUTE);
  story.open();
  expect(story.effects("alert.clear")).toHaveLength(1);
});
