/** Goal: a file that cannot be read costs neither the text nor the other files of a reply, and none is sent twice in one turn. */
import { expect, test } from "vitest";
import type { LoadedMedia } from "../outbound/media-host.ts";
import { createReplyMedia } from "./reply-media.ts";

const PICTURE: LoadedMedia = {
  bytes: Buffer.from("picture"),
  mimeType: "image/png",
  kind: "image",
  fileName: "a.png",
};

function replyMedia() {
  const loaded: string[] = [];
  const told: unknown[] = [];
  const saved: string[] = [];
  const media = createReplyMedia({
    media: {
      load: ({ source }) => {
        loaded.push(source);
        return source.includes("gone")
          ? Promise.reject(new Error("not found"))
          : Promise.resolve(PICTURE);
      },
      toVoice: () => Promise.reject(new Error("no ffmpeg")),
      warn: () => undefined,
    },
    store: {
      saveMediaBuffer: (bytes) => {
        saved.push(bytes.toString());
        return Promise.resolve({ id: "1", path: "/store/kept.png", size: bytes.byteLength });
      },
    },
    roots: ["/workspace"],
    maxBytes: 1_000,
    onUnreadable: (error) => told.push(error),
  });
  return { media, loaded, told, saved };
}

test("what can be read goes on, what cannot is named to the reader and to the log", async () => {
  const { media, told } = replyMedia();
  const prepared = await media.prepare(["/workspace/a.png", "/workspace/gone.png"]);
  expect(prepared.urls).toEqual(["/workspace/a.png"]);
  expect(prepared.problems).toEqual([expect.stringContaining("could not be attached") as string]);
  expect(told).toHaveLength(1);
});

test("a file of the network is kept once, and a later reply of the turn finds it there", async () => {
  const { media, loaded, saved } = replyMedia();
  const address = "https://files.example/a.png";
  expect((await media.prepare([address])).urls).toEqual(["/store/kept.png"]);
  expect((await media.prepare([address])).urls).toEqual(["/store/kept.png"]);
  expect([loaded, saved]).toEqual([[address], ["picture"]]);
});

test("what was sent before in the turn is not sent again", async () => {
  const { media } = replyMedia();
  const { urls } = await media.prepare(["/workspace/a.png"]);
  media.noteSent(urls[0] ?? "");
  expect(await media.prepare(["/workspace/a.png"])).toEqual({ urls: [], problems: [] });
});
