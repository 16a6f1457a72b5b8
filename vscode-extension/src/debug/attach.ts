import * as vscode from "vscode";
import type { LiveTarget } from "../adapter/live-session.ts";
import { DEBUG_TYPE } from "../ids.ts";
import type { Feed, FeedHub } from "../sources/feed-hub.ts";
import { dynamicLaunches, launchAdapter, resolveLaunch } from "./launch.ts";
import type { SourceOpener } from "../views/open-sources.ts";

/** How long an attach waits for the first sign of life of its source. */
const FIRST_STATE_MS = 15_000;

/** The debug type: `"request": "attach"` is a session on a feed, `"launch"` one on an incident. Both inline, without a process of their own. */
export function registerDebugger(
  hub: FeedHub,
  opener: SourceOpener,
  extensionUri: vscode.Uri,
): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, {
      async createDebugAdapterDescriptor(session) {
        if (session.configuration.request === "launch") return launchAdapter(extensionUri, session);
        const { LiveSession } = await import("../adapter/live-session.ts");
        const resolve = (request: Readonly<Record<string, unknown>>) =>
          findTarget(hub, opener, request);
        return new vscode.DebugAdapterInlineImplementation(new LiveSession({ resolve }));
      },
    }),
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, {
      resolveDebugConfiguration: (_folder, configuration) => {
        const isEmpty = configuration.type === "" || configuration.type === undefined;
        const [launch] = dynamicLaunches();
        if (isEmpty) return launch === undefined ? ATTACH : resolveLaunch(launch);
        return configuration.request === "launch" ? resolveLaunch(configuration) : configuration;
      },
    }),
    // Offered by "Select and Start Debugging" without a launch.json.
    vscode.debug.registerDebugConfigurationProvider(
      DEBUG_TYPE,
      { provideDebugConfigurations: () => [...dynamicLaunches(), ATTACH] },
      vscode.DebugConfigurationProviderTriggerKind.Dynamic,
    ),
  );
}

const ATTACH: vscode.DebugConfiguration = {
  type: DEBUG_TYPE,
  request: "attach",
  name: "Attach to WhatsApp",
};

async function findTarget(
  hub: FeedHub,
  opener: SourceOpener,
  request: Readonly<Record<string, unknown>>,
): Promise<LiveTarget> {
  const { url, log, feed: id } = request;
  const chosen = typeof id === "string" ? hub.feed(id) : undefined;
  const feed =
    chosen ??
    (await feedFor(
      hub,
      opener,
      typeof url === "string" ? url : null,
      typeof log === "string" ? log : null,
    ));
  if (feed === null)
    throw new Error("There is nothing to attach to. Connect to a gateway or open a log first.");
  await firstState(hub, feed);
  if (feed.state.phase === "failed") throw new Error(feed.state.sentence);
  return {
    label: feed.label,
    buffer: feed.model.buffer,
    onAppend(listener) {
      const onBatch = (changed: Feed): void => {
        if (changed === feed) listener();
      };
      hub.on("batch", onBatch);
      return () => hub.off("batch", onBatch);
    },
    onEnd(listener) {
      const onFeeds = (): void => {
        if (hub.feed(feed.id) === undefined) listener();
      };
      hub.on("feeds", onFeeds);
      return () => hub.off("feeds", onFeeds);
    },
  };
}

async function feedFor(
  hub: FeedHub,
  opener: SourceOpener,
  url: string | null,
  log: string | null,
): Promise<Feed | null> {
  if (log !== null) {
    const uri = vscode.Uri.file(log);
    return hub.feeds.find((feed) => feed.uri === uri.toString()) ?? opener.openLog(uri);
  }
  if (url !== null) {
    return hub.feeds.find((feed) => feed.uri === url) ?? opener.connectTo(url);
  }
  const { feeds } = hub;
  if (feeds.length === 0) return opener.connectLocal();
  return feeds.find(({ kind }) => kind === "gateway") ?? feeds[0] ?? null;
}

/** Waits until a source is more than starting, within bounds. */
async function firstState(hub: FeedHub, feed: Feed): Promise<void> {
  if (feed.state.phase !== "starting") return;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      hub.off("feeds", onFeeds);
      resolve();
    };
    const onFeeds = (): void => {
      if (feed.state.phase !== "starting") finish();
    };
    const timer = setTimeout(finish, FIRST_STATE_MS);
    hub.on("feeds", onFeeds);
  });
}
