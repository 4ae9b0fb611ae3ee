package store

import "bailiwick/ledger"

// tallyShards spreads the counts of one minute over several rows, so that writers on PostgreSQL do not wait for each other's row.
const tallyShards = 8

// Tally counts a call in its minute's row, in this transaction (audit class B), or written behind (class C).
func (tx *Tx) Tally(t ledger.Tally) error {
	shard := int64(0)
	if !tx.s.d.single {
		shard = tx.NextID() >> 10 % tallyShards
	}
	return tx.do(`INSERT INTO tallies (minute, key, shard, n, first, last, sample) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (minute, key, shard) DO UPDATE SET n = tallies.n + excluded.n,
		first = CASE WHEN excluded.first < tallies.first THEN excluded.first ELSE tallies.first END,
		last = CASE WHEN excluded.last > tallies.last THEN excluded.last ELSE tallies.last END`,
		t.Key.Minute, string(t.Key.AppendKey(nil)), shard, t.Count, t.First, t.Last, ledger.Append(nil, &t.Sample))
}
