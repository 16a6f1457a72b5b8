import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FeedModel } from "../model/feed-model.ts";
import type { SourceState } from "../model/feed-item.ts";
import { parseGatewayAddress } from "./gateway-address.ts";
import { describeConnectError } from "./gateway-problem.ts";
import { findLocalGateway } from "./local-gateway.ts";
import { LogFileSource } from "./log-file-source.ts";
import { createScrubber } from "./scrubber.ts";
import type { LogSource } from "./source.ts";
import { TextSource } from "./text-source.ts";

let folder = "";
const running: LogSource[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sources-"));
});
afterEach(() => {
  for (const source of running.splice(0)) source.stop();
  rmSync(folder, { recursive: true });
});

function run(source: LogSource) {
  const model = new FeedModel();
  const states: SourceState[] = [];
  running.push(source);
  source.start({
    onBatch: (batch) => model.append(batch),
    onState: (state) => void states.push(state),
  });
  const until = async (holds: () => boolean): Promise<void> => {
    await expect.poll(holds, { timeout: 5_000, interval: 10 }).toBe(true);
  };
  return { model, states, until };
}

const OPENED = "2026-05-22T12:00:00Z Listening for WhatsApp inbound messages\n";
const CLOSED =
  "2026-05-22T12:05:00Z [whatsapp] Web connection closed (status 428). Retry 1/12 in 2.2s…\n";

describe("log file", () => {
  const follow = (path: string, change: object = {}) =>
    run(
      new LogFileSource({
        path,
        scrub: createScrubber(),
        follow: true,
        withArchives: true,
        pollMs: 20,
        ...change,
      }),
    );

  test("reads rotated parts first, compressed ones too", async () => {
    const path = join(folder, "g.log");
    writeFileSync(`${path}.2.gz`, gzipSync(OPENED));
    writeFileSync(`${path}.1`, CLOSED);
    writeFileSync(path, "2026-05-22T12:05:04Z Listening for WhatsApp inbound messages\n");
    const { model, until } = follow(path);
    await until(() => model.account("default")?.outages.past.length === 1);
    expect(model.account("default")?.phase).toBe("open");
  });

  test("a file that is cut off and begins anew leaves a hole", async () => {
    const path = join(folder, "g.log");
    writeFileSync(path, OPENED + CLOSED);
    const { model, until } = follow(path);
    await until(() => model.account("default")?.phase === "waiting");
    truncateSync(path);
    appendFileSync(path, OPENED.replace("12:00:00", "12:05:09"));
    await until(() => model.account("default")?.phase === "open");
    expect(model.gaps.map(({ sentence }) => sentence).join()).toContain("begins anew");
  });

  test("a file that is not there yet, and one that goes away, are said in words", async () => {
    const none = follow(join(folder, "none.log"));
    await none.until(() => none.states.at(-1)?.phase === "failed");
    expect(none.states.at(-1)?.sentence).toContain("is not there");
    const path = join(folder, "g.log");
    writeFileSync(path, OPENED);
    const { states, model, until } = follow(path);
    await until(() => states.at(-1)?.phase === "live");
    rmSync(path);
    await until(() => states.at(-1)?.phase === "reconnecting");
    writeFileSync(path, CLOSED);
    await until(
      () => model.account("default")?.phase === "waiting" && states.at(-1)?.phase === "live",
    );
  });

  test("a file that is too big is read from its end, and the rest is a hole", async () => {
    const path = join(folder, "g.log");
    writeFileSync(path, `${OPENED.repeat(1_000)}${CLOSED}`);
    const { model, until } = follow(path, { maxBytes: 4_096 });
    await until(() => model.account("default")?.phase === "waiting");
    expect(model.gaps[0]?.sentence).toContain("too big");
  });
});

test("a line that is written in two pieces is one line", async () => {
  const path = join(folder, "g.log");
  writeFileSync(path, OPENED + CLOSED.slice(0, 40));
  const source = new LogFileSource({
    path,
    scrub: (t) => t,
    follow: true,
    withArchives: false,
    pollMs: 20,
  });
  const { model, until } = run(source);
  await until(() => model.account("default")?.phase === "open");
  appendFileSync(path, CLOSED.slice(40));
  await until(() => model.account("default")?.phase === "waiting");
  expect(model.gaps).toEqual([]);
});

test("pasted text that is about something else says so", async () => {
  const { states, until } = run(new TextSource("pasted text", "hello\nworld", (t) => t, 0));
  await until(() => states.length === 1);
  expect(states[0]).toMatchObject({ phase: "failed", action: "choose-file" });
});

describe("gateway address", () => {
  test.each([
    ["127.0.0.1:18789", "ws://127.0.0.1:18789"],
    ["http://localhost:1", "ws://localhost:1"],
    ["https://gateway.example/claw/", "wss://gateway.example/claw/"],
    ["ws://[::1]:5", "ws://[::1]:5"],
  ])("%s is %s", (text, url) => {
    expect(parseGatewayAddress(text)).toMatchObject({ ok: true, url });
  });

  test.each([
    ["ws://gateway.example:1", "would send the token readable"],
    ["ws://10.0.0.5:1", "would send the token readable"],
    ["ws://127.0.0.1.example:1", "would send the token readable"],
    ["wss://user:secret@gateway.example", "Leave user, password"],
    ["wss://gateway.example?token=x", "Leave user, password"],
    ["ftp://gateway.example", "not a gateway address"],
    ["", "Enter the address"],
  ])("%s is refused: %s", (text, sentence) => {
    expect(parseGatewayAddress(text)).toMatchObject({
      ok: false,
      sentence: expect.stringContaining(sentence),
    });
  });
});

describe("local gateway", () => {
  const find = (config: string | null, env: Record<string, string> = {}) => {
    const path = join(folder, "openclaw.json");
    if (config !== null) writeFileSync(path, config);
    return findLocalGateway({ OPENCLAW_CONFIG_PATH: path, ...env });
  };

  test("port and token come from the gateway's config, comments and all", async () => {
    const found = await find('{ gateway: { port: 19001, auth: { token: "secret" } }, /* mine */ }');
    expect(found).toMatchObject({ ok: true, url: "ws://127.0.0.1:19001", token: "secret" });
  });

  test("a token by reference is taken from the environment or asked for", async () => {
    const config = '{ gateway: { auth: { token: "${MY_TOKEN}" } } }';
    expect(await find(config, { MY_TOKEN: "t" })).toMatchObject({
      url: "ws://127.0.0.1:18789",
      token: "t",
    });
    expect(await find('{ gateway: { auth: { token: { source: "exec" } } } }')).toMatchObject({
      token: null,
    });
  });

  test("no config, or a broken one, says what to do", async () => {
    expect(await find(null)).toMatchObject({
      ok: false,
      sentence: expect.stringContaining("openclaw gateway run"),
    });
    expect(await find("{ gateway: ")).toMatchObject({
      ok: false,
      sentence: expect.stringContaining("openclaw config validate"),
    });
  });
});

test.each([
  ["connect ECONNREFUSED 127.0.0.1:1", "reconnecting", "Is the gateway running"],
  ["getaddrinfo ENOTFOUND gateway.example", "reconnecting", "the name does not resolve"],
  ["AUTH_TOKEN_MISMATCH unauthorized", "failed", "does not accept this token"],
  ["AUTH_TOKEN_MISSING", "failed", "asks for a token"],
  ["protocol version mismatch", "failed", "another version of the gateway protocol"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT self-signed certificate", "failed", "SHA-256 fingerprint"],
  ["gateway tls fingerprint mismatch", "failed", "another certificate"],
  ["gateway tls fingerprint unavailable", "reconnecting", "does not show its certificate"],
  ["AUTH_RATE_LIMITED", "failed", "wants a pause"],
  ["DEVICE_AUTH_SIGNATURE_EXPIRED", "failed", "clocks of both machines"],
])("a gateway that answers %s is %s", (message, phase, sentence) => {
  const state = describeConnectError(new Error(message), "host");
  expect(state.phase).toBe(phase);
  expect(state.sentence).toContain(sentence);
});
