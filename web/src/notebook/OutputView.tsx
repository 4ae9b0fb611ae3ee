import { Code, Markdown, Table } from "../ui";
import { frameHeight, imageAddress, tableOf, withoutEscapes, type Output } from "./cells";
import styles from "./Notebook.module.css";

interface OutputViewProps {
  output: Output;
  what: string;
  /** Where the server gives it by itself. */
  address: string;
}

/** One result: text, error, table, image, JSON. HTML is shown in a frame without scripts, and without anything from elsewhere. */
export function OutputView(props: OutputViewProps) {
  const { output } = props;
  return (
    <div className={styles.output}>
      <Shown {...props} />
      {output.truncated ? <p className="faint small">The rest is too long to be shown.</p> : null}
    </div>
  );
}

function Shown({ output, what, address }: OutputViewProps) {
  switch (output.kind) {
    case "image":
      return <Picture output={output} what={what} />;
    case "html":
      return <iframe className={styles.frame} style={{ height: frameHeight(output) }} title={`${what}, HTML shown without scripts`} sandbox="" src={address} />;
    case "table":
      return <OutputTableView output={output} what={what} />;
    case "json":
      return <Code text={output.text} what={what} language="json" maxHeight="24rem" />;
    case "error":
      return (
        <div className={styles.error}>
          <Code text={withoutEscapes(output.text)} what={`${what}, an error`} maxHeight="24rem" />
        </div>
      );
    default:
      return output.mime === "text/markdown" ? <Markdown text={output.text} /> : <Code text={withoutEscapes(output.text)} what={what} maxHeight="24rem" noCopy />;
  }
}

function Picture({ output, what }: { output: Output; what: string }) {
  const address = imageAddress(output);
  if (!address) return <Code text={output.plain ?? "an image that cannot be shown"} what={what} noCopy />;
  return <img className={styles.image} src={address} alt={output.plain ?? what} />;
}

function OutputTableView({ output, what }: { output: Output; what: string }) {
  const table = tableOf(output.text);
  if (!table) return <Code text={output.plain ?? output.text} what={what} noCopy />;
  const columns = table.columns.map((title, at) => ({ key: String(at), title: title || "#", cell: (row: { cells: string[] }) => row.cells[at] ?? "" }));
  return (
    <>
      <Table label={what} columns={columns} rows={table.rows.map((cells, at) => ({ at, cells }))} rowKey={(row) => String(row.at)} />
      {table.more ? <p className="faint small">More rows are not shown.</p> : null}
    </>
  );
}
