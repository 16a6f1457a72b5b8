import type { Mutation } from "./mutations.ts";

const RECEIVED = ["test/baileys/received-media.test.ts"];
const DESK = ["src/runtime/media-desk.test.ts"];

/** Protections of and against what people send as files. */
export const MEDIA_MUTATIONS: readonly Mutation[] = [
  {
    name: "a file is fetched from WhatsApp's hosts only",
    file: "src/baileys/media-reference.ts",
    from: "MEDIA_HOST.test(stated.hostname);",
    to: "true;",
    tests: RECEIVED,
  },
  {
    name: "a file is what its sender sent",
    file: "src/baileys/media-source.ts",
    from: "if (sha256 !== null && ",
    to: "if (sha256 === null && ",
    tests: RECEIVED,
  },
  {
    name: "a file is no larger than allowed, whatever its message says",
    file: "src/baileys/media-source.ts",
    from: "if (bytes > maxBytes) throw",
    to: "if (bytes < 0) throw",
    tests: RECEIVED,
  },
  {
    name: "an expired link is renewed by the phone",
    file: "src/baileys/media-source.ts",
    from: 'if (NOT_FOUND.has(status)) return "expired";',
    to: "",
    tests: RECEIVED,
  },
  {
    name: "a file does not hold its chat up for more than a minute",
    file: "src/runtime/media-desk.ts",
    from: "this.#timers.start(MEDIA_LIMITS.perFileMs, () => over.abort());",
    to: "this.#timers.start(MEDIA_LIMITS.perFileMs, () => undefined);",
    tests: DESK,
  },
  {
    name: "the number of files that wait is bounded",
    file: "src/runtime/media-desk.ts",
    from: "if (this.#waiting.length >= MEDIA_LIMITS.waiting) throw",
    to: "if (this.#waiting.length < 0) throw",
    tests: DESK,
  },
  {
    name: "a server that stumbles is asked again",
    file: "src/runtime/media-desk.ts",
    from: 'error.problem !== "unreachable") throw error;',
    to: 'error.problem !== "expired") throw error;',
    tests: RECEIVED,
  },
];
