package store

import (
	"context"
	"database/sql/driver"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// A round trip to PostgreSQL costs more than most of our statements. So a transaction begins in one, and statements whose outcome nobody
// asks for wait and go together with the next one that somebody does ask about, at the latest with COMMIT. SQLite has no round trips.

// together runs statements without values in one round trip and gives the only row of the last one. At READ COMMITTED each has a snapshot of
// its own, taken when its turn comes: what follows a lock sees what was committed while it was waited for.
func (c *conn) together(ctx context.Context, texts ...string) (row []int64, err error) {
	err = c.Raw(func(raw any) error {
		results, err := raw.(*stdlib.Conn).Conn().PgConn().Exec(ctx, strings.Join(texts, "; ")).ReadAll()
		if err != nil {
			return err
		}
		for _, text := range results[len(results)-1].Rows[0] {
			n, err := strconv.ParseInt(string(text), 10, 64)
			if err != nil {
				return err
			}
			row = append(row, n)
		}
		return nil
	})
	return row, err
}

// later runs a statement now on SQLite, with the next round trip on PostgreSQL; its error then comes from whatever makes that trip.
func (c *conn) later(ctx context.Context, q string, args ...any) error {
	if c.d.prepares {
		_, err := c.exec(ctx, q, args...)
		return err
	}
	plain := make([]any, len(args))
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return err
		}
		plain[i] = v
	}
	if c.waiting == nil {
		c.waiting = &pgx.Batch{}
	}
	c.waiting.Queue(c.text(q), plain...)
	return nil
}

// flush sends what waits.
func (c *conn) flush(ctx context.Context) error {
	if c.waiting == nil {
		return nil
	}
	b := c.waiting
	c.waiting = nil
	return c.Raw(func(raw any) error { return raw.(*stdlib.Conn).Conn().SendBatch(ctx, b).Close() })
}
