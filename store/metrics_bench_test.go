package store

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"bailiwick/tracking"
)

// The two ways of keeping metric points that docs/adr/0005 compares: chunks, as the store has them, and a row a point.
//
//	go test ./store -run '^$' -bench Points
//	scripts/with-postgres go test ./store -run '^$' -bench Points
type pointStore struct {
	name    string
	put     func(tx *Tx, run string, batch []tracking.Metric) error
	history func(tx *Tx, run, key string) (int, error)
	size    string // the table whose size counts
}

var pointStores = []pointStore{
	{"chunks", func(tx *Tx, run string, batch []tracking.Metric) error {
		err := tx.putRows("INSERT INTO points (run, key, seq, n, data) VALUES (?, ?, ?, ?, ?)", 5, tx.chunks(run, batch))
		return err
	}, func(tx *Tx, run, key string) (int, error) {
		points, err := tx.History(run, key)
		return len(points), err
	}, "points"},
	{"rows", func(tx *Tx, run string, batch []tracking.Metric) error {
		args := make([]any, 0, 5*len(batch))
		for i := range batch {
			m := &batch[i]
			args = append(args, run, m.Key, m.Timestamp, m.Step, bitsOf(m.Value))
		}
		err := tx.putRows("INSERT INTO point_rows (run, key, at, step, value) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", 5, args)
		return err
	}, func(tx *Tx, run, key string) (int, error) {
		var points []tracking.Point
		err := tx.each(func(r *sql.Rows) error {
			var p tracking.Point
			var bits int64
			err := r.Scan(&p.Timestamp, &p.Step, &bits)
			p.Value = valueOf(bits)
			points = append(points, p)
			return err
		}, "SELECT at, step, value FROM point_rows WHERE run = ? AND key = ? ORDER BY at, step, value", run, key)
		return len(points), err
	}, "point_rows"},
}

func benchStore(b *testing.B) *Store {
	s, _, _ := openAny(b)
	ddl := s.d.ddl(`CREATE TABLE point_rows (run TEXT NOT NULL, key TEXT NOT NULL, at BIGINT NOT NULL, step BIGINT NOT NULL,
		value BIGINT NOT NULL, PRIMARY KEY (run, key, at, step, value)) /* clustered */`)
	write(b, s, func(tx *Tx) error { return tx.do(ddl) })
	return s
}

// batchOf makes points of some keys, a step after the other.
func batchOf(keys, steps, from int) []tracking.Metric {
	batch := make([]tracking.Metric, 0, keys*steps)
	for i := range steps {
		at := from + i
		for k := range keys {
			batch = append(batch, tracking.Metric{Key: fmt.Sprint("metric_", k),
				Point: tracking.Point{Timestamp: 1700000000000 + int64(at)*37, Step: int64(at), Value: 1 / float64(at+k+1)}})
		}
	}
	return batch
}

func BenchmarkPointsWrite(b *testing.B) {
	for _, p := range pointStores {
		for _, c := range []struct {
			name        string
			keys, steps int
		}{{"single", 1, 1}, {"batch of 1000", 10, 100}} {
			b.Run(p.name+"/"+c.name, func(b *testing.B) {
				s := benchStore(b)
				n := 0
				for b.Loop() {
					run := fmt.Sprintf("%032x", n/100)
					write(b, s, func(tx *Tx) error { return p.put(tx, run, batchOf(c.keys, c.steps, n%100*c.steps)) })
					n++
				}
				b.ReportMetric(float64(n*c.keys*c.steps)/b.Elapsed().Seconds(), "points/s")
			})
		}
	}
}

func BenchmarkPointsHistory(b *testing.B) {
	const points, run = 100_000, "00000000000000000000000000000001"
	for _, p := range pointStores {
		for _, size := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s/logged by %d", p.name, size), func(b *testing.B) {
				s := benchStore(b)
				fillPoints(b, s, p, run, points, size)
				readPoints(b, s, p, run, points)
			})
			if p.name != "chunks" {
				continue
			}
			b.Run(fmt.Sprintf("merged/logged by %d", size), func(b *testing.B) {
				s := benchStore(b)
				fillPoints(b, s, p, run, points, size)
				s.noticed.add(run, "metric_0", mergeAfter)
				if _, err := s.MergePoints(context.Background()); err != nil {
					b.Fatal(err)
				}
				readPoints(b, s, p, run, points)
			})
		}
	}
}

func fillPoints(b *testing.B, s *Store, p pointStore, run string, points, size int) {
	for at := 0; at < points; {
		write(b, s, func(tx *Tx) error {
			for range 2000 / size {
				if err := p.put(tx, run, batchOf(1, size, at)); err != nil {
					return err
				}
				at += size
			}
			return nil
		})
	}
}

func readPoints(b *testing.B, s *Store, p pointStore, run string, points int) {
	for b.Loop() {
		err := s.Read(context.Background(), func(tx *Tx) error {
			n, err := p.history(tx, run, "metric_0")
			if n != points {
				b.Fatalf("%d points", n)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(bytesOf(b, s, p.size)/float64(points), "bytes/point")
}

// bytesOf gives how much a table takes on disk: with its indexes.
func bytesOf(b *testing.B, s *Store, table string) (size float64) {
	q := "SELECT SUM(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = '" + table + "')"
	if !s.d.single {
		q = "SELECT pg_total_relation_size('" + table + "')"
	}
	err := s.Read(context.Background(), func(tx *Tx) error { _, err := tx.one([]any{&size}, q); return err })
	if err != nil {
		b.Fatal(err)
	}
	return size
}
