import type { Option } from "../ui";

/** An option of a list that changes while somebody types: the id tells React Aria which one it was before. */
export interface KeyedOption extends Option {
  id: string;
}
