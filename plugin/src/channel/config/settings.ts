import { SETTINGS_PATH } from "../identifiers.ts";

/*
 * The plugin's own settings, `plugins.entries.whatsapp-continuity.config`. One table says everything about a key: its type, range,
 * default and what it is for; the manifest's schema, the reader below and its error sentences all come from it.
 */

interface ChoiceSetting<V extends string = string> {
  readonly kind: "choice";
  readonly values: readonly V[];
  readonly default: V;
  readonly about: string;
}
interface NumberSetting {
  readonly kind: "number";
  readonly min: number;
  readonly max: number;
  readonly default: number;
  readonly about: string;
}
interface FlagSetting {
  readonly kind: "flag";
  readonly default: boolean;
  readonly about: string;
}
interface UrlSetting {
  readonly kind: "url";
  readonly default: string;
  readonly about: string;
}
/** A program with its arguments, run without a shell. */
interface CommandSetting {
  readonly kind: "command";
  readonly default: readonly string[];
  readonly about: string;
}
export type Setting = ChoiceSetting | NumberSetting | FlagSetting | UrlSetting | CommandSetting;

/** Bounds of a command: more than anybody writes by hand. */
export const COMMAND_LIMITS = { words: 32, characters: 1_000 } as const;

function choice<const V extends string>(
  values: readonly V[],
  fallback: NoInfer<V>,
  about: string,
): ChoiceSetting<V> {
  return { kind: "choice", values, default: fallback, about };
}
function whole(min: number, max: number, fallback: number, about: string): NumberSetting {
  return { kind: "number", min, max, default: fallback, about };
}

const lateAnswer = ["reply", "context", "off"] as const;

/** Every setting: section, key, and what it accepts. Names and sections are part of the public interface. */
export const SETTINGS = {
  keepalive: {
    mode: choice(
      ["presence-unavailable", "presence-available", "iq", "off"],
      "iq",
      "Stanza that keeps a quiet session from being cut by the server; presence-available also mutes notifications on the phone.",
    ),
    intervalSeconds: whole(30, 1_800, 240, "Time between session keepalives before jitter."),
    adaptive: {
      kind: "flag",
      default: true,
      about:
        "Answer drops that come at a regular distance, step by step: shorter intervals, the next mode, then rotateAfterMinutes where it is set.",
    },
    rotateAfterMinutes: whole(
      0,
      1_440,
      0,
      "Age at which a connection is replaced on purpose, in a quiet moment; with adaptive only after the other steps did not help. 0 never does.",
    ),
  },
  recovery: {
    maxDelaySeconds: whole(5, 900, 60, "Longest pause between two reconnect attempts."),
    attemptsPerHour: whole(6, 600, 60, "Upper bound of connect attempts in any hour."),
    conflictProbeMinutes: whole(
      0,
      1_440,
      0,
      "After another device took the session over: look once after this time; 0 waits for a person.",
    ),
  },
  backfill: {
    windowMinutes: whole(0, 20_160, 120, "How far back an outage is filled."),
    history: choice(
      ["evidence", "always", "off"],
      "evidence",
      "When the phone is asked for history: only when something is known to be missing, after every outage, or never.",
    ),
    requestsPerHour: whole(0, 60, 10, "Upper bound of history requests to the phone in any hour."),
    holdSeconds: whole(
      0,
      20,
      4,
      "How long a new message waits for what the phone may have from before it; what comes later is for the next turn. Each page that comes in renews it.",
    ),
  },
  late: {
    direct: choice(
      lateAnswer,
      "reply",
      "What becomes of a direct message that arrives late: an answer, context of the next turn, or nothing.",
    ),
    mention: choice(
      lateAnswer,
      "reply",
      "What becomes of a group mention that arrives late; as for direct.",
    ),
    group: choice(
      lateAnswer,
      "context",
      "What becomes of other group messages that arrive late; as for direct.",
    ),
    maxAgeMinutes: whole(
      1,
      20_160,
      120,
      "Older messages are not answered but become context of the next turn.",
    ),
    older: choice(
      ["off", "notify"],
      "off",
      "Whether the owner is told, in one message per outage, of messages that were too old to be answered.",
    ),
  },
  journal: {
    retentionDays: whole(1, 365, 14, "How long settled messages and sends are kept."),
    maxMegabytes: whole(8, 4_096, 256, "Size at which settled entries are removed early."),
    survives: choice(
      ["process-crash", "power-cut"],
      "process-crash",
      "What a message in the journal survives: any end of the process, or also the end of the machine, with one disk flush per write.",
    ),
  },
  log: {
    records: choice(
      ["lifecycle", "all", "off"],
      "lifecycle",
      "Which records go to the gateway's log; the ring buffer and the live event always get all.",
    ),
    identities: choice(
      ["pseudonyms", "none"],
      "pseudonyms",
      "How people and groups are named in records: stable pseudonyms, or not at all.",
    ),
  },
  alert: {
    afterMinutes: whole(
      0,
      1_440,
      0,
      "Tell the owner after an outage of this length; 0 never does.",
    ),
    webhookUrl: {
      kind: "url",
      default: "",
      about: "Where the alert is posted; https, or http to this machine.",
    },
    command: {
      kind: "command",
      default: [],
      about:
        "Program and arguments to run for an alert, without a shell; what happened is appended as further arguments.",
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Setting>>>>;

type Table = typeof SETTINGS;
export type Section = keyof Table;
type ValueOf<S> =
  S extends ChoiceSetting<infer V>
    ? V
    : S extends NumberSetting
      ? number
      : S extends FlagSetting
        ? boolean
        : S extends CommandSetting
          ? readonly string[]
          : string;
/** All settings of one account, defaults filled in; numbers in the unit their name says. */
export type Settings = {
  readonly [S in Section]: { readonly [K in keyof Table[S]]: ValueOf<Table[S][K]> };
};

/** A value that cannot be used, as one sentence with its cause and the next action. The default is used instead. */
export interface SettingsProblem {
  readonly path: string;
  readonly sentence: string;
}

/** Settings per account: the plugin-wide ones, overridden key by key under `accounts.<id>`. */
export interface SettingsReading {
  forAccount(accountId: string): Settings;
  readonly problems: readonly SettingsProblem[];
}

/** Most problems worth telling at once; the first ones name what to repair. */
const MAX_PROBLEMS = 20;

/**
 * Reads the settings as OpenClaw hands them over. Never throws: OpenClaw refuses a config that the manifest's schema refuses, so
 * a problem here means a hand-edited or foreign config, and the account should run on defaults rather than not at all.
 */
export function readSettings(raw: unknown): SettingsReading {
  const problems: SettingsProblem[] = [];
  const report = (path: string, sentence: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push({ path, sentence });
  };
  const root = readObject(raw, SETTINGS_PATH, report);
  const { accounts, ...shared } = root;
  const base = readSections(shared, SETTINGS_PATH, defaultSettings(), report);
  const byAccount = new Map<string, Settings>();
  const accountsPath = `${SETTINGS_PATH}.accounts`;
  for (const [id, value] of Object.entries(readObject(accounts, accountsPath, report))) {
    const path = `${accountsPath}.${id}`;
    byAccount.set(id, readSections(readObject(value, path, report), path, base, report));
  }
  return { forAccount: (accountId) => byAccount.get(accountId) ?? base, problems };
}

export function defaultSettings(): Settings {
  const sections = Object.entries(SETTINGS).map(([section, keys]) => [
    section,
    Object.fromEntries(Object.entries(keys).map(([key, setting]) => [key, setting.default])),
  ]);
  // The table gives both the keys and the value types, which Object.fromEntries cannot see.
  return Object.fromEntries(sections) as Settings;
}

type Report = (path: string, sentence: string) => void;

function readSections(
  raw: Readonly<Record<string, unknown>>,
  path: string,
  base: Settings,
  report: Report,
): Settings {
  const sections: Record<string, Record<string, unknown>> = structuredClone(base);
  for (const [section, value] of Object.entries(raw)) {
    const known = (SETTINGS as Readonly<Record<string, Readonly<Record<string, Setting>>>>)[
      section
    ];
    const target = sections[section];
    const sectionPath = `${path}.${section}`;
    if (known === undefined || target === undefined) {
      report(sectionPath, unknownKey(sectionPath, Object.keys(SETTINGS)));
      continue;
    }
    for (const [key, item] of Object.entries(readObject(value, sectionPath, report))) {
      const itemPath = `${sectionPath}.${key}`;
      const setting = known[key];
      if (setting === undefined) report(itemPath, unknownKey(itemPath, Object.keys(known)));
      else if (fits(setting, item)) target[key] = item;
      else report(itemPath, misfit(itemPath, setting, item, target[key]));
    }
  }
  return sections as unknown as Settings;
}

function fits(setting: Setting, value: unknown): boolean {
  switch (setting.kind) {
    case "choice":
      return setting.values.some((known) => known === value);
    case "number":
      return (
        typeof value === "number" &&
        Number.isSafeInteger(value) &&
        value >= setting.min &&
        value <= setting.max
      );
    case "flag":
      return typeof value === "boolean";
    case "url":
      return typeof value === "string" && (value === "" || isAllowedUrl(value));
    case "command":
      return isCommand(value);
  }
}

function isCommand(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > COMMAND_LIMITS.words) return false;
  const isText = (word: unknown): boolean =>
    typeof word === "string" && word.length <= COMMAND_LIMITS.characters && !word.includes("\0");
  return value.every(isText) && value[0] !== "";
}

/** Alerts carry an outage's cause: they leave this machine only over TLS. */
function isAllowedUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
}

/** What a setting accepts, as the end of a sentence. */
export function expectation(setting: Setting): string {
  switch (setting.kind) {
    case "choice":
      return `one of ${setting.values.join(", ")}`;
    case "number":
      return `a whole number from ${setting.min} to ${setting.max}`;
    case "flag":
      return "true or false";
    case "url":
      return "an https address, an http address of this machine, or empty";
    case "command":
      return `a list of at most ${COMMAND_LIMITS.words} texts, a program and its arguments, or an empty list`;
  }
}

function misfit(path: string, setting: Setting, value: unknown, used: unknown): string {
  return (
    `${path} cannot be ${shown(setting, value)}, only ${expectation(setting)}: ${shown(setting, used)} is used until you correct it, ` +
    `for example with \`openclaw config set ${path} ${JSON.stringify(setting.default)}\`.`
  );
}

/** An address or an argument may carry a token of the service behind it, so neither is ever repeated. */
function shown(setting: Setting, value: unknown): string {
  if (value === setting.default) return JSON.stringify(value);
  if (setting.kind === "url") return "this address";
  return setting.kind === "command" ? "this command" : JSON.stringify(value);
}

function unknownKey(path: string, known: readonly string[]): string {
  return `${path} is not a setting and is ignored; use one of ${known.join(", ")}, or run \`openclaw config unset ${path}\`.`;
}

function readObject(
  value: unknown,
  path: string,
  report: Report,
): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  report(
    path,
    `${path} must be an object, not ${JSON.stringify(value)}; defaults are used until you run \`openclaw config unset ${path}\`.`,
  );
  return {};
}
