package governance

import (
	"bytes"
	"io"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/workspace"
)

// outputRequest names a result of a notebook by the places of its cell and of itself there, from 0.
type outputRequest struct {
	ID     string `json:"-" path:"id"`
	Cell   int    `json:"-" path:"cell"`
	Output int    `json:"-" path:"output"`
}

func findOutput(c *api.Call, q *outputRequest) (*authz.Object, api.Target, error) {
	return findCells(c, &notebookRequest{ID: q.ID})
}

// getOutput gives an HTML result by itself, for a frame: its own styles count, nothing in it runs, and it loads nothing.
func getOutput(c *api.Call, o *authz.Object, q *outputRequest) (*api.Content, error) {
	notebook, err := getCells(c, o, nil)
	if err != nil {
		return nil, err
	}
	out := outputAt(notebook.Cells, q.Cell, q.Output)
	if out == nil || out.Kind != workspace.HTMLOutput {
		return nil, fail.NotFoundf("Notebook '%s' has no HTML as result %d of cell %d.", q.ID, q.Output, q.Cell)
	}
	page := []byte("<!doctype html><meta charset=\"utf-8\"><style>body{font:14px system-ui,sans-serif;margin:8px}</style>" + out.Text)
	return &api.Content{
		Name: strconv.Itoa(q.Cell) + "-" + strconv.Itoa(q.Output) + ".html", Type: "text/html; charset=utf-8", Policy: api.Page,
		Open: func() (io.ReadSeekCloser, error) { return sums{bytes.NewReader(page)}, nil },
	}, nil
}

func outputAt(cells []workspace.ShownCell, cell, output int) *workspace.Output {
	if cell < 0 || cell >= len(cells) || output < 0 || output >= len(cells[cell].Outputs) {
		return nil
	}
	return &cells[cell].Outputs[output]
}
