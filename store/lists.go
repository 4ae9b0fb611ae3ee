package store

import (
	"database/sql"
	"slices"
	"strings"
	"sync"
)

// maxIn is the most values of one IN list; longer ones are asked in several queries.
const maxIn = 512

// eachIn runs a query whose last placeholder stands in "IN (?)" for a list, in as many rounds as it takes; args come before the list.
func eachIn[T any](tx *Tx, scan func(*sql.Rows) error, q string, list []T, args ...any) error {
	for part := range slices.Chunk(list, maxIn) {
		all := append(slices.Clip(args), padded(part)...)
		if err := tx.each(scan, strings.Replace(q, "IN (?)", "IN ("+marks(part)+")", 1), all...); err != nil {
			return err
		}
	}
	return nil
}

// marks gives the placeholders of an IN list of at most maxIn values, padded its values: filled up to a power of two by the last one, so that an
// engine sees few different texts.
func marks[T any](list []T) string {
	return strings.TrimSuffix(strings.Repeat("?, ", powerOfTwo(len(list))), ", ")
}

func padded[T any](list []T) []any {
	all := make([]any, powerOfTwo(len(list)))
	for i := range all {
		all[i] = list[min(i, len(list)-1)]
	}
	return all
}

// maxRows is the most rows of one INSERT.
const maxRows = 64

// putRows inserts rows of one width in few statements of fixed sizes: q holds the values of one row as "VALUES (?, …)".
func (tx *Tx) putRows(q string, width int, args []any) error {
	return inBlocks(q, width, args, func(q string, args []any) error { return tx.do(q, args...) })
}

// countRows is putRows that gives the number of rows that were inserted or changed.
func (tx *Tx) countRows(q string, width int, args []any) (changed int64, err error) {
	err = inBlocks(q, width, args, func(q string, args []any) error {
		n, err := tx.exec(q, args...)
		changed += n
		return err
	})
	return changed, err
}

func inBlocks(q string, width int, args []any, run func(q string, args []any) error) error {
	open := strings.Index(q, "VALUES (")
	end := open + strings.IndexByte(q[open:], ')') + 1
	row := q[open+len("VALUES ") : end]
	for len(args) > 0 {
		n := min(maxRows, len(args)/width)
		if p := powerOfTwo(n); p > n {
			n = p / 2
		}
		if err := run(repeated(q, row, row, ", "+row, n, ""), args[:n*width]); err != nil {
			return err
		}
		args = args[n*width:]
	}
	return nil
}

func powerOfTwo(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

// repeats keeps the texts that repeated made: there are few, and making one costs more than running it.
var repeats sync.Map

type repetition struct {
	q string
	n int
}

// repeated replaces the last mark in q by first, n-1 times more, and last.
func repeated(q, mark, first, more string, n int, last string) string {
	key := repetition{q, n}
	if text, ok := repeats.Load(key); ok {
		return text.(string)
	}
	i := strings.LastIndex(q, mark)
	text := q[:i] + first + strings.Repeat(more, n-1) + last + q[i+len(mark):]
	repeats.Store(key, text)
	return text
}
