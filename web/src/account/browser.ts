const browsers: [RegExp, string][] = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrom(e|ium)\//, "Chrome"],
  [/Safari\//, "Safari"],
];

const systems: [RegExp, string][] = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
];

const first = (agent: string, names: [RegExp, string][]) => names.find(([pattern]) => pattern.test(agent))?.[1];

/** "Firefox on Linux" of a user agent's text; its beginning when it is not a browser's. */
export function browserName(agent: string): string {
  const browser = first(agent, browsers);
  const system = first(agent, systems);
  if (browser === undefined) return agent === "" ? "Unknown" : agent.slice(0, 40);
  return system === undefined ? browser : `${browser} on ${system}`;
}
