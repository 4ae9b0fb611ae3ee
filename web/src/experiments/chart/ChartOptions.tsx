import { Select, Switch } from "../../ui";
import styles from "./Chart.module.css";
import type { LineOptions, XAxis } from "./series";

const axes = [
  { value: "step", text: "Step" },
  { value: "time", text: "Time" },
  { value: "relative", text: "Relative time" },
];

/** How all charts of a page are drawn. */
export function ChartOptions({ options, onChange }: { options: LineOptions; onChange: (options: LineOptions) => void }) {
  return (
    <div className={styles.options} role="group" aria-label="How charts are drawn">
      <Select label="x axis" options={axes} value={options.axis} onChange={(axis) => onChange({ ...options, axis: axis as XAxis })} />
      <label className={styles.slider}>
        <span>Smoothing: {options.smoothing === 0 ? "none" : options.smoothing.toFixed(2)}</span>
        <input type="range" min={0} max={0.99} step={0.01} value={options.smoothing} onChange={(event) => onChange({ ...options, smoothing: Number(event.target.value) })} />
      </label>
      <Switch isSelected={options.log} onChange={(log) => onChange({ ...options, log })}>
        Logarithmic y axis
      </Switch>
    </div>
  );
}
