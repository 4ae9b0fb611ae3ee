/** The drawing itself, with as little of ECharts as lines need. Loaded when the first chart comes into sight. */
import { LineChart, type LineSeriesOption } from "echarts/charts";
import { DataZoomComponent, GridComponent, type DataZoomComponentOption, type GridComponentOption } from "echarts/components";
import { init, use as register, type ComposeOption, type ECharts } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { metricText } from "../../ui/format";
import { nearest, type Near } from "./nearest";
import { lookOf, type Line, type XAxis } from "./series";

register([LineChart, GridComponent, DataZoomComponent, CanvasRenderer]);

type Option = ComposeOption<LineSeriesOption | GridComponentOption | DataZoomComponentOption>;

/** What the theme gives: colours as the canvas can use them. */
export interface Look {
  text: string;
  faint: string;
  line: string;
  surface: string;
  accent: string;
  font: string;
  color: (token: string) => string;
}

export interface Drawing {
  lines: readonly Line[];
  /** The place of each line among all, hidden ones included, so that its look stays. */
  places: readonly number[];
  axis: XAxis;
  log: boolean;
  look: Look;
  /** Moves when it is drawn anew. */
  animated: boolean;
}

/** From so many lines on, points have no marks. */
const crowd = 20;
/** How many lines a tooltip tells of. */
const told = 10;

export type Chart = ECharts;

export function start(element: HTMLElement): Chart {
  return init(element, null, { renderer: "canvas" });
}

/** The points of a line, x and y in turns. */
function pointsOf({ x, y }: Line): Float64Array {
  const points = new Float64Array(2 * x.length);
  for (let i = 0; i < x.length; i += 1) {
    points[2 * i] = x[i] ?? NaN;
    points[2 * i + 1] = y[i] ?? NaN;
  }
  return points;
}

function seriesOf({ lines, places, look, animated }: Drawing): LineSeriesOption[] {
  return lines.map((line, i) => {
    const { color, dash, width } = lookOf(places[i] ?? i);
    const few = line.x.length <= 60 && lines.length <= crowd;
    return {
      type: "line",
      id: line.id,
      name: line.name,
      dimensions: ["x", "y"],
      // Its types know only lists, but numbers in one buffer are what it reads fastest.
      data: pointsOf(line) as unknown as number[],
      showSymbol: few,
      symbolSize: 5,
      sampling: "lttb",
      connectNulls: false,
      animation: animated,
      silent: true,
      emphasis: { disabled: true },
      color: look.color(color),
      lineStyle: { width, type: dash },
    } satisfies LineSeriesOption;
  });
}

function axisLook(look: Look) {
  return {
    axisLabel: { color: look.faint, fontFamily: look.font, fontSize: 11 },
    axisLine: { lineStyle: { color: look.line } },
    splitLine: { lineStyle: { color: look.line, opacity: 0.6 } },
  };
}

/** What ECharts is told. */
export function optionOf(drawing: Drawing): Option {
  const { axis, log, look } = drawing;
  return {
    animation: drawing.animated,
    textStyle: { fontFamily: look.font },
    grid: { left: 8, right: 16, top: 12, bottom: 34, containLabel: true },
    xAxis: {
      type: axis === "time" ? "time" : "value",
      min: "dataMin",
      max: "dataMax",
      ...axisLook(look),
      axisLabel: { ...axisLook(look).axisLabel, hideOverlap: true, ...(axis === "relative" ? { formatter: "{value} s" } : {}) },
    },
    yAxis: { type: log ? "log" : "value", scale: true, ...axisLook(look), axisLabel: { ...axisLook(look).axisLabel, formatter: (y: number) => metricText(y) } },
    dataZoom: [
      { type: "inside", filterMode: "filter", throttle: 60, zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false },
      {
        type: "slider",
        filterMode: "filter",
        throttle: 60,
        height: 16,
        bottom: 6,
        showDetail: false,
        showDataShadow: false,
        brushSelect: false,
        borderColor: look.line,
        fillerColor: look.accent,
        handleStyle: { color: look.surface, borderColor: look.faint },
      },
    ],
    series: seriesOf(drawing),
  };
}

/** What the tooltip says of a place in the chart's pixels: the nearest lines, from top to bottom; undefined outside of the grid. */
export function nearPointer(chart: Chart, lines: readonly Line[], place: [number, number]): Near[] | undefined {
  if (!chart.containPixel("grid", place)) return undefined;
  const at = chart.convertFromPixel("grid", place);
  const found = nearest(lines, at[0] ?? NaN, at[1] ?? NaN, told);
  return found.length > 0 ? found : undefined;
}

/** The part of the x axis that is shown, in percent. */
export interface Shown {
  start: number;
  end: number;
}

/** The part that is shown now. */
export function shownOf(chart: Chart): Shown {
  const [zoom] = (chart.getOption() as { dataZoom?: Partial<Shown>[] }).dataZoom ?? [];
  return { start: zoom?.start ?? 0, end: zoom?.end ?? 100 };
}

/** Shows another part. */
export function show(chart: Chart, { start, end }: Shown) {
  chart.dispatchAction({ type: "dataZoom", start: Math.max(0, start), end: Math.min(100, end) });
}
