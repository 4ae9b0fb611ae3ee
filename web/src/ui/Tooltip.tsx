import type { ReactElement } from "react";
import { Tooltip as AriaTooltip, TooltipTrigger } from "react-aria-components/Tooltip";
import styles from "./Tooltip.module.css";

export interface TooltipProps {
  text: string;
  /** A button of the kit or of React Aria; anything else is not focusable and would have a tooltip only some people see. */
  children: ReactElement;
}

const place = "tooltips";

/** Where tooltips are put, so that they stand in a region; the shell shows it once. */
export function TooltipRegion() {
  return <div id={place} role="region" aria-label="Hints" />;
}

/** A short text on hover and focus. It repeats or completes a label; nothing may stand only here. */
export function Tooltip({ text, children }: TooltipProps) {
  return (
    <TooltipTrigger delay={500} closeDelay={80}>
      {children}
      <AriaTooltip className={styles.tooltip ?? ""} offset={6} {...placed()}>
        {text}
      </AriaTooltip>
    </TooltipTrigger>
  );
}

function placed() {
  const element = document.getElementById(place);
  return element ? { UNSTABLE_portalContainer: element } : {};
}
