/** The only folder that knows Baileys. Importing it loads nothing of the library; the first socket does. */
export { createCredentialStore } from "./credential-store.ts";
export { createMediaSource } from "./media-source.ts";
export { type AcquireFileLock, createOwnerLock } from "./owner-lock.ts";
export { environmentProxy } from "./proxy.ts";
export type { LibraryWarning } from "./quiet-logger.ts";
export { createSocketFactory } from "./socket-factory.ts";
export type { SocketFactoryOptions, SocketTiming } from "./socket-options.ts";
export { type SocketUrl, socketUrlFrom } from "./socket-url.ts";
export { createVersionSource } from "./version-source.ts";
