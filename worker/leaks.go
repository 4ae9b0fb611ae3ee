package worker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"bailiwick/authz"
	"bailiwick/credential"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/leak"
	"bailiwick/store"
	"bailiwick/workspace"
)

const (
	// searchTime is how long the search of one notebook or file may take; what was not searched then is not.
	searchTime = 10 * time.Second
	// searchBatch is how many are looked up at a time.
	searchBatch = 20
	// maxPlaces is how many credentials of one notebook or file are kept.
	maxPlaces = 200
)

// Leaks searches notebooks and files for credentials, after the commit that wrote them: nobody waits for it. Replicas may search the same; they find
// the same.
type Leaks struct {
	Store *store.Store
	Log   *slog.Logger
}

// Run searches what there is to be searched, and returns when nothing is left. The rules are read when there is something, and let go of after it.
func (l *Leaks) Run(ctx context.Context) error {
	var rules *leak.Rules
	for ctx.Err() == nil {
		var batch []store.Unsearched
		err := l.Store.Read(ctx, func(tx *store.Tx) (err error) {
			batch, err = tx.Unsearched(searchBatch)
			return err
		})
		if err != nil || len(batch) == 0 {
			return err
		}
		if rules == nil {
			if rules, err = leak.ReadRules(); err != nil {
				return err
			}
		}
		for _, u := range batch {
			if err := l.search(ctx, rules, u); err != nil {
				return err
			}
		}
	}
	return nil
}

// search searches one notebook or file and keeps what it finds; nothing in one that is gone.
func (l *Leaks) search(ctx context.Context, rules *leak.Rules, u store.Unsearched) error {
	var item workspace.Item
	err := l.Store.Read(ctx, func(tx *store.Tx) error {
		o, ok := tx.Map.Object(u.Object)
		if !ok || o.Kind != authz.Notebook && o.Kind != authz.File {
			return nil
		}
		it, content, err := tx.Item(u.Object)
		item = workspace.Item{Path: tx.Map.Path(o.ID), Language: workspace.Language(it.Language), Format: workspace.Format(it.Format), Content: content}
		return err
	})
	if err != nil && !fail.Is(err, fail.NotFound) {
		return err
	}
	s := &search{key: l.Store.Key("tokens"), access: l.Store.Map(), rules: rules, path: item.Path, ours: map[string]bool{}}
	limited, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	s.item(limited, item)
	if limited.Err() != nil && ctx.Err() == nil {
		l.Log.Warn("a notebook or file was not searched for credentials to its end: it takes too long", "object", u.Object)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return l.Store.Write(ctx, func(tx *store.Tx) error { return tx.PutHardCoded(u, s.found) })
}

// search is the search of one notebook or file.
type search struct {
	key    []byte
	access *authz.Map
	rules  *leak.Rules
	path   string
	found  []store.HardCoded
	ours   map[string]bool // the secrets that are credentials of ours
}

// item searches a notebook cell by cell, and anything else as the text that it is.
func (s *search) item(ctx context.Context, it workspace.Item) {
	notebook, err := it.Notebook()
	if err != nil {
		s.text(ctx, "", string(it.Content))
		return
	}
	for i := range notebook.Cells {
		cell := &notebook.Cells[i]
		s.text(ctx, fmt.Sprintf("cell %d, ", i+1), cell.Source)
		s.text(ctx, fmt.Sprintf("output of cell %d, ", i+1), string(cell.Outputs))
	}
}

// text searches a text: for our own credentials, whatever they look like, then by the rules.
func (s *search) text(ctx context.Context, place, text string) {
	for line, word := range leak.Words(text) {
		if ctx.Err() != nil {
			return
		}
		hash := identity.Hash(s.key, []byte(word))
		if _, ok := s.access.Credential(hash[:]); ok {
			s.ours[word] = true
			s.add(place, line, credential.OwnRule, hash[:])
		}
	}
	for _, f := range s.rules.Search(ctx, s.path, text) {
		if !s.ours[f.Secret] {
			hash := identity.Hash(s.key, []byte(f.Secret))
			s.add(place, f.Line, f.Rule, hash[:])
		}
	}
}

func (s *search) add(place string, line int, rule string, hash []byte) {
	if len(s.found) < maxPlaces {
		s.found = append(s.found, store.HardCoded{Hash: hash, Place: credential.Place{At: fmt.Sprintf("%sline %d", place, line), Rule: rule}})
	}
}
