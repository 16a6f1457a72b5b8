import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runExplain } from "./explain.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "explain-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const CONFLICT = `2026-04-08T11:30:48Z Listening for WhatsApp inbound messages
2026-04-08T11:30:50Z Inbound message +15550100001 -> +15550100002 (direct, 5 chars)
2026-04-08T11:30:53Z WhatsApp Web connection closed (status 440: session conflict). Stopping web monitoring.
`;

async function run(...args: string[]) {
  let out = "";
  let err = "";
  const output = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
  };
  return { status: await runExplain(args, output), out, err };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test("says in words why an account is down, and exits with 1", async () => {
  const { status, out } = await run(file("a.log", CONFLICT));
  expect(status).toBe(1);
  expect(out).toContain("Another connection with the same credentials took over (440).");
  expect(out).toContain("now down");
  expect(out).toContain("What to do:");
  expect(out).not.toContain("15550100001");
});

test("prints one JSON document, from a compressed archive too", async () => {
  const { out } = await run("--json", "--since", "all", file("a.log.gz", gzipSync(CONFLICT)));
  expect(JSON.parse(out)).toMatchObject({
    accounts: [{ account: "default", now: "down", messages: 1, outages: [{ gaveUp: true }] }],
  });
});

test.each([
  [() => join(folder, "none.log"), "is not there"],
  [() => folder, "is a folder"],
  [() => file("b.bin", new Uint8Array([0, 1, 2, 0])), "is not a text file"],
])("bad input is one sentence and exit status 2", async (path, sentence) => {
  const { status, err } = await run(path());
  expect(status).toBe(2);
  expect(err).toContain(sentence);
});

test("a time span that is none is refused", async () => {
  expect(await run("--since", "soon")).toMatchObject({
    status: 2,
    err: expect.stringContaining("90m"),
  });
});

test("a log about something else says so", async () => {
  const { status, out } = await run(file("c.log", "hello\nworld\n"));
  expect(status).toBe(0);
  expect(out).toContain("nothing in this log is about a WhatsApp account");
});
