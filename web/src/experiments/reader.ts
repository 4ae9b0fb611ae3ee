/** Hands large answers to the worker; where workers cannot be had, reads them here. */
import { mlflow, send } from "../api/client";
import { historyOf, packHistory, unpackHistory, type History, type PackedHistory } from "./chart/history";
import type { Asked } from "./reader.worker";
import type { FeedQuery } from "./runs/feed";
import { packed, unpacked, type PackedPage } from "./runs/pack";
import { pageOf, type RunPage } from "./runs/page";
import type { HistoryAnswer, RunsAnswer } from "./types";

interface Read {
  id: number;
  value?: unknown;
  error?: string;
}

const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
let worker: Worker | null | undefined;
let count = 0;

function start(): Worker | null {
  try {
    const made = new Worker(new URL("./reader.worker.ts", import.meta.url), { type: "module" });
    made.onmessage = (event: MessageEvent<Read>) => {
      const { id, value, error } = event.data;
      const waiter = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) waiter?.resolve(value);
      else waiter?.reject(new Error(error));
    };
    made.onerror = () => {
      worker = null;
      for (const waiter of waiting.values()) waiter.reject(new Error("The answer could not be read. Try again."));
      waiting.clear();
    };
    return made;
  } catch {
    return null;
  }
}

/** Starts the worker before it is needed. */
export function prepareReader() {
  if (worker === undefined) worker = start();
}

async function read(kind: Asked["kind"], response: Response): Promise<unknown> {
  const bytes = await response.arrayBuffer();
  prepareReader();
  const reader = worker ?? null;
  if (reader === null) {
    const answer: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return kind === "runs" ? packed(pageOf(answer as RunsAnswer)) : packHistory(historyOf(answer as HistoryAnswer));
  }
  count += 1;
  const id = count;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    reader.postMessage({ id, kind, bytes } satisfies Asked, [bytes]);
  });
}

/** Asks for a page of runs. */
export async function searchRuns(query: FeedQuery, size: number, token: string | undefined, signal: AbortSignal): Promise<RunPage> {
  const body = {
    experiment_ids: query.experiments,
    filter: query.filter,
    order_by: query.orderBy,
    run_view_type: query.view,
    max_results: size,
    page_token: token,
  };
  return unpacked((await read("runs", await send("POST", `${mlflow}/runs/search`, { body, signal }))) as PackedPage);
}

/** Steps from the first to the last one, both included. */
export interface StepRange {
  from: number;
  to: number;
}

/** The most runs and points of a run that one question about histories may have. */
export const mostHistories = 100;
export const mostPoints = 1000;

/** Asks for the histories of a metric of up to 100 runs, thinned by the server where they have many points. */
export async function readHistories(runs: readonly string[], metric: string, range: StepRange | undefined, signal: AbortSignal): Promise<History> {
  const params = { run_ids: runs, metric_key: metric, max_results: mostPoints, start_step: range?.from, end_step: range?.to };
  return unpackHistory((await read("history", await send("GET", `${mlflow}/metrics/get-history-bulk-interval`, { params, signal }))) as PackedHistory);
}
