/** Goal: the linked device survives kills, torn files and other numbers, in the official plugin's folder format. */
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BufferJSON, initAuthCreds, useMultiFileAuthState } from "@whiskeysockets/baileys";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAuthState } from "../../src/baileys/auth-state.ts";
import { createCredentialStore } from "../../src/baileys/credential-store.ts";
import { loadBaileys } from "../../src/baileys/library.ts";

const store = createCredentialStore();
let folder: string;
let authDir: string;
const creds = (): string => join(authDir, "creds.json");
const backup = (): string => join(authDir, "creds.json.bak");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "credentials-"));
  authDir = join(folder, "auth");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Saves a linked device of the number, as the library would after a login. */
async function saveLinked(number: string): Promise<void> {
  const auth = await openAuthState(await loadBaileys(), authDir);
  auth.state.creds.me = { id: `${number}:3@s.whatsapp.net`, lid: "100000000000001:3@lid" };
  await auth.save();
}

describe("format", () => {
  it("is read by Baileys' own multi-file store, and the other way round", async () => {
    await saveLinked("15550100001");
    const baileys = await loadBaileys();
    const ours = await openAuthState(baileys, authDir);
    await ours.state.keys.set({
      session: { "100000000000002_1.0": Buffer.from("session") },
      "lid-mapping": { "15550100002": "100000000000002" },
    });
    const theirs = await useMultiFileAuthState(authDir);
    expect(theirs.state.creds.me?.id).toBe("15550100001:3@s.whatsapp.net");
    expect(await theirs.state.keys.get("session", ["100000000000002_1.0"])).toEqual({
      "100000000000002_1.0": Buffer.from("session"),
    });
    await theirs.state.keys.set({ "lid-mapping": { "15550100003": "100000000000003" } });
    expect(await ours.state.keys.get("lid-mapping", ["15550100003"])).toEqual({
      "15550100003": "100000000000003",
    });
    expect(store.addressForms(authDir, "15550100003@s.whatsapp.net")).toEqual({
      pn: "15550100003@s.whatsapp.net",
      lid: "100000000000003@lid",
    });
  });

  it("is closed to others: directory 0700, files 0600", async () => {
    await saveLinked("15550100001");
    await saveLinked("15550100001");
    const { state } = await openAuthState(await loadBaileys(), authDir);
    await state.keys.set({ session: { "1.0": Buffer.from("key") } });
    expect(statSync(authDir).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(authDir)) {
      expect(statSync(join(authDir, name)).mode & 0o777, name).toBe(0o600);
    }
  });

  it("keeps the order of writes of one key", async () => {
    const { state } = await openAuthState(await loadBaileys(), authDir);
    const writes = Array.from({ length: 50 }, async (_, index) => {
      await state.keys.set({ session: { "1.0": Buffer.from([index]) } });
    });
    const read = state.keys.get("session", ["1.0"]);
    await Promise.all(writes);
    expect(await read).toEqual({ "1.0": Buffer.from([49]) });
  });
});

describe("recovery", () => {
  it("reports a linked device by its number", async () => {
    await saveLinked("15550100001");
    expect(store.inspect(authDir)).toEqual({
      state: "linked",
      self: { pn: "15550100001@s.whatsapp.net", lid: "100000000000001@lid" },
      problem: null,
    });
  });

  it.each(["missing", "torn", "empty"] as const)(
    "%s credentials come back from the backup",
    async (how) => {
      await saveLinked("15550100001");
      await saveLinked("15550100001");
      const whole = readFileSync(creds(), "utf8");
      if (how === "missing") rmSync(creds());
      if (how === "torn") truncateSync(creds(), Math.floor(whole.length / 2));
      if (how === "empty") truncateSync(creds(), 0);
      expect(store.inspect(authDir)).toMatchObject({
        state: "linked",
        problem: expect.stringMatching(/restored/),
      });
      expect(JSON.parse(readFileSync(creds(), "utf8"))).toMatchObject({
        me: { id: "15550100001:3@s.whatsapp.net" },
      });
    },
  );

  it("a torn file without backup is corrupt, says what to do and stays as it is", async () => {
    await saveLinked("15550100001");
    rmSync(backup(), { force: true });
    truncateSync(creds(), 40);
    expect(store.inspect(authDir)).toMatchObject({
      state: "corrupt",
      problem: expect.stringMatching(/openclaw channels login/),
    });
    expect(statSync(creds()).size).toBe(40);
    await expect(openAuthState(await loadBaileys(), authDir)).rejects.toThrow(/not readable/);
  });

  it("a backup of another number is refused", async () => {
    await saveLinked("15550100001");
    writeFileSync(backup(), linkedJson("15550100009"));
    truncateSync(creds(), readFileSync(creds()).length - 20);
    expect(store.inspect(authDir)).toMatchObject({
      state: "corrupt",
      problem: expect.stringMatching(/another number/),
    });
  });

  it("linking another number replaces the backup of the first one", async () => {
    await saveLinked("15550100001");
    await saveLinked("15550100001");
    await saveLinked("15550100009");
    expect(readFileSync(backup(), "utf8")).not.toContain("15550100001");
  });

  it("a QR code that was shown and not scanned is no linked device and no backup", async () => {
    await saveLinked("15550100001");
    rmSync(creds());
    rmSync(backup(), { force: true });
    const auth = await openAuthState(await loadBaileys(), authDir);
    await auth.save();
    await auth.save();
    expect(store.inspect(authDir).state).toBe("missing");
    expect(existsSync(backup())).toBe(false);
  });
});

describe("what is refused", () => {
  it.each(["file", "folder"] as const)("a symbolic link as %s", async (what) => {
    const content = linkedJson("15550100001");
    mkdirSync(join(folder, "elsewhere"));
    writeFileSync(join(folder, "elsewhere", "creds.json"), content);
    if (what === "folder") symlinkSync(join(folder, "elsewhere"), authDir);
    else {
      mkdirSync(authDir);
      symlinkSync(join(folder, "elsewhere", "creds.json"), creds());
    }
    expect(store.inspect(authDir)).toMatchObject({
      state: "corrupt",
      problem: expect.stringMatching(/symbolic link/),
    });
    await expect(openAuthState(await loadBaileys(), authDir)).rejects.toThrow(/symbolic link/);
    expect(readFileSync(join(folder, "elsewhere", "creds.json"), "utf8")).toBe(content);
  });

  it("a save that fails leaves the old credentials whole", async () => {
    await saveLinked("15550100001");
    const before = readFileSync(creds(), "utf8");
    const auth = await openAuthState(await loadBaileys(), authDir);
    rmSync(creds());
    mkdirSync(creds());
    await expect(auth.save()).rejects.toThrow(/not a regular file/);
    rmSync(creds(), { recursive: true });
    writeFileSync(creds(), before);
    chmodSync(creds(), 0o600);
    expect(store.inspect(authDir).state).toBe("linked");
    expect(readdirSync(authDir).filter((name) => name.startsWith(".continuity"))).toEqual([]);
  });
});

describe("a key whose replacement was killed", () => {
  const key = (): string => join(authDir, "session-1.0.json");
  const next = (): string => join(authDir, ".continuity.next-session-1.0.json");

  async function readSession(): Promise<unknown> {
    const { state } = await openAuthState(await loadBaileys(), authDir);
    const { "1.0": session } = await state.keys.get("session", ["1.0"]);
    expect(readdirSync(authDir).filter((name) => name.startsWith(".continuity"))).toEqual([]);
    return session;
  }

  beforeEach(async () => {
    const { state } = await openAuthState(await loadBaileys(), authDir);
    await state.keys.set({ session: { "1.0": Buffer.from("whole") } });
  });

  it("before the old content went has the old one", async () => {
    writeFileSync(next(), readFileSync(key(), "utf8").slice(0, 10));
    expect(await readSession()).toEqual(Buffer.from("whole"));
  });

  it("between the old and the new content has the new one", async () => {
    renameSync(key(), next());
    expect(await readSession()).toEqual(Buffer.from("whole"));
  });

  it("when it was the first one and half of it is there, is no key", async () => {
    writeFileSync(next(), readFileSync(key(), "utf8").slice(0, 10));
    rmSync(key());
    expect(await readSession()).toBeUndefined();
  });
});

it("removal takes the managed files and nothing else", async () => {
  await saveLinked("15550100001");
  const { state } = await openAuthState(await loadBaileys(), authDir);
  await state.keys.set({ session: { "1.0": Buffer.from("key") }, "pre-key": { "1": null } });
  writeFileSync(join(authDir, "notes.txt"), "mine");
  await store.remove(authDir);
  expect(readdirSync(authDir)).toEqual(["notes.txt"]);
});

it("kill -9 in the middle of saving: always whole, never a temporary file after the next start", async () => {
  await saveLinked("15550100001");
  const writer = fileURLToPath(new URL("credential-writer.child.ts", import.meta.url));
  for (let round = 0; round < 6; round += 1) {
    const child = spawn(process.execPath, [writer, authDir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await new Promise((resolve) => setTimeout(resolve, 3 + round * 7));
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    expect(() => JSON.parse(readFileSync(creds(), "utf8"))).not.toThrow();
    expect(store.inspect(authDir)).toMatchObject({ state: "linked", problem: null });
    const { state } = await openAuthState(await loadBaileys(), authDir);
    const { "1.0": session } = await state.keys.get("session", ["1.0"]);
    if (session !== undefined) expect(session).toHaveLength(20_000);
    expect(readdirSync(authDir).filter((name) => name.startsWith(".continuity"))).toEqual([]);
  }
}, 30_000);

function linkedJson(number: string): string {
  return JSON.stringify(
    { ...initAuthCreds(), me: { id: `${number}:3@s.whatsapp.net` } },
    BufferJSON.replacer,
  );
}
