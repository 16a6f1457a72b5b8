import type { Mutation } from "./mutations.ts";

const IMPORT = ["src/importing/import-incident.test.ts"];
const REVIEW = ["src/importing/review.test.ts"];
const COMMANDS = ["src/cli/incident-commands.test.ts"];
const VERIFY = ["src/replay/verify.test.ts"];
const MINIMISE = ["src/replay/minimise.test.ts"];
const PSEUDONYMS = ["src/importing/import-incident.test.ts"];

/** Protections of incidents: what is in them, what is not, and that they are read as they were written. */
export const INCIDENT_MUTATIONS: readonly Mutation[] = [
  {
    name: "everybody in an imported text is numbered",
    file: "src/importing/import-incident.ts",
    from: "const records = renumberPseudonyms(completed(report, options.label));",
    to: "const records = completed(report, options.label);",
    tests: IMPORT,
  },
  {
    name: "a number that stands for somebody is not given to another",
    file: "src/events/pseudonym.ts",
    from: "while (taken.has(`${prefix}-${number}`)) number += 1;",
    to: "",
    tests: PSEUDONYMS,
  },
  {
    name: "names of accounts do not stay in quoted lines",
    file: "src/importing/report-of-records.ts",
    from: "facts: withNewRuns(facts).map(withoutNames(names)),",
    to: "facts: withNewRuns(facts),",
    tests: IMPORT,
  },
  {
    name: "a line that was pasted twice happened once",
    file: "src/importing/import-incident.ts",
    from: "if (FULL_TIME.test(line) && seen.size === seen.add(line).size) continue;",
    to: "",
    tests: IMPORT,
  },
  {
    name: "sources are read in the order of time",
    file: "src/recorder/importers/line-order.ts",
    from: ".toSorted((one, other) => one.ms - other.ms)",
    to: "",
    tests: IMPORT,
  },
  {
    name: "the hour that is put back is not lived backwards",
    file: "src/recorder/importers/line-time.ts",
    from: "this.#offsetMs -= HOUR_MS;",
    to: "return ms;",
    tests: IMPORT,
  },
  {
    name: "no-break spaces are spaces",
    file: "src/recorder/importers/pasted-line.ts",
    from: '.replaceAll(SPACES, " ")',
    to: "",
    tests: IMPORT,
  },
  {
    name: "names of containers and files are no part of a line",
    file: "src/recorder/importers/pasted-line.ts",
    from: 'rest.replace(prefix, "")',
    to: "rest",
    tests: IMPORT,
  },
  {
    name: "what a text does not say is marked assumed",
    file: "src/importing/report-of-records.ts",
    from: "return { epochMs, account: this.#account, assumed: true };",
    to: "return { epochMs, account: this.#account };",
    tests: IMPORT,
  },
  {
    name: "a review shows what other software wrote",
    file: "src/importing/review.ts",
    from: "texts.add(found.filter(isForeign));",
    to: "",
    tests: REVIEW,
  },
  {
    name: "a review shows what nobody saw",
    file: "src/importing/review.ts",
    from: "if (isAssumed(record)) assumed.add([{ value: record.kind }]);",
    to: "",
    tests: REVIEW,
  },
  {
    name: "evidence is never overwritten",
    file: "src/cli/new-file.ts",
    from: "if (existsSync(path)) {",
    to: "if (path === '') {",
    tests: COMMANDS,
  },
  {
    name: "nothing is captured to a file without a yes",
    file: "src/cli/capture.ts",
    from: "if (!(await env.confirm(`Save it as ${path}?`))) return EXIT.doesNotHold;",
    to: "await env.confirm(`Save it as ${path}?`);",
    tests: COMMANDS,
  },
  {
    name: "line ends of a checkout are no part of the evidence",
    file: "src/replay/verify.ts",
    from: 'unmarked.replaceAll("\\r\\n", "\\n")',
    to: "unmarked",
    tests: VERIFY,
  },
  {
    name: "an altered golden is noticed",
    file: "src/replay/verify.ts",
    from: "if (golden !== null) checkPassedLines(golden, new Set(lines));",
    to: "",
    tests: VERIFY,
  },
  {
    name: "a minimised incident still shows its target",
    file: "src/replay/minimise.ts",
    from: "if (rest.length > 0 && this.#stillShows(rest)) return rest;",
    to: "if (rest.length > 0) return rest;",
    tests: MINIMISE,
  },
  {
    name: "nothing is proved where nothing is",
    file: "src/cli/prove.ts",
    from: "demandRecords(wanted, records, values.account);",
    to: "",
    tests: ["src/cli/prove.test.ts"],
  },
  {
    name: "no promise is kept that was not put to the test",
    file: "src/cli/prove.ts",
    from: "demandTried(checks);",
    to: "",
    tests: ["src/cli/prove.test.ts"],
  },
  {
    name: "minimising ends",
    file: "src/replay/minimise.ts",
    from: "return this.tried >= this.#maxReplays;",
    to: "return false;",
    tests: MINIMISE,
  },
];
