import {
  type KeepaliveDay,
  liveKeepaliveDay,
  MODES,
  RESET_RULES,
  type ResetRule,
} from "./keepalive-day.ts";
import type { SeededRun, Simulation, Table, Violation } from "./simulation.ts";

const DAY_MS = 86_400_000;
const RULES = Object.keys(RESET_RULES) as ResetRule[];

/** Mode by rule: how often a quiet account is cut, and where the ladder ends. Real Baileys, hence slow: a few seconds for each day. */
export const KEEPALIVE: Simulation = {
  name: "keepalive",
  summary: `a server that cuts quiet sessions by the clock: ${MODES.length} modes by ${RULES.length} rules`,
  onRequest: true,
  once: true,
  async run(seed, days, say): Promise<SeededRun> {
    const cells: KeepaliveDay[] = [];
    for (const mode of MODES) {
      for (const rule of RULES) {
        const cell = await liveKeepaliveDay(mode, rule, days, seed);
        cells.push(cell);
        say(`${mode}, timer reset by ${rule}: ${told(cell)}`);
      }
    }
    return {
      virtualMs: cells.length * days * DAY_MS,
      violations: cells.flatMap(violationsOf),
      records: [],
      table: gridOf(cells, days),
    };
  },
};

function gridOf(cells: readonly KeepaliveDay[], days: number): Table {
  return {
    title: `Drops of a quiet account in ${days * 24} virtual hours, and the mode in which it ends`,
    columns: ["timer reset by", ...MODES],
    rows: RULES.map((rule) => [
      rule,
      ...MODES.map((mode) => {
        const cell = cells.find((each) => each.mode === mode && each.rule === rule);
        return cell === undefined ? "" : told(cell);
      }),
    ]),
  };
}

function told({ drops, endsIn, intervalMs }: KeepaliveDay): string {
  return endsIn === "off" ? `${drops}, off` : `${drops}, ${endsIn} every ${intervalMs / 1_000} s`;
}

/** Stanzas of each mode that can reset a timer; the transport's own pings are there in every mode. */
const SPEAKS = {
  iq: ["iq", "ping", "any"],
  "presence-unavailable": ["presence", "ping", "any"],
  "presence-available": ["presence", "ping", "any"],
  off: ["ping", "any"],
} as const satisfies Record<KeepaliveDay["mode"], readonly ResetRule[]>;

function violationsOf(cell: KeepaliveDay): readonly Violation[] {
  const { mode, rule, drops, endsIn, modesUsed } = cell;
  const speaks: readonly ResetRule[] = SPEAKS[mode];
  const detail = `${mode}, timer reset by ${rule}: ${told(cell)}`;
  const broken: readonly (readonly [string, boolean])[] = [
    ["keepalive/cut although it speaks", speaks.includes(rule) && drops > 0],
    [
      "keepalive/phone muted unasked",
      mode !== "presence-available" && modesUsed.has("presence-available"),
    ],
    ["keepalive/off is not off", mode === "off" && (modesUsed.size > 0 || endsIn !== "off")],
    // The ladder has three rungs, found after four drops and three more each.
    ["keepalive/ladder did not help", mode === "iq" && rule === "presence" && drops > 10],
    [
      "keepalive/ladder did not help",
      mode === "presence-unavailable" && rule === "iq" && drops > 10,
    ],
  ];
  return broken.flatMap(([name, isBroken]) => (isBroken ? [{ rule: name, detail }] : []));
}
