import { useState } from "react";
import { ArrowRightLeft, ChevronDown, MessageSquarePlus } from "lucide-react";
import { Button, Menu, type AllowedOn, type MenuEntry } from "../ui";
import { stageChoices, type StageChoice, type StageWay } from "./actions";
import { StageDialog } from "./StageDialog";
import type { VersionRow } from "./types";
import { useWhy } from "./Why";

export interface StageMenuProps {
  version: VersionRow;
  size?: "m" | "s";
}

const ways: { way: StageWay; title: string; icon: typeof ArrowRightLeft }[] = [
  { way: "request", title: "Request transition to", icon: MessageSquarePlus },
  { way: "transition", title: "Transition to", icon: ArrowRightLeft },
];

/** The stage of a version as a menu: moving it, or asking for that, as far as the server lets the viewer; the rest with its reason. */
export function StageMenu({ version, size = "m" }: StageMenuProps) {
  const [choice, setChoice] = useState<StageChoice>();
  const why = useWhy();
  const on: AllowedOn = { object: version.model_object, kind: "registered-model", abilities: version.abilities };
  const entry = (option: StageChoice, title: string, Icon: typeof ArrowRightLeft): MenuEntry => ({
    id: `${option.way} ${option.stage}`,
    text: `${title} ${option.stage}`,
    icon: <Icon aria-hidden="true" />,
    onAction: () => setChoice(option),
    refused: why(option.ability, on, option.reason, `${title} ${option.stage}`),
  });
  const groups = ways.map(({ way, title, icon }) => ({ title, entries: stageChoices(version.actions, way).map((option) => entry(option, title, icon)) }));
  const trigger = (
    <Button size={size} icon={<ArrowRightLeft aria-hidden="true" />} aria-label={`Stage of version ${version.version}: ${version.current_stage}`}>
      Stage
      <ChevronDown aria-hidden="true" />
    </Button>
  );
  return (
    <>
      <Menu trigger={trigger} label={`Stage of version ${version.version}`} groups={groups} />
      {choice ? <StageDialog version={version} choice={choice} close={() => setChoice(undefined)} /> : null}
    </>
  );
}
