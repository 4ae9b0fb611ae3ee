/** What cells of the runs table say. */
import { absoluteTime, durationText, metricText } from "../../ui/format";
import type { RunColumn } from "./columns";
import type { Place } from "./feed";
import { numberAt, wordAt } from "./page";

export interface CellText {
  text: string;
  /** All of it, where the cell shows less. */
  title?: string;
}

const none: CellText = { text: "" };
const short = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

/** Texts are cut before they come into the page: a param may have 6,000 characters. */
const longest = 200;

function word(text: string | undefined): CellText {
  if (text === undefined || text === "") return none;
  return text.length > longest ? { text: `${text.slice(0, longest)}…`, title: text.slice(0, 1000) } : { text, title: text };
}

function moment(at: number | undefined): CellText {
  return at ? { text: short.format(at), title: absoluteTime(at) } : none;
}

function lasting({ page, row }: Place): CellText {
  const start = page.starts[row] ?? 0;
  const end = page.ends[row] ?? 0;
  return start && end ? { text: durationText(end - start), title: `${end - start} ms` } : none;
}

const statusWords: Record<string, string> = { RUNNING: "Running", SCHEDULED: "Scheduled", FINISHED: "Finished", FAILED: "Failed", KILLED: "Killed" };

/** "FINISHED" → "Finished". */
export const statusText = (status: string | undefined): string => statusWords[status ?? ""] ?? status ?? "";

const tag = (key: string) => (place: Place) => word(wordAt(place.page.tags.get(key), place.row));

const attributes: Record<string, (place: Place) => CellText> = {
  run_name: ({ page, row }) => word(page.names[row] === "" ? page.ids[row] : page.names[row]),
  run_id: ({ page, row }) => word(page.ids[row]),
  start_time: ({ page, row }) => moment(page.starts[row]),
  end_time: ({ page, row }) => moment(page.ends[row]),
  duration: lasting,
  status: ({ page, row }) => ({ text: statusText(page.statuses[row]) }),
  user_id: ({ page, row }) => word(page.users[row]),
  datasets: ({ page, row }) => word(page.datasets[row]),
  models: ({ page, row }) => ({ text: page.models[row] ? String(page.models[row]) : "" }),
  source: (place) => {
    const source = wordAt(place.page.tags.get("mlflow.source.name"), place.row);
    return source ? { ...word(source.slice(source.lastIndexOf("/") + 1)), title: source } : none;
  },
  description: tag("mlflow.note.content"),
  commit: (place) => {
    const commit = wordAt(place.page.tags.get("mlflow.source.git.commit"), place.row);
    return commit ? { text: commit.slice(0, 8), title: commit } : none;
  },
};

/** A metric as cells show it; infinities and NaN as such. */
export function numberText(value: number): string {
  if (value === Infinity) return "∞";
  return value === -Infinity ? "−∞" : metricText(value);
}

/** What a cell says. */
export function cellText(column: RunColumn, place: Place): CellText {
  switch (column.group) {
    case "metrics": {
      const value = numberAt(place.page.metrics.get(column.name), place.row);
      return value === undefined ? none : { text: numberText(value), title: String(value) };
    }
    case "params":
      return word(wordAt(place.page.params.get(column.name), place.row));
    case "tags":
      return word(wordAt(place.page.tags.get(column.name), place.row));
    default:
      return attributes[column.name]?.(place) ?? none;
  }
}
