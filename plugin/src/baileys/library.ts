import { quietLibsignal } from "./quiet-libsignal.ts";

/** The library's module namespace. Only types are imported statically, so that nothing is loaded before an account starts. */
export type Baileys = typeof import("@whiskeysockets/baileys");
export type {
  AnyMessageContent,
  AuthenticationCreds,
  AuthenticationState,
  BaileysEventMap,
  BinaryNode,
  GroupMetadata,
  MiscMessageGenerationOptions,
  SignalDataSet,
  SignalDataTypeMap,
  SignalKeyStore,
  SignalKeyStoreWithTransaction,
  UserFacingSocketConfig,
  WAMessage,
  WAMessageKey,
  WASocket,
  WAVersion,
  proto,
} from "@whiskeysockets/baileys";

let loading: Promise<Baileys> | undefined;

/**
 * Loads Baileys once (about half a second). libsignal gets its silent console first, because a module reads its globals when its code
 * is evaluated and Baileys evaluates libsignal while it loads.
 */
export function loadBaileys(): Promise<Baileys> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Baileys> {
  quietLibsignal();
  return import("@whiskeysockets/baileys");
}
