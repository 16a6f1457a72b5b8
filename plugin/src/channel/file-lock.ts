import type { AcquireFileLock } from "./composition.ts";

/**
 * The host's file lock, which the official plugin takes for an auth directory too. The subpath ships without types ("private-local"
 * in the host's terms), so this is the one place that names it; its typed twin `infra-runtime` costs 1.4 s to import.
 */
export async function loadFileLock(): Promise<AcquireFileLock> {
  // @ts-expect-error The subpath has no declarations; the guard below checks what is used of it.
  const loaded: unknown = await import("openclaw/plugin-sdk/file-lock");
  if (!isFileLock(loaded)) {
    throw new Error(
      "This OpenClaw has no file lock for plugins, so two programs could use one WhatsApp device; " +
        "install the OpenClaw version that the plugin's README names.",
    );
  }
  return loaded.acquireFileLock;
}

function isFileLock(value: unknown): value is { acquireFileLock: AcquireFileLock } {
  return (
    typeof value === "object" &&
    value !== null &&
    "acquireFileLock" in value &&
    typeof value.acquireFileLock === "function"
  );
}
