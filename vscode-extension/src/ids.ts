/*
 * Every id that package.json contributes, in one place: a test compares the two, so that nothing is declared that does nothing.
 */

export const COMMANDS = {
  connectLocal: "whatsappContinuity.connectLocalGateway",
  connect: "whatsappContinuity.connectGateway",
  setToken: "whatsappContinuity.setGatewayToken",
  openLog: "whatsappContinuity.openLog",
  pasteLog: "whatsappContinuity.pasteLog",
  openTimeline: "whatsappContinuity.openTimeline",
  openTimelineFor: "whatsappContinuity.openTimelineForFile",
  compareTimelines: "whatsappContinuity.compareTimelines",
  thenAndNow: "whatsappContinuity.thenAndNow",
  revealInTimeline: "whatsappContinuity.revealInTimeline",
  revealRecord: "whatsappContinuity.revealRecordInTimeline",
  explain: "whatsappContinuity.explain",
  copyDiagnosis: "whatsappContinuity.copyDiagnosis",
  restartAccount: "whatsappContinuity.restartAccount",
  stopAccount: "whatsappContinuity.stopAccount",
  startAccount: "whatsappContinuity.startAccount",
  relinkAccount: "whatsappContinuity.relinkAccount",
  captureIncident: "whatsappContinuity.captureIncident",
  importIncident: "whatsappContinuity.importIncident",
  closeFeed: "whatsappContinuity.closeFeed",
  retryFeed: "whatsappContinuity.retryFeed",
  attachDebugger: "whatsappContinuity.attachDebugger",
  refresh: "whatsappContinuity.refresh",
  showOutput: "whatsappContinuity.showOutput",
  showSummary: "whatsappContinuity.showIncidentSummary",
  replayIncident: "whatsappContinuity.replayIncident",
  debugIncident: "whatsappContinuity.debugIncident",
  acceptGolden: "whatsappContinuity.acceptGolden",
  chooseDepth: "whatsappContinuity.chooseReplayDepth",
} as const;
export type CommandId = (typeof COMMANDS)[keyof typeof COMMANDS];

export const VIEWS = { accounts: "whatsappContinuity.accounts" } as const;
export const EDITORS = { timeline: "whatsappContinuity.timelineEditor" } as const;
export const PANELS = {
  timeline: "whatsappContinuity.timeline",
  link: "whatsappContinuity.link",
} as const;
export const DEBUG_TYPE = "whatsapp-continuity";
export const LANGUAGE = "whatsapp-incident";
export const GOLDEN_LANGUAGE = "whatsapp-golden";
export const RECORDS_LANGUAGE = "whatsapp-records";
export const TESTS = { controller: "whatsappContinuity.incidents" } as const;
export const SETTINGS = {
  section: "whatsappContinuity",
  url: "gateway.url",
  readOnly: "gateway.readOnly",
  fingerprint: "gateway.tlsFingerprint",
  autoConnect: "gateway.connectOnOpen",
  archives: "logs.readRotatedParts",
  since: "explain.since",
  depth: "replay.depth",
  code: "replay.code",
  node: "replay.node",
} as const;
export const TOOLS = {
  explain: "whatsapp-continuity_explain",
  timeline: "whatsapp-continuity_timeline",
} as const;
export const CONTEXT = { hasFeeds: "whatsappContinuity.hasFeeds" } as const;
