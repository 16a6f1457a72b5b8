import {
  attributes,
  count,
  type Infer,
  lazy,
  listOf,
  object,
  optional,
  type Shape,
  text,
} from "./schema.ts";

/**
 * What Baileys, Node or a proxy handed over when something failed: scrubbed of identities and secrets, not interpreted. Turning this
 * into facts and a cause is a pure function of the core, so a better classifier improves old recordings too.
 *
 * - `statusCode`: Boom's `output.statusCode` (a code is not a cause: rc14 gives 408 to six different failures).
 * - `errorCode`: Node's `error.code` (`ENOTFOUND`, `ERR_TLS_CERT_ALTNAME_INVALID`, `HPE_INVALID_CONSTANT`).
 * - `httpStatus`: status of the HTTP answer at the upgrade, or of a proxy's CONNECT answer when `via` is `proxy`.
 * - `tag` / `attrs`: the stanza Baileys keeps in Boom's `data` (`conflict`, `{ type: "replaced" }`; attributes of `<failure>`).
 * - `closeCode`: WebSocket close code where one arrived.
 */
export interface RawError {
  readonly name: string;
  readonly message: string;
  readonly statusCode?: number;
  readonly errorCode?: string;
  readonly syscall?: string;
  readonly httpStatus?: number;
  readonly via?: string;
  readonly tag?: string;
  readonly attrs?: Readonly<Record<string, string>>;
  readonly closeCode?: number;
  readonly errors?: readonly RawError[];
}

/** Inner errors of an AggregateError (happy eyeballs) kept per record. */
export const MAX_INNER_ERRORS = 4;
const MAX_ATTRIBUTES = 16;

export const rawError: Shape<RawError> = lazy("an error object", () => rawErrorFields);
const rawErrorFields: Shape<RawError> = object({
  name: text,
  message: text,
  statusCode: optional(count),
  errorCode: optional(text),
  syscall: optional(text),
  httpStatus: optional(count),
  via: optional(text),
  tag: optional(text),
  attrs: optional(attributes(MAX_ATTRIBUTES)),
  closeCode: optional(count),
  errors: optional(listOf(rawError, MAX_INNER_ERRORS)),
});
export type RawErrorShape = Infer<typeof rawErrorFields>;
