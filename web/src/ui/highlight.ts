/** Colours for source texts. Loaded only by screens that show code in a language; see Code. */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import scala from "highlight.js/lib/languages/scala";
import sql from "highlight.js/lib/languages/sql";
import yaml from "highlight.js/lib/languages/yaml";

for (const [name, language] of Object.entries({ bash, json, python, r, scala, sql, yaml })) hljs.registerLanguage(name, language);
hljs.registerAliases(["sh", "shell"], { languageName: "bash" });

/** Gives HTML in which the text is escaped and its words carry hljs-… classes; undefined for an unknown language. */
export function highlight(text: string, language: string): string | undefined {
  const name = language.toLowerCase();
  if (!hljs.getLanguage(name)) return undefined;
  return hljs.highlight(text, { language: name, ignoreIllegals: true }).value;
}
