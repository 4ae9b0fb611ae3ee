/** Reads large answers beside the main thread: 1,000 runs with 200 values are 15 MB of JSON, too long for a frame. */
import { historyBuffers, historyOf } from "./chart/history";
import { buffersOf, pageOf } from "./runs/page";
import type { HistoryAnswer, RunsAnswer } from "./types";

export interface Asked {
  id: number;
  kind: "runs" | "history";
  bytes: ArrayBuffer;
}

const scope = self as unknown as { onmessage: (event: MessageEvent<Asked>) => void; postMessage: (message: unknown, transfer: Transferable[]) => void };

scope.onmessage = (event) => {
  const { id, kind, bytes } = event.data;
  try {
    const answer: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (kind === "runs") {
      const page = pageOf(answer as RunsAnswer);
      scope.postMessage({ id, value: page }, buffersOf(page) as ArrayBuffer[]);
    } else {
      const history = historyOf(answer as HistoryAnswer);
      scope.postMessage({ id, value: history }, historyBuffers(history) as ArrayBuffer[]);
    }
  } catch (error) {
    scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, []);
  }
};
