/** Colours of the editor's theme, read anew when it changes; patterns tell spans apart where colours do not. */
export interface Theme {
  readonly foreground: string;
  readonly muted: string;
  readonly background: string;
  readonly grid: string;
  readonly selection: string;
  readonly focus: string;
  readonly warning: string;
  readonly isHighContrast: boolean;
  /** Fill of a span by its style. */
  readonly spans: Readonly<Record<string, string>>;
  readonly mark: string;
  readonly link: string;
  readonly gap: string;
  readonly font: string;
}

export function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const color = (name: string, fallback: string): string =>
    style.getPropertyValue(`--vscode-${name}`).trim() || fallback;
  const green = color("charts-green", "#388a34");
  const blue = color("charts-blue", "#1a85ff");
  // Not charts.orange: the default themes make it nearly transparent.
  const red = color("charts-red", "#e51400");
  const yellow = color("charts-yellow", "#bf8803");
  const purple = color("charts-purple", "#652d90");
  const muted = color("descriptionForeground", "#888");
  return {
    foreground: color("foreground", "#ccc"),
    muted,
    background: color("editor-background", "#1e1e1e"),
    grid: color("editorIndentGuide-background1", color("editorWidget-border", "#8884")),
    selection: color("editor-selectionBackground", "#264f78"),
    focus: color("focusBorder", "#007fd4"),
    warning: color("editorWarning-foreground", yellow),
    isHighContrast: document.body.classList.contains("vscode-high-contrast"),
    spans: {
      open: green,
      connecting: blue,
      claiming: purple,
      inspecting: purple,
      waiting: yellow,
      blocked: red,
      stopped: muted,
      outage: red,
      controller: blue,
      dialing: blue,
      login: blue,
      pairing: purple,
      ending: muted,
      wait: yellow,
      drain: blue,
    },
    mark: color("foreground", "#ccc"),
    link: purple,
    gap: color("editorError-foreground", red),
    font: `11px ${style.getPropertyValue("--vscode-font-family") || "sans-serif"}`,
  };
}

/** Spans whose meaning must not rest on colour alone get slanted lines. */
export const HATCHED: ReadonlySet<string> = new Set(["waiting", "wait", "outage", "blocked"]);
