import { Code, Markdown, Notice } from "../ui";
import { outputAddress, type Cell } from "./cells";
import styles from "./Notebook.module.css";
import { OutputView } from "./OutputView";

/** One cell with its results. */
export function CellView({ cell, number, notebook }: { cell: Cell; number: number; notebook: string }) {
  const what = `Cell ${String(number)}`;
  return (
    <section className={styles.cell} aria-label={cell.title ? `${what}, ${cell.title}` : what}>
      <div className={cell.kind === "markdown" ? styles.level : styles.gutter}>
        <span className={styles.number} title={cell.execution_count ? `Run ${String(cell.execution_count)}` : "Not run"}>
          {cell.execution_count ? `[${String(cell.execution_count)}]` : String(number)}
        </span>
      </div>
      <div className={styles.body}>
        {cell.title ? <h3 className={styles.title}>{cell.title}</h3> : null}
        <Source cell={cell} what={what} />
        {cell.truncated ? <Notice>The rest of this cell is too long to be shown. Export the notebook to read it.</Notice> : null}
        {cell.outputs?.map((output, index) => (
          // Outputs have no names and do not move.
          <OutputView key={index} output={output} what={`${what}, result ${String(index + 1)}`} address={outputAddress(notebook, number - 1, index)} />
        ))}
      </div>
    </section>
  );
}

function Source({ cell, what }: { cell: Cell; what: string }) {
  if (cell.kind === "markdown") return <Markdown text={cell.source} />;
  if (cell.source.trim() === "") return <p className="faint small">Empty cell</p>;
  return <Code text={cell.source} what={`${what}, source`} language={cell.kind === "code" ? cell.language?.toLowerCase() : languageOf(cell)} />;
}

/** The language of a magic cell that is code in another one (%sql, %scala, …). */
const languageOf = (cell: Cell) => (cell.language && ["python", "sql", "scala", "r", "bash", "sh"].includes(cell.language) ? cell.language.replace(/^sh$/, "bash") : undefined);
