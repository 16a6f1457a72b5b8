/**
 * Lets a child end first when this process is told to end: it may have to tidy up. A terminal sends Ctrl-C to the child as
 * well, so it is only passed on when nobody sits at one.
 *
 * @param {import("node:child_process").ChildProcess} child
 */
export function forwardSignals(child) {
  process.on("SIGINT", () => {
    if (!process.stdin.isTTY) child.kill("SIGINT");
  });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGHUP", () => child.kill("SIGHUP"));
}
