import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { RawError } from "../events/index.ts";
import type { VersionSource, WhatsAppVersion } from "../runtime/ports.ts";
import { isMissing, replaceFileSync } from "./credential-files.ts";
import { loadBaileys } from "./library.ts";
import { rawErrorOf } from "./raw-error.ts";

/** What the pinned library itself would state; a test fails when the two differ. */
export const BUNDLED_VERSION: WhatsAppVersion = [2, 3000, 1_043_857_760];

const LOOKUP_LIMIT_MS = 10_000;

/** Asks WhatsApp's own web page for the version it serves. */
export type VersionLookup = (signal: AbortSignal) => Promise<WhatsAppVersion>;

/**
 * The version a login states: the newer of the bundled one and the last one that a look-up found. The look-up happens only when the server
 * refused the version (405), in the background; the connect path never waits for the network (#125673).
 */
export function createVersionSource(options: {
  /** Where the last found version is kept. */
  readonly file: string;
  readonly lookup?: VersionLookup;
}): VersionSource {
  const lookup = options.lookup ?? lookUpOnline;
  let lastGood = readVersion(options.file);
  const current = (): ReturnType<VersionSource["current"]> =>
    lastGood !== null && isNewer(lastGood, BUNDLED_VERSION)
      ? { version: lastGood, source: "last-good" }
      : { version: BUNDLED_VERSION, source: "bundled" };
  return {
    current,
    async refresh() {
      let found: WhatsAppVersion;
      try {
        found = await lookup(AbortSignal.timeout(LOOKUP_LIMIT_MS));
      } catch (error) {
        return { ...current(), error: rawErrorOf(error) };
      }
      lastGood = found;
      return { version: found, source: "network", error: await keep(options.file, found) };
    },
  };
}

async function lookUpOnline(signal: AbortSignal): Promise<WhatsAppVersion> {
  const baileys = await loadBaileys();
  const { version, isLatest, error } = await baileys.fetchLatestWaWebVersion({ signal });
  // The library answers a failure with its bundled version and the error beside it.
  if (!isLatest) throw error ?? new Error("the version could not be looked up");
  return version;
}

/** The version counts although it could not be kept; then the next start asks again. */
async function keep(file: string, version: WhatsAppVersion): Promise<RawError | null> {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    replaceFileSync(file, JSON.stringify(version));
    return null;
  } catch (error) {
    return rawErrorOf(error);
  }
}

function readVersion(file: string): WhatsAppVersion | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isVersion(value) ? value : null;
  } catch (error) {
    // Missing or half written by somebody else: the bundled one is always there.
    if (isMissing(error) || error instanceof SyntaxError) return null;
    throw error;
  }
}

function isVersion(value: unknown): value is WhatsAppVersion {
  return (
    Array.isArray(value) && value.length === 3 && value.every((part) => Number.isSafeInteger(part))
  );
}

function isNewer(version: WhatsAppVersion, than: WhatsAppVersion): boolean {
  const difference = version.map((part, index) => part - (than[index] ?? 0)).find((d) => d !== 0);
  return difference !== undefined && difference > 0;
}
