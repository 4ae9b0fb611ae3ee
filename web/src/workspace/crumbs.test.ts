import { describe, expect, it } from "vitest";
import { below, crumbsOf, folderAddress, lastOf, parentOf } from "./crumbs";

describe("paths", () => {
  it.each([
    ["/Users/ann/x", "/Users/ann", "x"],
    ["/x", "/", "x"],
    ["/", "/", "Workspace"],
  ])("%s lies in %s and is called %s", (path, parent, last) => {
    expect(parentOf(path)).toBe(parent);
    expect(lastOf(path)).toBe(last);
  });

  it("go on below a folder", () => {
    expect(below("/", "x")).toBe("/x");
    expect(below("/a", "x y")).toBe("/a/x y");
    expect(folderAddress("/a/b&c")).toBe("/workspace?path=%2Fa%2Fb%26c");
  });
});

it("leads from the root to the object", () => {
  const ref = (object: string, kind: string, path: string) => ({ object, kind, name: path.slice(path.lastIndexOf("/") + 1), path });
  const chain = [ref("notebooks/9", "notebook", "/Users/ann/n"), ref("directories/2", "directory", "/Users/ann"), ref("directories/0", "directory", "/")];
  expect(crumbsOf({ object: "notebooks/9", chain })).toEqual([
    { text: "Workspace", to: "/workspace?path=%2F" },
    { text: "ann", to: "/workspace?path=%2FUsers%2Fann" },
  ]);
});
