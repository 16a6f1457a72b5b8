import { expect, test } from "vitest";
import { Patience } from "./patience.ts";

const ANSWERED = { state: "answered", reason: "adopted" } as const;

/** Timers that fire when the test says so. */
function setup() {
  const delays: number[] = [];
  const due: (() => void)[] = [];
  const warnings: string[] = [];
  const patience = new Patience(
    {
      start(delayMs, run) {
        delays.push(delayMs);
        due.push(run);
        return () => undefined;
      },
    },
    { warn: (message) => warnings.push(message) },
  );
  const failing = (error: Error, times: number) => {
    let calls = 0;
    return async () => {
      calls += 1;
      if (calls <= times) throw error;
      return ANSWERED;
    };
  };
  const fire = async () => {
    await Promise.resolve();
    due.shift()?.();
    await new Promise(setImmediate);
  };
  return { patience, delays, warnings, failing, fire };
}

function draining(): Error {
  return Object.assign(new Error("Gateway is draining"), { name: "GatewayDrainingError" });
}

test("a message that the host could not take once is handed over again and reported once", async () => {
  const { patience, delays, warnings, failing, fire } = setup();
  const admission = patience.until(failing(new Error("database is locked"), 2));
  await fire();
  await fire();
  await expect(admission).resolves.toEqual(ANSWERED);
  expect(delays).toEqual([1_000, 5_000]);
  expect(warnings).toHaveLength(1);
});

test("a message that the host never takes is given up after three more tries", async () => {
  const { patience, delays, failing, fire } = setup();
  const admission = patience.until(failing(new Error("broken"), 99));
  const outcome = admission.catch((error: unknown) => String(error));
  for (let round = 0; round < 3; round += 1) await fire();
  expect(await outcome).toContain("broken");
  expect(delays).toEqual([1_000, 5_000, 30_000]);
});

test("while the gateway takes no work the message waits, however long", async () => {
  const { patience, failing, fire } = setup();
  const admission = patience.until(failing(draining(), 40));
  for (let round = 0; round < 40; round += 1) await fire();
  await expect(admission).resolves.toEqual(ANSWERED);
});

test("a gateway whose own database is busy is waited for, and not called another process", async () => {
  const { patience, delays, warnings, failing, fire } = setup();
  const busy = Object.assign(new Error("another OpenClaw process owns state-lifecycle"), {
    name: "StateDatabaseCoordinatorContentionError",
  });
  const admission = patience.until(failing(new Error("dispatch failed", { cause: busy }), 10));
  for (let round = 0; round < 10; round += 1) await fire();
  await expect(admission).resolves.toEqual(ANSWERED);
  expect(delays.slice(-2)).toEqual([30_000, 30_000]);
  expect(warnings).toEqual([
    "The gateway's own database is busy; a message waits for it and is handed to the agent then.",
  ]);
});

test("when the account ends, what waits is given up at once", async () => {
  const { patience, failing, fire } = setup();
  const admission = patience.until(failing(draining(), 99));
  const outcome = admission.catch((error: unknown) => String(error));
  await fire();
  patience.close();
  expect(await outcome).toContain("draining");
});
