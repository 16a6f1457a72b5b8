import * as vscode from "vscode";

/** What is done sooner needs no notification. */
const SHOWN_AFTER_MS = 400;

/** Does something that may take long: when it does, a notification says so and can cancel it. */
export async function withProgress<T>(
  title: string,
  work: (token: vscode.CancellationToken) => Promise<T>,
): Promise<T> {
  const source = new vscode.CancellationTokenSource();
  const done = work(source.token);
  const timer = setTimeout(() => {
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (_report, token) => {
        token.onCancellationRequested(() => source.cancel());
        // How it ends is the caller's to say.
        return done.then(
          () => undefined,
          () => undefined,
        );
      },
    );
  }, SHOWN_AFTER_MS);
  try {
    return await done;
  } finally {
    clearTimeout(timer);
    source.dispose();
  }
}
