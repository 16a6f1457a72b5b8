import { createHash } from "node:crypto";
import {
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { copyFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MediaProblem } from "../runtime/ports.ts";

/** A copy whose send is not in the journal yet belongs to a call that is being made; older ones are left from a crash. */
const ABANDONED_MS = 3_600_000;
const COPYING = ".copying";

/**
 * Files that wait to be sent, one per send, in a folder beside the journal: a reply with a picture survives the end of the process like one of
 * text. Bounded in bytes; what does not fit is refused and counted, because a send that might be lost must not be called safe.
 */
export class MediaStore {
  readonly #folder: string;
  readonly #maxBytes: () => number;
  /** Bytes by file name, copies under way included. */
  #sizes: Map<string, number> | null = null;
  #refused = 0;

  constructor(folder: string, maxBytes: () => number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /** Copies a file for a send, or writes bytes into one, replacing an earlier copy. Never rejects. */
  async keep(
    sendId: string,
    source: string | Uint8Array,
  ): Promise<{ readonly path: string } | { readonly problem: MediaProblem }> {
    const name = nameOf(sendId);
    const path = join(this.#folder, name);
    if (source === path && existsSync(path)) return { path };
    const bytes = await sizeOf(source);
    if (bytes === null) return { problem: "unreadable" };
    try {
      const sizes = this.#known();
      if (this.#bytes() - (sizes.get(name) ?? 0) + bytes > this.#maxBytes()) {
        this.#refused += 1;
        return { problem: "full" };
      }
      sizes.set(name, bytes);
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      await (typeof source === "string"
        ? copyFile(source, path + COPYING, constants.COPYFILE_FICLONE)
        : writeFile(path + COPYING, source));
      chmodSync(path + COPYING, 0o600);
      // In one step, so that a file under its name is whole.
      renameSync(path + COPYING, path);
      return { path };
    } catch (error) {
      this.discard(sendId);
      return { problem: isSourceGone(error) ? "unreadable" : "disk" };
    }
  }

  /** The send is settled: nobody needs its file any more. */
  discard(sendId: string): void {
    const name = nameOf(sendId);
    // Most sends have no file, and nothing has to be asked of the disk for them.
    if (!this.#known().delete(name)) return;
    for (const suffix of ["", COPYING]) rmSync(join(this.#folder, name + suffix), { force: true });
  }

  /** Removes what a crash left behind: files of sends that are not open. */
  sweep(openSendIds: readonly string[], nowMs: number): void {
    const wanted = new Set(openSendIds.map(nameOf));
    for (const name of this.#names()) {
      const path = join(this.#folder, name);
      if (wanted.has(name) || statSync(path).mtimeMs > nowMs - ABANDONED_MS) continue;
      rmSync(path, { force: true });
      this.#known().delete(name);
    }
  }

  clear(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    this.#sizes = new Map();
  }

  status(): { readonly files: number; readonly bytes: number; readonly refused: number } {
    return { files: this.#known().size, bytes: this.#bytes(), refused: this.#refused };
  }

  #bytes(): number {
    let sum = 0;
    for (const bytes of this.#known().values()) sum += bytes;
    return sum;
  }

  /** Read from the folder once; afterwards only this object changes it. */
  #known(): Map<string, number> {
    this.#sizes ??= new Map(
      this.#names().map((name) => [name, statSync(join(this.#folder, name)).size]),
    );
    return this.#sizes;
  }

  #names(): readonly string[] {
    return existsSync(this.#folder) ? readdirSync(this.#folder) : [];
  }
}

/** Send ids hold what no file name may hold. */
function nameOf(sendId: string): string {
  return createHash("sha256").update(sendId).digest("hex").slice(0, 32);
}

async function sizeOf(source: string | Uint8Array): Promise<number | null> {
  if (typeof source !== "string") return source.byteLength;
  const found = await stat(source).catch(() => null);
  return found?.isFile() === true ? found.size : null;
}

function isSourceGone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "ENOENT" || code === "EACCES";
}
