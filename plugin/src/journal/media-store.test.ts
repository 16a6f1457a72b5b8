/** Goal: a file in custody is there until its send is settled, whatever becomes of the original, and the room for it has an end. */
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MediaStore } from "./media-store.ts";

let folder: string;
let source: string;
let store: MediaStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "media-store-"));
  source = join(folder, "picture.png");
  writeFileSync(source, "0123456789");
  store = new MediaStore(join(folder, "kept"), () => 25);
});

afterEach(() => rm(folder, { recursive: true }));

async function keep(sendId: string): Promise<string> {
  const kept = await store.keep(sendId, source);
  if ("problem" in kept) throw new Error(kept.problem);
  return kept.path;
}

test("the copy outlives its original and goes with its send", async () => {
  const path = await keep("queue/1/0");
  await rm(source);
  expect(readFileSync(path, "utf8")).toBe("0123456789");
  expect(await store.keep("queue/1/0", path)).toEqual({ path });
  store.discard("queue/1/0");
  expect(existsSync(path)).toBe(false);
  expect(store.status()).toEqual({ files: 0, bytes: 0, refused: 0 });
});

test("what does not fit is refused and counted, and room is made by settling", async () => {
  await keep("a");
  await keep("b");
  expect(await store.keep("c", source)).toEqual({ problem: "full" });
  // The same send again replaces its copy and needs no more room.
  await keep("b");
  expect(store.status()).toEqual({ files: 2, bytes: 20, refused: 1 });
  store.discard("a");
  await keep("c");
});

test("a file that is not there, or is none, is said to be unreadable", async () => {
  expect(await store.keep("a", join(folder, "gone"))).toEqual({ problem: "unreadable" });
  expect(await store.keep("a", folder)).toEqual({ problem: "unreadable" });
});

test("after a crash what no open send needs is swept, and nothing that is being copied", async () => {
  const wanted = await keep("open");
  const orphan = await keep("settled");
  const stray = join(folder, "kept", "half.copying");
  writeFileSync(stray, "01");
  const next = new MediaStore(join(folder, "kept"), () => 25);
  next.sweep(["open"], Date.now());
  expect([wanted, orphan, stray].map((path) => existsSync(path))).toEqual([true, true, true]);
  next.sweep(["open"], Date.now() + 2 * 3_600_000);
  expect([wanted, orphan, stray].map((path) => existsSync(path))).toEqual([true, false, false]);
  expect(next.status()).toMatchObject({ files: 1, bytes: 10 });
});

test("a journal that is purged keeps no file", async () => {
  const path = await keep("a");
  store.clear();
  expect(existsSync(path)).toBe(false);
  mkdirSync(join(folder, "kept"), { recursive: true });
  utimesSync(source, 0, 0);
  await keep("a");
});
