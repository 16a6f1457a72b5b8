import { expect, it } from "vitest";
import { HandClock } from "./hand-clock.test-support.ts";
import { MEDIA_LIMITS, MediaDesk } from "./media-desk.ts";
import { MediaUnavailable, type ReceivedFile } from "./ports/media.ts";

const FILE: ReceivedFile = { bytes: Buffer.from("file"), mimeType: null, fileName: null };

/** A media server that answers when the test lets it. */
function desk() {
  const clock = new HandClock();
  const asked: string[] = [];
  const answers = new Map<string, (error?: MediaUnavailable) => void>();
  const media = new MediaDesk(
    {
      download: (raw) =>
        new Promise((resolve, reject) => {
          asked.push(raw);
          answers.set(raw, (error) => (error === undefined ? resolve(FILE) : reject(error)));
        }),
    },
    clock,
    (raw) => Promise.resolve(`${raw} renewed`),
  );
  const fetch = (raw: string): Promise<unknown> =>
    media.fetch(raw, 1_000).catch((error: unknown) => (error as MediaUnavailable).problem);
  return {
    clock,
    asked,
    answer: (raw: string, error?: MediaUnavailable) => answers.get(raw)?.(error),
    fetch,
  };
}

const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it("fetches two files at once, and the next when one of them is there", async () => {
  const { asked, answer, fetch } = desk();
  const first = fetch("1");
  void fetch("2");
  void fetch("3");
  await settle();
  expect(asked).toEqual(["1", "2"]);
  answer("1");
  expect(await first).toBe(FILE);
  await settle();
  expect(asked).toEqual(["1", "2", "3"]);
});

it("gives a file up after a minute, with its place and its waiting included", async () => {
  const { clock, asked, fetch } = desk();
  const fetching = [fetch("1"), fetch("2"), fetch("3")];
  await settle();
  clock.advance(MEDIA_LIMITS.perFileMs);
  expect(await Promise.all(fetching)).toEqual(["not-in-time", "not-in-time", "not-in-time"]);
  expect(asked).toEqual(["1", "2"]);
  void fetch("4");
  await settle();
  expect(asked).toEqual(["1", "2", "4"]);
});

it("lets only so many wait", async () => {
  const { fetch } = desk();
  for (let index = 0; index < MEDIA_LIMITS.atOnce + MEDIA_LIMITS.waiting; index += 1) {
    void fetch(String(index));
  }
  await settle();
  expect(await fetch("one more")).toBe("too-many");
});

it("tries three times when the server is not reached, and asks the phone when a link has expired", async () => {
  const { clock, asked, answer, fetch } = desk();
  const fetching = fetch("1");
  await settle();
  for (const pauseMs of MEDIA_LIMITS.retryAfterMs) {
    answer("1", new MediaUnavailable("unreachable"));
    await settle();
    clock.advance(pauseMs);
    await settle();
  }
  answer("1", new MediaUnavailable("expired"));
  await settle();
  answer("1 renewed");
  expect(await fetching).toBe(FILE);
  expect(asked).toEqual(["1", "1", "1", "1 renewed"]);
});

it("asks the phone once only", async () => {
  const { asked, answer, fetch } = desk();
  const fetching = fetch("1");
  await settle();
  answer("1", new MediaUnavailable("expired"));
  await settle();
  answer("1 renewed", new MediaUnavailable("expired"));
  expect(await fetching).toBe("expired");
  expect(asked).toEqual(["1", "1 renewed"]);
});
