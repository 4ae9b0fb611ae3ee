import { expect, it } from "vitest";
import { contentOf } from "./content";

it("shows what can be shown", () => {
  expect(contentOf("a.PY", btoa("x = 1"))).toEqual({ as: "text", text: "x = 1", language: "python" });
  expect(contentOf("notes.md", btoa("# x"))).toEqual({ as: "markdown", text: "# x" });
  expect(contentOf("Makefile", btoa("all:"))).toEqual({ as: "text", text: "all:", language: undefined });
  expect(contentOf("a.svg", btoa("<svg/>"))).toEqual({ as: "image", address: `data:image/svg+xml;base64,${btoa("<svg/>")}` });
  expect(contentOf("a.bin", btoa("\u00ff\u0000"))).toEqual({ as: "bytes" });
  expect(contentOf("a.txt", btoa("a\u0000b"))).toEqual({ as: "bytes" });
});
