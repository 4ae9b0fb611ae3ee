import type { ReactNode } from "react";
import { Button } from "react-aria-components/Button";
import { Tree as AriaTree, TreeItem, TreeItemContent } from "react-aria-components/Tree";
import { ChevronRight } from "lucide-react";
import styles from "./Tree.module.css";

export interface TreeNode {
  key: string;
  name: string;
  icon?: ReactNode;
  /** Stands at the end of the line, e.g. a LevelBadge. */
  trailing?: ReactNode;
  hasChildren?: boolean;
  /** Absent while not loaded: the tree then shows a line that says so. */
  children?: readonly TreeNode[] | undefined;
}

export interface TreeProps {
  label: string;
  nodes: readonly TreeNode[];
  expanded: ReadonlySet<string>;
  /** Opened or closed: load the children of what was opened here. */
  onExpand: (keys: Set<string>) => void;
  selected?: string | undefined;
  /** Enter, or a press on the line. */
  onAction: (key: string) => void;
}

/** A tree whose children load when opened; arrow keys, Home, End and type-ahead as ARIA describes. */
export function Tree({ label, nodes, expanded, onExpand, selected, onAction }: TreeProps) {
  return (
    <AriaTree
      aria-label={label}
      className={styles.tree ?? ""}
      expandedKeys={expanded}
      onExpandedChange={(keys) => onExpand(new Set([...keys].map(String)))}
      selectionMode="single"
      selectionBehavior="replace"
      selectedKeys={selected === undefined ? [] : [selected]}
      onSelectionChange={(keys) => {
        const [key] = keys === "all" ? [] : [...keys];
        if (key !== undefined) onAction(String(key));
      }}
    >
      {nodes.map(treeItem)}
    </AriaTree>
  );
}

function treeItem(node: TreeNode): ReactNode {
  const parent = node.hasChildren ?? node.children !== undefined;
  return (
    <TreeItem key={node.key} id={node.key} textValue={node.name} className={styles.item ?? ""} hasChildItems={parent}>
      <TreeItemContent>
        <div className={styles.line}>
          {parent ? (
            <Button slot="chevron" className={styles.open ?? ""}>
              <ChevronRight aria-hidden="true" />
            </Button>
          ) : (
            <span className={styles.leaf} />
          )}
          {node.icon}
          <span className={styles.name}>{node.name}</span>
          {node.trailing}
        </div>
      </TreeItemContent>
      {parent ? (node.children?.map(treeItem) ?? loadingItem(node.key)) : null}
    </TreeItem>
  );
}

function loadingItem(parent: string) {
  return (
    <TreeItem key={`${parent}//loading`} id={`${parent}//loading`} textValue="Loading" className={styles.item ?? ""} isDisabled>
      <TreeItemContent>
        <div className={styles.line}>
          <span className={styles.leaf} />
          <span className={styles.loading}>Loading…</span>
        </div>
      </TreeItemContent>
    </TreeItem>
  );
}
