/** The part of a Markdown tree that headings are looked for in. */
interface Node {
  type: string;
  depth?: number;
  children?: Node[];
}

/**
 * A remark plugin: headings that people wrote go down one level at a time, below the page's h1. Whoever reads with a screen reader jumps
 * from heading to heading, and a level that is left out tells of a part that is not there.
 */
export function orderedHeadings() {
  return (tree: Node) => {
    let last = 1;
    const visit = (node: Node) => {
      if (node.type === "heading") {
        last = Math.min((node.depth ?? 1) + 1, last + 1, 6);
        node.depth = last;
      }
      node.children?.forEach(visit);
    };
    visit(tree);
  };
}
