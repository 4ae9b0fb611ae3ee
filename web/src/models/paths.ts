/** Addresses of registered models in the console and on the server. Names may hold anything but "/" and ":". */

/** The console's page of a model. */
export const modelPage = (name: string) => `/models/${encodeURIComponent(name)}`;

/** The console's page of a version. */
export const versionPage = (name: string, version: string) => `${modelPage(name)}/versions/${encodeURIComponent(version)}`;

/** The server's governance endpoint of a model. */
export const modelPath = (name: string) => `/models/${encodeURIComponent(name)}`;

/** The server's governance endpoint of a model's versions. */
export const versionsPath = (name: string) => `${modelPath(name)}/versions`;

/** The server's governance endpoint of a version. */
export const versionPath = (name: string, version: string) => `${versionsPath(name)}/${encodeURIComponent(version)}`;

/** The console's page of a run. */
export const runPage = (experiment: string, run: string) => `/experiments/${encodeURIComponent(experiment)}/runs/${encodeURIComponent(run)}`;

/** The console's page of a logged model. */
export const loggedModelPage = (experiment: string, model: string) =>
  `/experiments/${encodeURIComponent(experiment)}/models/${encodeURIComponent(model)}`;

/** Who can do what with an object. */
export const accessPage = (object: string, ability?: string) =>
  `/access?object=${encodeURIComponent(object)}${ability ? `&ability=${encodeURIComponent(ability)}` : ""}`;

/** Whether an address is one that a page may link to: check pages and webhooks come from people. */
export function isWebAddress(text: string | undefined): text is string {
  if (text === undefined) return false;
  try {
    return ["http:", "https:"].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}
