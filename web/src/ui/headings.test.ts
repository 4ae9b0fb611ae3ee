import { expect, it } from "vitest";
import { orderedHeadings } from "./headings";

it("leaves no level of headings out", () => {
  const heading = (depth: number) => ({ type: "heading", depth });
  const tree = { type: "root", children: [heading(3), { type: "blockquote", children: [heading(6)] }, heading(1), heading(1), heading(2), heading(4)] };
  orderedHeadings()(tree);
  const depths: number[] = [];
  JSON.stringify(tree, (key, value: unknown) => {
    if (key === "depth") depths.push(value as number);
    return value;
  });
  expect(depths).toEqual([2, 3, 2, 2, 3, 4]);
});
