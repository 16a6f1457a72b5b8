import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { OPEN_CHANNEL, setStage, type Stage } from "./stage.ts";
import { untilPhase } from "./status.ts";
import { captureSuite } from "./suites/capture.ts";
import { fileSuite } from "./suites/files.ts";
import { hostSuite } from "./suites/host.ts";
import { journalSuite } from "./suites/journal.ts";
import { lateSuite } from "./suites/late.ts";
import { lifecycleSuite } from "./suites/lifecycle.ts";
import { loginSuite } from "./suites/login.ts";
import { messageSuite } from "./suites/messages.ts";
import { outageSuite } from "./suites/outages.ts";
import { ownershipSuite } from "./suites/ownership.ts";
import { sendingSuite } from "./suites/sending.ts";

/*
 * One gateway for all suites, because a start costs up to 40 s; the policy is set back before each test and tests keep apart by words
 * of their own.
 */

let current: Stage | null = null;

function stage(): Stage {
  if (current === null) throw new Error("The stage is not set.");
  return current;
}

beforeAll(async () => {
  current = await setStage();
  await untilPhase(current.gateway, "open");
}, 480_000);

afterAll(async () => {
  await current?.stop();
});

beforeEach(async () => {
  await stage().gateway.configPatch({ channels: { whatsapp: OPEN_CHANNEL } });
});

messageSuite(stage);
fileSuite(stage);
hostSuite(stage);
const afterTheKill = sendingSuite(stage);
journalSuite(stage);
outageSuite(stage);
captureSuite(stage);
lateSuite(stage);
lifecycleSuite(stage);
loginSuite(stage);
afterTheKill();
ownershipSuite(stage);

test("in all of this nobody was answered twice, and no rule of the protocol was broken", () => {
  expect(stage().answers.surplus()).toEqual([]);
  stage().whatsapp.strict.assertNone();
});
