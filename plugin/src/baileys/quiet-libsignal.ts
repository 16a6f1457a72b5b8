import { readFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import path from "node:path";
import { inspect } from "node:util";
import { compileFunction } from "node:vm";

/*
 * libsignal 6.0.0 prints through the global `console`: whole session records with their private keys when a session is closed
 * ("Closing session:", src/session_record.js), and a stack per message that does not decrypt (src/session_cipher.js). The gateway's
 * console belongs to the gateway and must not be wrapped. So libsignal's unmodified files are evaluated here with a `console` of their
 * own as one more parameter of the CommonJS wrapper, and put into the module cache where Baileys finds them. Nothing else changes.
 */

/** `quiet`: no line of libsignal reaches the gateway's console. `redacted`: somebody loaded it before us; records print without keys. */
export type LibsignalSilence = "quiet" | "redacted";

const WRAPPER_PARAMETERS = ["exports", "require", "module", "__filename", "__dirname", "console"];
/** Marks modules that were evaluated here, also when a later copy of this code (a plugin reload) asks. */
const MARK = Symbol.for("openclaw-whatsapp-continuity.quiet-libsignal");

/** Makes libsignal silent. Must run before Baileys is imported; calling it again does nothing. */
export function quietLibsignal(): LibsignalSilence {
  const requireBeside = createRequire(
    createRequire(import.meta.url).resolve("@whiskeysockets/baileys"),
  );
  const entry = requireBeside.resolve("libsignal");
  const cached = requireBeside.cache[entry];
  if (cached !== undefined) {
    if (MARK in cached) return "quiet";
    redactSessionEntries(requireBeside(entry));
    return "redacted";
  }
  const root = path.dirname(entry) + path.sep;
  evaluateSilently(entry, root);
  // Baileys imports this file by itself, beside the package's entry.
  evaluateSilently(requireBeside.resolve("libsignal/src/protobufs.js"), root);
  return "quiet";
}

/** Evaluates one CommonJS file and, through its own `require`, every file of the package it needs. */
function evaluateSilently(filename: string, root: string): unknown {
  const nodeRequire = createRequire(filename);
  const cached = nodeRequire.cache[filename];
  if (cached !== undefined) return cached.exports;

  const module = new Module(filename);
  module.filename = filename;
  Object.defineProperty(module, MARK, { value: true });
  // Before evaluation, as Node does it: files of the package require each other in cycles.
  nodeRequire.cache[filename] = module;
  const packageRequire = (request: string): unknown => {
    const resolved = nodeRequire.resolve(request);
    return resolved.startsWith(root) && resolved.endsWith(".js")
      ? evaluateSilently(resolved, root)
      : nodeRequire(request);
  };
  const body = compileFunction(readFileSync(filename, "utf8"), WRAPPER_PARAMETERS, { filename });
  body.call(
    module.exports,
    module.exports,
    packageRequire,
    module,
    filename,
    path.dirname(filename),
    SILENT_CONSOLE,
  );
  module.loaded = true;
  return module.exports;
}

/** Answers every console method with nothing. What failed reaches us as an error of the call that failed. */
const SILENT_CONSOLE: unknown = new Proxy({}, { get: () => () => undefined });

/** Second line of defence: the objects themselves print without their keys, wherever they are printed. */
function redactSessionEntries(libsignal: unknown): void {
  const { SessionRecord } = libsignal as {
    readonly SessionRecord: { createEntry(): object };
  };
  const entryPrototype: unknown = Object.getPrototypeOf(SessionRecord.createEntry());
  if (typeof entryPrototype !== "object" || entryPrototype === null) return;
  Object.defineProperty(entryPrototype, inspect.custom, {
    value: () => "[session record]",
    configurable: true,
  });
}
