import type { OpenClawPluginApi } from "openclaw/plugin-sdk/channel-core";
import { listAccountIds } from "../accounts/account.ts";
import { choice, closed, type JsonSchema } from "../config/json-schema.ts";
import { LOGIN_TOOL } from "../identifiers.ts";
import type { PluginInstance } from "../plugin-instance.ts";
import type { GatewayLogin, LoginAnswer } from "./gateway-login.ts";

type Registered = Parameters<OpenClawPluginApi["registerTool"]>[0];
type Factory = Extract<Registered, { readonly contextVersion: 2 }>;
type Context = Parameters<Factory["create"]>[0];
type Tool = Exclude<NonNullable<ReturnType<Factory["create"]>>, readonly unknown[]>;

const ACTIONS = ["status", "restart", "relink"] as const;
type Action = (typeof ACTIONS)[number];

const PARAMETERS: JsonSchema = {
  ...closed({
    action: {
      ...choice(...ACTIONS),
      description:
        "status: where the account stands and why. restart: connect anew now, also when it waits or is blocked. relink: give up the linked device and show a QR code for a new one.",
    },
    accountId: {
      type: "string",
      description: "Account of the channel whatsapp; the default account when left out.",
    },
  }),
  required: ["action"],
};

/**
 * `whatsapp_login`: an owner asks in words what is the matter with WhatsApp, and has it connected or linked anew, without a shell on the
 * gateway's machine. Offered to owners only; the host is asked again before anything is changed.
 */
export function registerLoginTool(api: OpenClawPluginApi, instance: PluginInstance): void {
  api.registerTool(
    {
      contextVersion: 2,
      create: (context) =>
        context.senderIsOwner === true ? createLoginTool(instance, context) : null,
    },
    { name: LOGIN_TOOL },
  );
}

function createLoginTool(instance: PluginInstance, context: Context): Tool {
  return {
    name: LOGIN_TOOL,
    label: "WhatsApp Login",
    description:
      "Says where the WhatsApp connection stands, connects it anew, or links it to a phone by QR code.",
    parameters: PARAMETERS,
    executionMode: "sequential",
    execute: async (_callId: string, given: unknown, signal?: AbortSignal) => {
      const { action, accountId } = readArguments(given, listAccountIds(instance.config()));
      const authorise = (): void => {
        context.assertInvocationCurrent();
        if (signal?.aborted === true)
          throw new Error("The request was ended, nothing was changed.");
      };
      return reply(await carryOut(instance.login(), action, accountId, authorise));
    },
  };
}

function carryOut(
  login: GatewayLogin,
  action: Action,
  accountId: string | undefined,
  authorise: () => void,
): Promise<LoginAnswer> {
  switch (action) {
    case "status":
      return login.status(accountId);
    case "restart":
      return login.restart(accountId, authorise);
    case "relink":
      return login.relink(accountId, authorise);
  }
}

/** @throws Error with what to write instead */
function readArguments(
  given: unknown,
  configured: readonly string[],
): { readonly action: Action; readonly accountId: string | undefined } {
  const { action, accountId } = (given ?? {}) as Readonly<Record<string, unknown>>;
  const known = ACTIONS.find((each) => each === action);
  if (known === undefined) throw new Error(`action must be one of ${ACTIONS.join(", ")}.`);
  if (accountId === undefined || accountId === "") return { action: known, accountId: undefined };
  if (typeof accountId !== "string" || !configured.includes(accountId)) {
    throw new Error(`There is no such WhatsApp account; configured are ${configured.join(", ")}.`);
  }
  return { action: known, accountId };
}

function reply({ message, qrDataUrl, connected }: LoginAnswer) {
  const picture = qrDataUrl === undefined ? "" : `\n\n![whatsapp-qr](${qrDataUrl})`;
  return {
    content: [{ type: "text" as const, text: `${message}${picture}` }],
    details: { connected: connected ?? false, qr: qrDataUrl !== undefined },
  };
}
