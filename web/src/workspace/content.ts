/** How the content of a file is shown. */
export type Content =
  | { as: "text"; text: string; language?: string | undefined }
  | { as: "markdown"; text: string }
  | { as: "image"; address: string }
  | { as: "bytes" };

const images: Record<string, string> = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", svg: "image/svg+xml" };
const languages: Record<string, string> = { py: "python", sql: "sql", scala: "scala", r: "r", json: "json", yaml: "yaml", yml: "yaml", sh: "bash", bash: "bash" };

/** What a file is, by its name and its bytes (base64). An image is shown as one only, so SVG runs nothing. */
export function contentOf(name: string, content: string): Content {
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  const image = images[extension];
  if (image) return { as: "image", address: `data:${image};base64,${content.replace(/[^A-Za-z0-9+/=]/g, "")}` };
  const text = textOf(content);
  if (text === undefined) return { as: "bytes" };
  return extension === "md" ? { as: "markdown", text } : { as: "text", text, language: languages[extension] };
}

/** The text of base64 bytes; undefined where they are no UTF-8 text. */
function textOf(content: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
