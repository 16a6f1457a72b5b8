/** Holds the lock of a credentials folder as another gateway would, until it is killed. */
// The subpath has no types.
const subpath = "openclaw/plugin-sdk/file-lock";
const { acquireFileLock } = (await import(subpath)) as {
  readonly acquireFileLock: (path: string, options: object) => Promise<unknown>;
};
await acquireFileLock(process.argv[2] ?? "", {
  retries: { retries: 0, factor: 1, minTimeout: 1, maxTimeout: 1 },
  stale: 300_000,
  staleRecovery: "remove-if-unchanged",
});
process.stdout.write("held\n");
setInterval(() => undefined, 1_000);
