package governance

import (
	"bytes"
	"encoding/csv"
	"strings"

	"bailiwick/api"
)

// table is an answer that can also be given as CSV.
type table interface {
	rows() (rows [][]string, asked bool)
}

// wantsCSV says whether the caller asked for CSV, and then says so in the answer.
func wantsCSV(c *api.Call) bool {
	if !strings.Contains(c.Header("Accept"), "text/csv") {
		return false
	}
	c.SetHeader("Content-Type", "text/csv; charset=utf-8")
	return true
}

// encode writes an answer as JSON, or as CSV where that was asked for.
func encode(answer any) ([]byte, error) {
	if t, ok := answer.(table); ok {
		if rows, asked := t.rows(); asked {
			return encodeCSV(rows)
		}
	}
	return api.EncodeJSON(answer)
}

func encodeCSV(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, row := range rows {
		for i := range row {
			row[i] = inert(row[i])
		}
		if err := w.Write(row); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// inert keeps a spreadsheet from taking a name that somebody chose for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func (a *whoCanAnswer) rows() ([][]string, bool) {
	rows := [][]string{{"id", "name", "kind", "level", "rule", "from", "through"}}
	for _, h := range a.Holders {
		row := []string{h.ID, h.Name, h.Kind, h.Level, h.Rule, "", ""}
		if h.From != nil {
			row[5], row[6] = titleOf(*h.From), h.Through.Name
		}
		rows = append(rows, row)
	}
	return rows, a.csv
}

func (a *whatCanAnswer) rows() ([][]string, bool) {
	rows := [][]string{{"object", "kind", "name", "path", "level", "rule", "from", "through"}}
	for _, o := range a.Objects {
		rows = append(rows, []string{o.Object, o.Kind, o.Name, o.Path, o.Level, o.Rule, titleOf(o.From), o.Through.Name})
	}
	return rows, a.csv
}

// titleOf is what people call an object: its path, else its name in the permissions API.
func titleOf(o objectRef) string {
	if o.Path != "" {
		return o.Path
	}
	return o.Object
}
