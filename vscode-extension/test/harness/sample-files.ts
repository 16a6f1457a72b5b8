/** Files that the tests open: written anew for each run, so that nothing large lies in the repository. */
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { serialiseLog } from "openclaw-whatsapp-continuity-plugin/events";
import { HEADER, outageStory, tell } from "../../src/model/story.test-support.ts";

export const SAMPLES = {
  incident: "dns-outage.incident.jsonl",
  official: "official-plugin.log",
  binary: "picture.log",
  future: "future.incident.jsonl",
  broken: "broken.incident.jsonl",
  growing: "growing.log",
  thousand: "thousand.incident.jsonl",
  long: "long.incident.jsonl",
  /** A reported incident with its golden, where a repository has it. */
  reported: "fixtures/incidents/428-channel-exit.jsonl",
  /** The same without a golden. */
  fresh: "fixtures/scenarios/transient-close.jsonl",
} as const;

/** What a replay runs of the plugin at either depth, as a developer has it open. */
const PLUGIN = ["package.json", "openclaw.plugin.json", "src", "test/depths"] as const;

/** A report as it stands on the clipboard after copying it from an issue: quoted, with a number, a name and lines left out. */
export const PASTED_ISSUE = `> It went deaf again this morning, here is what Alice's gateway (+15550100123) said:
>
> \`\`\`log
> 11:30:48 AM [whatsapp] Listening for personal WhatsApp inbound messages.
> 11:31:07 AM [whatsapp] Web connection closed (status 408). Retry 1/12 in 2.14s… (status=408 Request Time-out Connection was lost)
> ...
> 1:05:07 PM [whatsapp] Listening for personal WhatsApp inbound messages.
> 1:20:11 PM [whatsapp] Inbound message +15550100124 -> +15550100123 (direct, 5 chars)
> 1:22:30 PM [whatsapp] Web connection closed (status 408). Retry 1/12 in 2.31s… (status=408 Request Time-out Connection was lost)
> \`\`\`
`;

export function writeSamples(folder: string): void {
  // Here, because the names above are also bundled for the editor, where a module has no folder of its own.
  const repository = resolve(import.meta.dirname, "../../..");
  mkdirSync(join(folder, ".vscode"), { recursive: true });
  const write = (name: string, content: string | Uint8Array): void =>
    writeFileSync(join(folder, name), content);
  const incident = serialiseLog([{ ...HEADER, title: "DNS outage at noon" }, ...withSuccessor()]);
  write(SAMPLES.incident, incident);
  write(SAMPLES.official, OFFICIAL);
  write(
    SAMPLES.binary,
    Uint8Array.from({ length: 4_096 }, (_, i) => i % 7),
  );
  write(SAMPLES.future, serialiseLog([HEADER]).replace('"version":1', '"version":99'));
  write(SAMPLES.broken, incident.replace('"socket.upgraded"', '"socket.upgra'));
  write(SAMPLES.growing, OFFICIAL.split("\n").slice(0, 3).join("\n"));
  write(SAMPLES.thousand, longLog(1_000));
  write(SAMPLES.long, longLog(100_000));
  const copy = (path: string): void =>
    cpSync(join(repository, path), join(folder, path), { recursive: true });
  for (const part of PLUGIN) copy(`plugin/${part}`);
  symlinkSync(join(repository, "plugin/node_modules"), join(folder, "plugin/node_modules"));
  copy(SAMPLES.reported);
  copy(SAMPLES.reported.replace(".jsonl", ".expected.jsonl"));
  copy(SAMPLES.fresh);
  write(
    ".vscode/launch.json",
    JSON.stringify({
      version: "0.2.0",
      configurations: [
        {
          type: "whatsapp-continuity",
          request: "attach",
          name: "Attach",
          log: join(folder, SAMPLES.growing),
        },
      ],
    }),
  );
}

/** The outage story, then a restart by the health monitor: a successor takes over. */
function withSuccessor() {
  const story = outageStory();
  const later = tell(
    "work",
    [3_900_000, { kind: "controller.stopped", controllerId: 1, reason: "restart" }],
    [
      3_901_000,
      {
        kind: "controller.started",
        controllerId: 2,
        reason: "health-monitor",
        credentials: "linked",
      },
    ],
    [3_901_010, { kind: "socket.open", socketId: 4, attempt: 1 }],
    [3_902_000, { kind: "socket.opened", socketId: 4, self: { pn: null, lid: null } }],
    [
      3_902_100,
      {
        kind: "status.publish",
        lifecycle: "ready",
        connected: true,
        terminal: false,
        causeId: null,
        attempt: 0,
        nextAttemptMs: null,
      },
    ],
  );
  return [...story, ...later].map((record, index) => ({
    ...record,
    seq: index + 1,
    ...(record.dir === "out" ? { cause: index } : {}),
  }));
}

const OFFICIAL = `2026-05-22T12:00:10.000Z Listening for WhatsApp inbound messages (DM + all groups; reconnecting).
2026-05-22T12:00:39.242Z [whatsapp] Inbound message +15550100001 -> +15550100002 (direct, 5 chars)
2026-05-22T12:02:27.820Z [whatsapp] Web connection closed (status 408). Retry 1/12 in 2.14s… (status=408 Request Time-out Connection was lost)
2026-05-22T12:02:27.934Z [health-monitor] [whatsapp:default] health-monitor: restarting (reason: disconnected)
2026-05-22T12:02:34.182Z [default] starting provider (+15550100002)
2026-05-22T12:02:35.650Z Listening for WhatsApp inbound messages (DM + all groups; reconnecting).
2026-05-22T12:04:44.419Z auto-reply delivery failed (correlationId=1)
`;

/** A thousand records fill the ten minutes that a timeline shows around a place: as many are in sight of the longer log. */
const SPACING_MS = 600;

/** @param count records, the header not counted */
function longLog(count: number): string {
  const story = outageStory().slice(1);
  const records = Array.from({ length: count }, (_, index) => {
    const record = story[index % story.length] ?? story[0];
    if (record === undefined) throw new Error("The story is empty.");
    const changed = { ...record, seq: index + 1, at: index * SPACING_MS };
    return changed.dir === "out" ? { ...changed, cause: index } : changed;
  });
  return serialiseLog([HEADER, ...records]);
}
