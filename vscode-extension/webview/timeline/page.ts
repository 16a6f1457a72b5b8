/** The elements of the page, built here so that the markup and what uses it stand together. */
export interface Page {
  readonly search: HTMLInputElement;
  readonly account: HTMLSelectElement;
  readonly warnings: HTMLInputElement;
  readonly routine: HTMLInputElement;
  readonly follow: HTMLInputElement;
  readonly fit: HTMLButtonElement;
  readonly zoomIn: HTMLButtonElement;
  readonly zoomOut: HTMLButtonElement;
  readonly explain: HTMLButtonElement;
  readonly clearWindow: HTMLButtonElement;
  readonly source: HTMLElement;
  readonly labels: HTMLElement;
  readonly stage: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  /** Says why nothing is drawn; empty as soon as something is. */
  readonly nothing: HTMLElement;
  readonly list: HTMLElement;
  readonly detail: HTMLElement;
  readonly live: HTMLElement;
}

export function buildPage(root: HTMLElement): Page {
  const { toolbar, ...controls } = buildToolbar();
  const drawing = element("section", { class: "drawing" });
  const labels = element("div", { class: "labels", "aria-hidden": "true" });
  const stage = element("div", {
    class: "stage",
    tabindex: "0",
    role: "application",
    "aria-roledescription": "timeline",
    "aria-label":
      "Timeline. Left and right pan, plus and minus zoom, F follows, up and down walk the records, the list below says the same in words.",
  });
  const canvas = element("canvas", { "aria-hidden": "true" });
  const nothing = element("p", { class: "nothing", role: "status" });
  stage.append(canvas, nothing);
  drawing.append(labels, stage);
  const below = element("section", { class: "below" });
  const list = element("div", {
    class: "list",
    tabindex: "0",
    role: "listbox",
    "aria-label": "Records",
  });
  const detail = element("pre", {
    class: "detail",
    tabindex: "0",
    "aria-label": "Selected record",
  });
  below.append(list, detail);
  const live = element("div", { class: "live", role: "status", "aria-live": "polite" });
  root.replaceChildren(toolbar, drawing, below, live);
  return { ...controls, labels, stage, canvas, nothing, list, detail, live };
}

function buildToolbar() {
  const toolbar = element("header", {
    class: "toolbar",
    role: "toolbar",
    "aria-label": "Timeline",
  });
  const search = element("input", {
    type: "search",
    placeholder: "Search records",
    "aria-label": "Search records",
  });
  const account = element("select", { "aria-label": "Account" });
  const warnings = checkbox("Warnings only");
  const routine = checkbox("Routine");
  const follow = checkbox("Follow");
  follow.input.checked = true;
  const zoomIn = button("Zoom in", "+");
  const zoomOut = button("Zoom out", "\u2212");
  const fit = button("Show everything", "Fit");
  const clearWindow = button("Clear the time window (Escape)", "All times");
  const explain = button("Why was I down, in this window?", "Explain");
  const source = element("span", { class: "source" });
  const labels = [warnings.label, routine.label, follow.label];
  toolbar.append(search, account, ...labels, zoomIn, zoomOut, fit, clearWindow, explain, source);
  return {
    toolbar,
    search,
    account,
    warnings: warnings.input,
    routine: routine.input,
    follow: follow.input,
    fit,
    zoomIn,
    zoomOut,
    explain,
    clearWindow,
    source,
  };
}

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string>>,
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function button(title: string, text: string): HTMLButtonElement {
  const made = element("button", { type: "button", title, "aria-label": title });
  made.textContent = text;
  return made;
}

function checkbox(text: string): {
  readonly label: HTMLLabelElement;
  readonly input: HTMLInputElement;
} {
  const label = element("label", {});
  const input = element("input", { type: "checkbox" });
  label.append(input, ` ${text}`);
  return { label, input };
}
