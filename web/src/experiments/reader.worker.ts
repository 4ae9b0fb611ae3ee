/** Reads large answers beside the main thread: 1,000 runs with 200 values are 15 MB of JSON, too long for a frame. */
import { historyOf, packHistory } from "./chart/history";
import { packed } from "./runs/pack";
import { pageOf } from "./runs/page";
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
      const value = packed(pageOf(answer as RunsAnswer));
      scope.postMessage({ id, value }, [value.numbers]);
    } else {
      const value = packHistory(historyOf(answer as HistoryAnswer));
      scope.postMessage({ id, value }, [value.numbers.buffer]);
    }
  } catch (error) {
    scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, []);
  }
};
