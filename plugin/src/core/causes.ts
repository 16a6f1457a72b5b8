import type { BackoffProfile } from "./backoff.ts";

/**
 * What a cause asks for: `transient` reconnects for ever, `restart` at once, `refresh` after a version look-up, `conflict`
 * first asks whether it was ourselves, `confirm` believes a rejection only after several, `wait` until the server's own
 * time, `permanent` needs a person.
 */
export type CauseClass =
  | "transient"
  | "restart"
  | "refresh"
  | "conflict"
  | "confirm"
  | "wait"
  | "permanent";

/** One way a connection can fail to start or end, with what a person needs to know and can do. */
export interface Cause {
  readonly class: CauseClass;
  readonly backoff: BackoffProfile;
  /** The network itself is suspected: the resolver is probed while waiting. */
  readonly network: boolean;
  readonly sentence: string;
  readonly action: string;
}

const RELINK = "Link again: openclaw channels login --channel whatsapp";
const SELF_HEALING = "Nothing to do: it reconnects by itself";

function network(sentence: string, action: string): Cause {
  return { class: "transient", backoff: "normal", network: true, sentence, action };
}
function transient(sentence: string, action: string, backoff: BackoffProfile = "normal"): Cause {
  return { class: "transient", backoff, network: false, sentence, action };
}
function permanent(sentence: string, action: string): Cause {
  return { class: "permanent", backoff: "long", network: false, sentence, action };
}

/**
 * The catalogue. Ids name the cause, never a code: rc14 gives 408 to keepalive loss, DNS, refused connections, TLS host names
 * and expired QR codes, and one text to both 440 and 401. No two causes share sentence and action.
 */
export const CAUSES = {
  "dns-not-found": network(
    "The name web.whatsapp.com does not resolve (ENOTFOUND).",
    "It reconnects as soon as the resolver answers; check DNS and the internet connection",
  ),
  "dns-temporary": network(
    "The resolver gave no answer (EAI_AGAIN).",
    "It reconnects as soon as the resolver answers; check whether the DNS server is reachable",
  ),
  "tcp-refused": network(
    "The connection to WhatsApp was refused.",
    "Check firewall and proxy; it keeps trying",
  ),
  "tcp-reset": network(
    "The connection was reset while it was being made.",
    "Check firewall and proxy if this stays; it keeps trying",
  ),
  "tcp-timeout": network(
    "The connection to WhatsApp timed out.",
    "Check the internet connection; it keeps trying",
  ),
  "tcp-unreachable": network(
    "The network to WhatsApp is unreachable.",
    "Check the network interface and routes; it keeps trying",
  ),
  "tcp-hangup": network(
    "The other side hung up before answering.",
    "Check proxy or firewall if this stays; it keeps trying",
  ),
  "tcp-broken": network("The connection broke while writing.", SELF_HEALING),
  "handshake-timeout": network(
    "WhatsApp did not answer the connection request in time.",
    "Check proxy or firewall if this stays; it keeps trying",
  ),
  "tls-untrusted": transient(
    "The server's certificate is not trusted: something between here and WhatsApp presents its own.",
    "Check for a TLS inspecting proxy and add its CA by NODE_EXTRA_CA_CERTS",
    "long",
  ),
  "tls-expired": transient(
    "The server's certificate has expired, or this machine's clock is wrong.",
    "Check date and time of this machine",
    "long",
  ),
  "tls-wrong-host": transient(
    "The certificate is for another host name.",
    "Check proxy and DNS: web.whatsapp.com leads somewhere else",
    "long",
  ),
  "tls-protocol": transient(
    "The TLS handshake failed: the other side does not speak TLS.",
    "Check the proxy setting and any override of the WhatsApp address",
  ),
  "proxy-auth": transient(
    "The proxy asks for a user name and password (407).",
    "Put the credentials into HTTPS_PROXY",
    "long",
  ),
  "proxy-refused": transient(
    "The proxy refused the connection to WhatsApp.",
    "Allow web.whatsapp.com:443 in the proxy",
    "long",
  ),
  "http-forbidden": transient(
    "WhatsApp, or something before it, answered the connection request with a refusal (HTTP 401 or 403).",
    "Check for a filtering proxy; it keeps trying slowly",
    "long",
  ),
  "http-rate-limited": transient(
    "WhatsApp limits the connection rate (HTTP 429).",
    "Wait: it retries slowly on purpose",
    "long",
  ),
  "http-unavailable": transient(
    "WhatsApp is unavailable (HTTP 502, 503 or 504 at the connection request).",
    SELF_HEALING,
  ),
  "http-error": transient(
    "WhatsApp answered the connection request with a server error.",
    SELF_HEALING,
  ),
  "http-unexpected": transient(
    "The connection request got an answer that WhatsApp does not give (redirect or client error).",
    "Check for a captive portal or proxy; it keeps trying",
  ),
  "not-http": transient(
    "The answer was not HTTP.",
    "Check the proxy setting and any override of the WhatsApp address; it keeps trying",
  ),
  "noise-timeout": network(
    "WhatsApp accepted the connection but did not answer the encryption handshake.",
    SELF_HEALING,
  ),
  "noise-garbage": transient(
    "The encryption handshake was answered with unreadable bytes.",
    "Check for something that rewrites WebSocket traffic; it keeps trying",
  ),
  "noise-certificate": transient(
    "The server's handshake certificate was issued by somebody else.",
    "Check for something that intercepts WebSocket traffic; it keeps trying slowly",
    "long",
  ),
  "connect-limit": network(
    "The login was not completed in time although the connection stood.",
    SELF_HEALING,
  ),
  "transport-silence": network(
    "The connection went silent: nothing came back any more.",
    SELF_HEALING,
  ),
  "session-deaf": transient(
    "The session answered pings but delivered nothing.",
    "Nothing to do: the session is replaced",
  ),
  "queue-blocked": transient(
    "WhatsApp announced waiting messages and did not deliver them.",
    "Nothing to do: the session is replaced, at growing intervals if this stays",
  ),
  "decryption-storm": transient(
    "Message after message could not be decrypted, also with new keys.",
    "Nothing to do at first: the session is replaced. Link again if this stays",
  ),
  "closed-by-server": transient("WhatsApp closed the connection.", SELF_HEALING),
  "stream-ended": transient("WhatsApp ended the stream in an orderly way.", SELF_HEALING),
  "stream-unavailable": transient(
    "WhatsApp's service is restarting or overloaded (503).",
    SELF_HEALING,
  ),
  "stream-internal": transient("WhatsApp reported an internal error (500).", SELF_HEALING),
  "stream-malformed": transient(
    "WhatsApp could not read a stanza we sent.",
    "Report it with a capture: whatsapp-continuity capture",
  ),
  "stream-unacked": transient(
    "WhatsApp is still owed an acknowledgement and recycled the stream.",
    SELF_HEALING,
  ),
  "stream-other": transient(
    "WhatsApp ended the stream for a reason not in the catalogue.",
    SELF_HEALING,
  ),
  "restart-required": {
    class: "restart",
    backoff: "at-once",
    network: false,
    sentence: "WhatsApp asked for a restart of the connection (515).",
    action: "Nothing to do: normal after linking",
  },
  "planned-rotation": {
    class: "restart",
    backoff: "at-once",
    network: false,
    sentence: "The connection was replaced as planned, before the server's next regular cut.",
    action: "Nothing to do; keepalive.rotateAfterMinutes 0 switches it off",
  },
  "stream-replaced": {
    class: "conflict",
    backoff: "normal",
    network: false,
    sentence: "Another connection with the same credentials took over (440).",
    action: "Wait: it is checked who that was",
  },
  "device-removed": permanent("This device was removed on the phone.", RELINK),
  "stream-logged-out": permanent("WhatsApp logged this device out (516).", RELINK),
  "login-rejected": {
    class: "confirm",
    backoff: "normal",
    network: false,
    sentence: "WhatsApp rejected the login (401) without saying that the device was removed.",
    action: "Wait: it is believed only after three more tries in a row, up to ten minutes apart",
  },
  "logged-out": permanent("WhatsApp kept rejecting the login (401), also after waiting.", RELINK),
  "temporary-ban": {
    class: "wait",
    backoff: "long",
    network: false,
    sentence: "WhatsApp banned this number for a limited time (402).",
    action: "Wait until the ban ends; send less to people who did not write first",
  },
  "account-locked": permanent(
    "WhatsApp locked the account or lost its main device (403).",
    "Open WhatsApp on the phone, solve what it shows, then link again",
  ),
  "account-banned": permanent(
    "WhatsApp banned this number (406).",
    "Open WhatsApp on the phone and ask for a review",
  ),
  "client-outdated": {
    class: "refresh",
    backoff: "long",
    network: false,
    sentence: "WhatsApp refused the client version (405).",
    action: "Nothing to do: the version is looked up and tried again once",
  },
  "client-unsupported": permanent(
    "WhatsApp refuses this client version even after a fresh look-up (405).",
    "Update the plugin: openclaw plugins update whatsapp-continuity",
  ),
  "bad-user-agent": permanent(
    "WhatsApp refused how this client introduces itself (409).",
    "Update the plugin and report it",
  ),
  "not-multi-device": permanent(
    "The account does not allow linked devices of this kind (411).",
    "Update WhatsApp on the phone, then link again",
  ),
  "token-expired": transient("An access token of the login expired (413 or 414).", SELF_HEALING),
  "login-unsupported": transient(
    "WhatsApp refused the login for a reason that is not known (415, 418 or 419).",
    "Report it with a capture; it keeps trying slowly",
    "long",
  ),
  "login-experimental": permanent(
    "WhatsApp refused this kind of login (501).",
    "Update the plugin; link again if it stays",
  ),
  "login-internal": transient("WhatsApp's login service reported an error (500).", SELF_HEALING),
  "login-unavailable": transient("WhatsApp's login service is unavailable (503).", SELF_HEALING),
  "login-malformed": transient(
    "WhatsApp called the login malformed (400).",
    "Report it with a capture; it keeps trying slowly",
    "long",
  ),
  "login-other": transient(
    "WhatsApp refused the login with a code that is not in the catalogue.",
    "Report it with a capture; it keeps trying slowly",
    "long",
  ),
  "qr-expired": permanent(
    "Nobody scanned the QR code in time.",
    "Start linking again: openclaw channels login --channel whatsapp",
  ),
  "not-linked": permanent("No WhatsApp device is linked for this account.", RELINK),
  "credentials-corrupt": permanent(
    "The stored credentials cannot be read and there is no usable backup.",
    "Restore the account's credentials folder, or link again",
  ),
  "credentials-foreign": permanent(
    "The stored credentials belong to another number than before.",
    "Check accounts.<id>.authDir, or restart the account to accept the new number",
  ),
  "address-refused": permanent(
    "OPENCLAW_WHATSAPP_WEB_SOCKET_URL names an address that must not be used.",
    "Use a wss:// address (ws:// only for this machine) or remove the variable, then restart the gateway",
  ),
  "owner-busy": transient(
    "Another process owns this WhatsApp account.",
    "Stop the other gateway or login; it takes over by itself afterwards",
  ),
  "conflict-external": permanent(
    "Another program is logged in with the same credentials (440); fighting over it would never end.",
    "End the other one, then: openclaw gateway call whatsappContinuity.restart",
  ),
  "conflict-other-process": permanent(
    "Another process on this machine is logged in with the same credentials (440).",
    "Stop that process, then: openclaw gateway call whatsappContinuity.restart",
  ),
  "conflict-own-socket": transient(
    "An older connection of this very gateway was still open (440).",
    "Nothing to do: the older one is closed",
  ),
  "operator-restart": transient(
    "A person asked for a restart.",
    "Nothing to do: it reconnects now",
  ),
  "gateway-stopped": transient(
    "The gateway, or this account in it, was stopped.",
    "Nothing to do: what came meanwhile is caught up",
  ),
  "gateway-died": transient(
    "The gateway was not running: its process ended without a stop.",
    "Look at what ended it (a crash, the service manager, memory, a power cut); what came meanwhile is caught up",
  ),
  "crypto-fault": transient(
    "A received frame could not be decrypted, so the stream is out of step.",
    "Nothing to do: the connection is replaced",
  ),
  "own-fault": transient(
    "An error in this plugin ended the connection.",
    "Report it with a capture; it reconnects by itself",
  ),
  unknown: transient(
    "The connection ended for a reason that is not in the catalogue.",
    "Report the facts shown; it keeps trying",
  ),
} as const satisfies Readonly<Record<string, Cause>>;

export type CauseId = keyof typeof CAUSES;

/** The catalogue entry with its id; unknown ids (from a newer log) are described as `unknown`. */
export function describeCause(id: string): Cause & { readonly id: CauseId } {
  const known = Object.hasOwn(CAUSES, id) ? (id as CauseId) : "unknown";
  return { id: known, ...CAUSES[known] };
}
