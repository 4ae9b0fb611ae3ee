import { useEffect, useMemo, useRef, useState, type PointerEvent } from "react";
import { ChevronLeft, ChevronRight, ZoomIn, ZoomOut } from "lucide-react";
import { IconButton, metricText } from "../../ui";
import styles from "./Chart.module.css";
import type { Near } from "./nearest";
import { chartText, xText, type Line, type XAxis } from "./series";
import { useDrawing, type Drawn } from "./useDrawing";

export interface LineChartProps {
  title: string;
  lines: readonly Line[];
  places: readonly number[];
  axis: XAxis;
  log: boolean;
  height: number;
  /** Told the part of the x axis that is shown, from 0 to 1, a moment after it changed. */
  onShown?: ((from: number, to: number) => void) | undefined;
}

interface Tip {
  near: Near[];
  left: number;
  top: number;
  flip: boolean;
}

/** Lines on a canvas. Those who cannot see it get a summary, and the table that ChartCard offers. */
export function LineChart({ title, lines, places, axis, log, height, onShown }: LineChartProps) {
  const { box, chart } = useDrawing({ lines, places, axis, log });
  useShown(chart, onShown);
  const [tip, setTip] = useState<Tip>();
  const text = useMemo(() => chartText(title, lines, axis), [title, lines, axis]);
  const frame = useRef(0);
  const move = (event: PointerEvent<HTMLDivElement>) => {
    const area = event.currentTarget.getBoundingClientRect();
    const left = event.clientX - area.left;
    const top = event.clientY - area.top;
    cancelAnimationFrame(frame.current);
    // Once a frame is enough: pointers report more often.
    frame.current = requestAnimationFrame(() => {
      const near = chart && !chart.chart.isDisposed() ? chart.draw.nearPointer(chart.chart, lines, [left, top]) : undefined;
      setTip(near ? { near, left, top, flip: left > area.width / 2 } : undefined);
    });
  };
  const leave = () => {
    cancelAnimationFrame(frame.current);
    setTip(undefined);
  };
  return (
    <div className={styles.chart}>
      <div className={styles.canvas} onPointerMove={move} onPointerLeave={leave}>
        <div ref={box} role="img" aria-label={text} style={{ height }} data-chart={title} />
        {tip ? <TipBox tip={tip} axis={axis} count={lines.length} height={height} /> : null}
      </div>
      <Zoom title={title} chart={chart} />
    </div>
  );
}

/** How long the shown part must stay before it is told. */
const rest = 250;

function useShown(chart: Drawn["chart"], onShown: LineChartProps["onShown"]) {
  useEffect(() => {
    if (!chart || !onShown) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (chart.chart.isDisposed()) return;
        const { start, end } = chart.draw.shownOf(chart.chart);
        onShown(start / 100, end / 100);
      }, rest);
    };
    chart.chart.on("datazoom", tell);
    return () => {
      clearTimeout(timer);
      if (!chart.chart.isDisposed()) chart.chart.off("datazoom", tell);
    };
  }, [chart, onShown]);
}

function TipBox({ tip, axis, count, height }: { tip: Tip; axis: XAxis; count: number; height: number }) {
  const side = tip.flip ? { right: `calc(100% - ${tip.left - 12}px)` } : { left: tip.left + 12 };
  return (
    <div aria-hidden="true">
      <div className={styles.guide} style={{ left: tip.left, height: height - 34 }} />
      <div className={styles.tip} style={{ ...side, top: Math.min(tip.top, height - 40) }}>
        <div className="faint">{xText(tip.near[0]?.x ?? NaN, axis)}</div>
        {tip.near.map(({ line, y }) => (
          <div key={line.id} className={styles.tipRow}>
            <span className="clip">{line.name}</span>
            <span className="number">{metricText(y)}</span>
          </div>
        ))}
        {count > tip.near.length ? <div className="faint">{count - tip.near.length} more, further away</div> : null}
      </div>
    </div>
  );
}

/** Zooming and moving along the x axis without a pointer. */
function Zoom({ title, chart }: { title: string; chart: Drawn["chart"] }) {
  const change = (scale: number, shift: number) => {
    if (!chart || chart.chart.isDisposed()) return;
    const { start, end } = chart.draw.shownOf(chart.chart);
    const width = Math.min(100, (end - start) * scale);
    const middle = (start + end) / 2 + shift * (end - start);
    const from = Math.min(Math.max(0, middle - width / 2), 100 - width);
    chart.draw.show(chart.chart, { start: from, end: from + width });
  };
  return (
    <div className={styles.zoom} role="group" aria-label={`Part of ${title} that is shown`}>
      <IconButton size="s" label="Show less, larger" onPress={() => change(0.5, 0)}>
        <ZoomIn aria-hidden="true" />
      </IconButton>
      <IconButton size="s" label="Show more, smaller" onPress={() => change(2, 0)}>
        <ZoomOut aria-hidden="true" />
      </IconButton>
      <IconButton size="s" label="Go left" onPress={() => change(1, -0.5)}>
        <ChevronLeft aria-hidden="true" />
      </IconButton>
      <IconButton size="s" label="Go right" onPress={() => change(1, 0.5)}>
        <ChevronRight aria-hidden="true" />
      </IconButton>
    </div>
  );
}
