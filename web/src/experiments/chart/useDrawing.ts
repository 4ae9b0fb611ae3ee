import { useEffect, useRef, useState, type RefObject } from "react";
import { resolveColor, useShownTheme } from "../../ui";
import type { Chart, Drawing, Look } from "./draw";

type Draw = typeof import("./draw");

/** The drawing part, loaded once for all charts. */
let loading: Promise<Draw> | undefined;
export const load = () => (loading ??= import("./draw"));

/** Above so many points nothing moves. */
const calm = 4000;

function lookNow(): Look {
  const font = getComputedStyle(document.body).fontFamily;
  return {
    text: resolveColor("--text"),
    faint: resolveColor("--text-3"),
    line: resolveColor("--border"),
    surface: resolveColor("--overlay"),
    accent: resolveColor("--accent-soft"),
    font,
    color: resolveColor,
  };
}

/** Colours are asked for once a theme, not once a line. */
function remembering(look: Look): Look {
  const known = new Map<string, string>();
  const color = (token: string) => {
    const value = known.get(token) ?? look.color(token);
    known.set(token, value);
    return value;
  };
  return { ...look, color };
}

export interface Drawn {
  box: RefObject<HTMLDivElement | null>;
  /** The chart and the code that drew it; undefined until both are there. */
  chart: { chart: Chart; draw: Draw } | undefined;
}

/** Draws into a box, anew when the lines or the theme change, and keeps the size. */
export function useDrawing(drawing: Omit<Drawing, "look" | "animated">): Drawn {
  const box = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<Drawn["chart"]>();
  const theme = useShownTheme();
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let made: Chart | undefined;
    let gone = false;
    const observer = new ResizeObserver(() => made?.resize());
    void load().then((draw) => {
      if (gone) return;
      made = draw.start(element);
      made.on("finished", () => {
        element.dataset.drawn = String(Number(element.dataset.drawn ?? "0") + 1);
      });
      observer.observe(element);
      setChart({ chart: made, draw });
    });
    return () => {
      gone = true;
      observer.disconnect();
      made?.dispose();
    };
  }, []);
  const { lines, places, axis, log } = drawing;
  useEffect(() => {
    if (!chart || chart.chart.isDisposed()) return;
    const points = lines.reduce((sum, line) => sum + line.x.length, 0);
    const animated = points <= calm && lines.length <= 20 && !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const look = remembering(lookNow());
    chart.chart.setOption(chart.draw.optionOf({ lines, places, axis, log, look, animated }), { replaceMerge: ["series", "xAxis", "yAxis"] });
  }, [chart, lines, places, axis, log, theme]);
  return { box, chart };
}
