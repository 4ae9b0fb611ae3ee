/** The search text of the experiments list: words of the name, and key:value for tags. */

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Splits at blanks; what stands in double quotes stays together: `team:"a b" churn` → team:a b, churn. */
export function wordsOf(text: string): string[] {
  const words = text.match(/(?:[^\s"]+|"[^"]*"?)+/g) ?? [];
  return words.map((word) => word.replaceAll('"', "")).filter((word) => word !== "");
}

/** What LIKE means by itself is looked for as it stands as far as MLflow's grammar can say so: it knows no escapes, so % and _ match more. */
function clauseOf(word: string): string {
  const colon = word.indexOf(":");
  if (colon <= 0 || word.startsWith("/")) return `name ILIKE ${quoted(`%${word}%`)}`;
  const key = word.slice(0, colon);
  const value = word.slice(colon + 1);
  const tag = key.includes("`") ? `tags."${key.replaceAll('"', '""')}"` : `tags.\`${key}\``;
  return value === "" ? `${tag} IS NOT NULL` : `${tag} ILIKE ${quoted(`%${value}%`)}`;
}

/** Writes the filter of experiments/search. */
export const experimentFilter = (text: string): string => wordsOf(text).map(clauseOf).join(" AND ");

const fields: Record<string, string> = { name: "name", created: "creation_time", changed: "last_update_time" };

/** Writes the order of experiments/search. */
export function experimentOrder(key: string, ascending: boolean): string[] {
  return [`${fields[key] ?? "last_update_time"} ${ascending ? "ASC" : "DESC"}`];
}

/** A name that is a path, in its parts: the folder, "" for none, and the last part. */
export function partsOf(name: string): { folder: string; last: string } {
  const slash = name.lastIndexOf("/");
  return slash < 0 || slash === name.length - 1 ? { folder: "", last: name } : { folder: name.slice(0, slash), last: name.slice(slash + 1) };
}
