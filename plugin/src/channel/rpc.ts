import type { OpenClawPluginApi } from "openclaw/plugin-sdk/channel-core";
import { outageLine } from "../events/index.ts";
import { systemClock } from "../runtime/system-ports.ts";
import { defaultAccountId, listAccountIds } from "./accounts/account.ts";
import type { AccountAtWork } from "./accounts-at-work.ts";
import type { PluginInstance } from "./plugin-instance.ts";

type Handler = Parameters<OpenClawPluginApi["registerGatewayMethod"]>[1];
type Params = Readonly<Record<string, unknown>>;

/** Records per answer: a page, not the whole ring. */
const MAX_RECORDS = 1_000;
const DEFAULT_RECORDS = 200;

/** A request that cannot be carried out as it was put; the sentence says what to change. */
class BadRequest extends Error {}

/**
 * `whatsappContinuity.status`, `.outages` and `.records` for everybody who may read, `.capture`, `.restart` and `.messages` for administrators. Answers are described in the
 * interface page: status version 1 per account, records as they are in a log.
 */
export function registerRpc(api: OpenClawPluginApi, instance: PluginInstance): void {
  type Method = [
    name: string,
    scope: "operator.read" | "operator.admin",
    answer: (params: Params) => unknown,
  ];
  const methods: readonly Method[] = [
    ["status", "operator.read", (params) => status(instance, params)],
    ["outages", "operator.read", (params) => outages(instance, params)],
    ["records", "operator.read", (params) => records(instance, params)],
    ["capture", "operator.admin", (params) => capture(instance, params)],
    ["restart", "operator.admin", (params) => restart(instance, params)],
    ["messages", "operator.admin", (params) => messages(instance, params)],
  ];
  for (const [name, scope, answer] of methods) {
    api.registerGatewayMethod(`whatsappContinuity.${name}`, handler(answer), { scope });
  }
}

function handler(answer: (params: Params) => unknown): Handler {
  return async ({ params, respond }) => {
    try {
      respond(true, await answer(params));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const code = error instanceof BadRequest ? "INVALID_REQUEST" : "UNAVAILABLE";
      respond(false, undefined, { code, message });
    }
  };
}

function status(instance: PluginInstance, params: Params): unknown {
  const only = optionalText(params, "accountId");
  const accounts = instance.accounts
    .all()
    .filter((account) => only === undefined || account.accountId === only);
  if (only !== undefined && accounts.length === 0) {
    throw new BadRequest(notAtWork(instance, only));
  }
  const composition = instance.startedComposition();
  return {
    version: 1,
    accounts: accounts.map(({ runtime }) => runtime.status()),
    problems: instance.issues(),
    ...(composition === null ? {} : { recorder: composition.recorderStatus() }),
    journals: Object.fromEntries(
      accounts.map((account) => [account.accountId, account.journalStatus()]),
    ),
  };
}

/** Outages per answer and account: the journal keeps them beyond what a status shows. */
const MAX_OUTAGES = 200;
const DEFAULT_OUTAGES = 20;

/** The accounts of past outages, also of earlier runs, newest first; one that lasts is in the status. */
function outages(instance: PluginInstance, params: Params): unknown {
  const only = optionalText(params, "accountId");
  const limit = optionalCount(params, "limit") ?? DEFAULT_OUTAGES;
  if (limit < 1 || limit > MAX_OUTAGES) {
    throw new BadRequest(`limit must be a whole number from 1 to ${MAX_OUTAGES}.`);
  }
  const accounts = only === undefined ? instance.accounts.all() : [accountOf(instance, params)];
  const nowMs = systemClock.wallMs();
  return {
    accounts: accounts.map(({ accountId, journal, runtime }) => ({
      accountId,
      current: runtime.status().outages.find(({ endedAt }) => endedAt === null) ?? null,
      outages: journal.recentOutages(limit).map((outage) => ({
        ...outage,
        line: outageLine(outage, -new Date(outage.startedAtMs).getTimezoneOffset(), nowMs),
      })),
    })),
  };
}

function records(instance: PluginInstance, params: Params): unknown {
  const composition = instance.startedComposition();
  const accountId = optionalText(params, "accountId");
  const fromSeq = optionalCount(params, "fromSeq");
  const limit = optionalCount(params, "limit") ?? DEFAULT_RECORDS;
  if (limit < 1 || limit > MAX_RECORDS) {
    throw new BadRequest(`limit must be a whole number from 1 to ${MAX_RECORDS}.`);
  }
  if (composition === null) return { boot: "", fromSeq: 0, records: [], dropped: 0 };
  return composition.records({
    limit,
    ...(accountId === undefined ? {} : { accountId }),
    ...(fromSeq === undefined ? {} : { fromSeq }),
  });
}

/** Minutes of an incident when the caller does not say. */
const DEFAULT_CAPTURE_MINUTES = 30;
const MAX_CAPTURE_MINUTES = 7 * 24 * 60;

function capture(instance: PluginInstance, params: Params): unknown {
  const composition = instance.startedComposition();
  if (composition === null)
    throw new BadRequest("No account has run yet, so there is nothing to capture.");
  const since = captureSince(params);
  const accountId = optionalText(params, "accountId");
  const title = optionalText(params, "title");
  return composition.capture({
    since,
    ...(accountId === undefined ? {} : { accountId }),
    ...(title === undefined ? {} : { title }),
  });
}

/** `minutes`, or `since: "healthy"` for everything since the connection was last lost. */
function captureSince(params: Params): number | "healthy" {
  const since = optionalText(params, "since");
  const minutes = optionalCount(params, "minutes");
  if (since !== undefined && (since !== "healthy" || minutes !== undefined)) {
    throw new BadRequest('since must be "healthy", without minutes.');
  }
  if (since === "healthy") return since;
  if (minutes !== undefined && (minutes < 1 || minutes > MAX_CAPTURE_MINUTES)) {
    throw new BadRequest(`minutes must be a whole number from 1 to ${MAX_CAPTURE_MINUTES}.`);
  }
  return minutes ?? DEFAULT_CAPTURE_MINUTES;
}

async function restart(instance: PluginInstance, params: Params): Promise<unknown> {
  const { accountId, runtime } = accountOf(instance, params);
  await runtime.restart();
  return { accountId, restarted: true };
}

const MAX_MESSAGES = 5_000;
const DEFAULT_MESSAGES = 500;
const DEFAULT_MESSAGES_SINCE_MS = 24 * 60 * 60 * 1000;

/** Texts and addresses from the journal, for those who summarise a group: the answer goes to its caller and into no log. */
function messages(instance: PluginInstance, params: Params): unknown {
  const account = accountOf(instance, params);
  const limit = optionalCount(params, "limit") ?? DEFAULT_MESSAGES;
  if (limit < 1 || limit > MAX_MESSAGES) {
    throw new BadRequest(`limit must be a whole number from 1 to ${MAX_MESSAGES}.`);
  }
  const chat = optionalText(params, "chat");
  const sinceMs =
    optionalCount(params, "sinceMs") ?? systemClock.wallMs() - DEFAULT_MESSAGES_SINCE_MS;
  const found = account.messages({ sinceMs, limit, ...(chat === undefined ? {} : { chat }) });
  return { accountId: account.accountId, messages: found };
}

function accountOf(instance: PluginInstance, params: Params): AccountAtWork {
  const accountId = optionalText(params, "accountId") ?? defaultAccountId(instance.config());
  const account = instance.accounts.get(accountId);
  if (account === null) throw new BadRequest(notAtWork(instance, accountId));
  return account;
}

function notAtWork(instance: PluginInstance, accountId: string): string {
  const configured = listAccountIds(instance.config());
  return configured.includes(accountId)
    ? `WhatsApp account ${accountId} does not run; start it with \`openclaw gateway call channels.start --params '{"channel":"whatsapp","accountId":"${accountId}"}'\`.`
    : `There is no WhatsApp account ${accountId}; configured are ${configured.join(", ")}.`;
}

function optionalText(params: Params, name: string): string | undefined {
  const value = params[name];
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value === "") {
    throw new BadRequest(`${name} must be a text that is not empty.`);
  }
  return value;
}

function optionalCount(params: Params, name: string): number | undefined {
  const value = params[name];
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new BadRequest(`${name} must be a whole number from 0.`);
  }
  return value;
}
