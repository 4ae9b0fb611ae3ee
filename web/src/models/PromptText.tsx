import { Code, Section } from "../ui";
import type { Tag } from "./types";

/** The tags in which MLflow keeps a prompt's template. */
const keys = ["mlflow.prompt.text", "_mlflow_prompt_text"];

/** The template of a prompt's version. */
export function PromptText({ tags }: { tags: readonly Tag[] }) {
  const text = tags.find((tag) => keys.includes(tag.key))?.value;
  if (text === undefined) return null;
  return (
    <Section title="Template">
      <Code text={text} what="text of the template" wrap maxHeight="50vh" />
    </Section>
  );
}
