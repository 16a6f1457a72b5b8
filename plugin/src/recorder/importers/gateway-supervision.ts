import { errorOfValue } from "./reported-error.ts";
import { asObject } from "./log-line.ts";
import { durationMs, type Telling, type Template } from "./template.ts";

/* What the gateway's channel supervision, health monitor and host monitor write (2026.9.6). */

const MINUTE_MS = 60_000;

export const SUPERVISION_TEMPLATES: readonly Template[] = [
  {
    pattern: /(?:health-monitor|hot reload).*?restarting(?: \(reason: (?<reason>[\w-]+)\))?/,
    tell: (telling) => {
      decide(telling, "restart");
      telling.story.controllerStopped(telling.origin, "restart");
    },
  },
  {
    pattern: /skipping restart|auto-restart skipped|restarts\/hour limit, skipping/,
    tell: (telling) => decide(telling, "skip"),
  },
  {
    pattern: /giving up after \d+ restart attempts/,
    tell: (telling) => decide(telling, "give-up"),
  },
  {
    pattern: /auto-restart attempt \d+\/\d+ in (?<delay>[\d.]+\s*m?s)/,
    tell: (telling) => decide(telling, "retry", telling.match.groups?.["delay"]),
  },
  {
    pattern: /channel exited(?::\s*(?<error>.*)| without an error)/,
    tell: (telling) => {
      const given = telling.match.groups?.["error"];
      const structured = telling.line.fields["error"];
      const error = errorOfValue(structured, telling.scrub) ?? errorOfValue(given, telling.scrub);
      if (error !== null) {
        const key = `exit/${error.statusCode ?? error.message}`;
        telling.story.closed(telling.origin, error, key);
      }
      decide(telling, "exit");
    },
  },
  {
    pattern: /process was frozen ~(?<ms>\d+)ms/,
    tell: (telling) => stalled(telling, Number(telling.match.groups?.["ms"])),
  },
  {
    pattern: /eventLoopDelayMaxMs["=:\s]+(?<ms>\d+)/,
    tell: (telling) => stalled(telling, Number(telling.match.groups?.["ms"])),
  },
  {
    pattern: /channel stop (?:exceeded|timed out)/,
    tell: (telling) => decide(telling, "other"),
  },
  {
    pattern: /\bSIGTERM\b|\bSIGINT\b|gateway (?:shutting down|stopped)/,
    tell: ({ story, origin }) => {
      const accounts = story.accounts.length === 0 ? [origin.account] : story.accounts;
      for (const account of accounts) {
        story.controllerStopped({ ...origin, account }, "shutdown");
      }
    },
  },
];

/** Shorter stalls are the ordinary life of an event loop. */
const LONGEST_ORDINARY_STALL_MS = MINUTE_MS / 12;

/** A host that stood still says the same to every account it runs. */
function stalled({ story, origin }: Telling, stallMs: number): void {
  if (stallMs < LONGEST_ORDINARY_STALL_MS) return;
  const accounts = story.accounts.length === 0 ? [origin.account] : story.accounts;
  for (const account of accounts) {
    story.fact({ ...origin, account }, () => ({ kind: "loop.stalled", stallMs }));
  }
}

function decide(
  { story, origin, line }: Telling,
  decision: "restart" | "skip" | "give-up" | "retry" | "exit" | "other",
  delay?: string,
): void {
  const delayMs = durationMs(delay) ?? asObject(line.fields)["delayMs"];
  story.decided(origin, {
    by: "gateway",
    decision,
    ...(typeof delayMs === "number" ? { delayMs } : {}),
  });
}
