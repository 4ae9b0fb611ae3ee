import { useState } from "react";
import { Pencil, Plus } from "lucide-react";
import { Allowed, Badge, Button, type AllowedOn } from "../../ui";
import type { Pair } from "../types";
import { isOwnTag } from "./changes";
import { TagsDialog } from "./TagsDialog";
import { tagAbility, type TagTarget } from "./target";

export interface TagsProps {
  tags: readonly Pair[] | undefined;
  target: TagTarget;
  /** Whose name stands in the dialog. */
  name: string;
  on: AllowedOn | undefined;
  onSaved: () => void;
}

/** The tags that people gave, and a button to change them. */
export function Tags({ tags = [], target, name, on, onSaved }: TagsProps) {
  const [open, setOpen] = useState(false);
  const own = tags.filter(isOwnTag).sort((a, b) => a.key.localeCompare(b.key));
  return (
    <div className="row">
      {own.map((tag) => (
        <Badge key={tag.key} title={`${tag.key}: ${tag.value}`}>
          {tag.value === "" ? tag.key : `${tag.key}: ${tag.value.length > 60 ? `${tag.value.slice(0, 60)}…` : tag.value}`}
        </Badge>
      ))}
      <Allowed ability={tagAbility[target.kind]} on={on}>
        <Button
          size="s"
          variant="quiet"
          icon={own.length === 0 ? <Plus aria-hidden="true" /> : <Pencil aria-hidden="true" />}
          aria-label={own.length === 0 ? `Add tags to ${name}` : `Edit tags of ${name}`}
          onPress={() => setOpen(true)}
        >
          {own.length === 0 ? "Add tags" : "Edit tags"}
        </Button>
      </Allowed>
      {open ? <TagsDialog tags={own} target={target} name={name} onSaved={onSaved} onClose={() => setOpen(false)} /> : null}
    </div>
  );
}
