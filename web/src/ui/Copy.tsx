import { useEffect, useState } from "react";
import { Check, Copy as CopyIcon } from "lucide-react";
import { announce } from "./announce";
import { Button, IconButton } from "./Button";

export interface CopyProps {
  text: string;
  /** What is copied, for its name: "Copy run ID". */
  what: string;
  /** With words beside the icon. */
  wide?: boolean;
}

/** Copies a text and says so. */
export function Copy({ text, what, wide = false }: CopyProps) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 2000);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = () => {
    void copyText(text).then((worked) => {
      setDone(worked);
      announce(worked ? `Copied ${what}.` : `${what} could not be copied. Select the text and copy it by keyboard.`);
    });
  };
  const icon = done ? <Check aria-hidden="true" /> : <CopyIcon aria-hidden="true" />;
  if (wide) {
    return (
      <Button size="s" icon={icon} onPress={copy} aria-label={`Copy ${what}`}>
        {done ? "Copied" : "Copy"}
      </Button>
    );
  }
  return (
    <IconButton size="s" label={done ? "Copied" : `Copy ${what}`} onPress={copy}>
      {icon}
    </IconButton>
  );
}

/** Puts a text on the clipboard; answers whether that worked. Plain http addresses have no clipboard API, so a selection is copied there. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelection(text);
  }
}

function copySelection(text: string): boolean {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  (before?.closest("[role=dialog],[role=alertdialog]") ?? document.body).append(area);
  area.select();
  // There is no other way on an insecure origin.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const worked = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return worked;
}
