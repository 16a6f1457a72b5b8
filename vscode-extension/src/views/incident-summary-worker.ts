/** Entry of the thread that summarises an incident: a long one takes seconds, for which the extension host must not be held up. */
import { parentPort, workerData } from "node:worker_threads";
import { summariseIncident } from "../model/incident-summary.ts";

/** What the thread is given. */
export interface SummaryRequest {
  readonly content: string;
  readonly file: string;
}

/** What it answers; a problem is a sentence for people. */
export type SummaryAnswer = { readonly summary: string } | { readonly problem: string };

parentPort?.postMessage(answer(workerData as SummaryRequest));

function answer({ content, file }: SummaryRequest): SummaryAnswer {
  try {
    return { summary: summariseIncident(content, file) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
