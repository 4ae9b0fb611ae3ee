/** A page on its way from the worker: all its numbers in one buffer and all its texts in one string, since hundreds of small ones take a browser longer than a frame. */
import type { Numbers, RunPage, Words } from "./page";

type Meta = Omit<RunPage, "starts" | "ends" | "metrics" | "params" | "tags"> & {
  /** Keys, with how many rows have each. */
  metrics: [string, number][];
  params: [string, number, string[]][];
  tags: [string, number, string[]][];
};

export interface PackedPage {
  meta: string;
  numbers: ArrayBuffer;
}

const words = (columns: ReadonlyMap<string, Words>): [string, number, string[]][] => [...columns].map(([key, { rows, words: list }]) => [key, rows.length, list]);

/** Packs a page: first all that takes eight bytes, then all that takes two, so that nothing has to be aligned. */
export function packed(page: RunPage): PackedPage {
  const { starts, ends, metrics, params, tags, ...rest } = page;
  const eights = [starts, ends, ...[...metrics.values()].map((column) => column.values)];
  const twos = [...metrics.values()].map((column) => column.rows).concat([...params.values(), ...tags.values()].flatMap(({ rows, codes }) => [rows, codes]));
  const wide = eights.reduce((sum, list) => sum + list.length, 0);
  const narrow = twos.reduce((sum, list) => sum + list.length, 0);
  const numbers = new ArrayBuffer(wide * 8 + narrow * 2);
  fill(new Float64Array(numbers, 0, wide), eights);
  fill(new Uint16Array(numbers, wide * 8, narrow), twos);
  const meta: Meta = {
    ...rest,
    metrics: [...metrics].map(([key, { rows }]): [string, number] => [key, rows.length]),
    params: words(params),
    tags: words(tags),
  };
  return { meta: JSON.stringify(meta), numbers };
}

function fill<T extends Float64Array | Uint16Array>(into: T, lists: readonly T[]) {
  let at = 0;
  for (const list of lists) {
    into.set(list, at);
    at += list.length;
  }
}

/** Unpacks a page; its columns are views of the one buffer. */
export function unpacked({ meta, numbers }: PackedPage): RunPage {
  const page = JSON.parse(meta) as Meta;
  const wide = 2 * page.count + page.metrics.reduce((sum, [, length]) => sum + length, 0);
  const eights = cutter(new Float64Array(numbers, 0, wide));
  const twos = cutter(new Uint16Array(numbers, wide * 8));
  const starts = eights(page.count);
  const ends = eights(page.count);
  const metrics = page.metrics.map(([key, length]): [string, Numbers] => [key, { rows: twos(length), values: eights(length) }]);
  const texts = (columns: Meta["params"]) => new Map(columns.map(([key, length, list]): [string, Words] => [key, { rows: twos(length), codes: twos(length), words: list }]));
  const params = texts(page.params);
  const tags = texts(page.tags);
  return { ...page, starts, ends, metrics: new Map(metrics), params, tags };
}

/** Cuts one piece after the other off a list. */
function cutter<T extends Float64Array | Uint16Array>(list: T) {
  let at = 0;
  return (length: number): T => {
    at += length;
    return list.subarray(at - length, at) as T;
  };
}
