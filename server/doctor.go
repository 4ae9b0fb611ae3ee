package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bailiwick/blob"
	"bailiwick/ledger"
	"bailiwick/store"
)

// Finding is the result of one of the doctor's checks.
type Finding struct {
	Check string `json:"check"`
	// Sound is false for what must not be so; Detail says what was seen.
	Sound  bool   `json:"sound"`
	Detail string `json:"detail"`
}

// Doctor looks at a data folder, or at a database with its artifacts, without changing anything; a server may run on it. Deep reads every
// artifact and compares its digest.
type Doctor struct {
	Data, Database, Artifacts string
	// From is where artifacts come from while they move; empty = nothing moves.
	From string
	Deep bool
}

// Run makes all checks that are possible, in order.
func (d Doctor) Run(ctx context.Context) (all []Finding) {
	note := func(check string, err error, detail string) bool {
		if err != nil {
			detail = err.Error()
		}
		all = append(all, Finding{check, err == nil, detail})
		return err == nil
	}
	if d.Database == "" && !note("data folder", d.folder(), d.Data) {
		return all
	}
	r, err := store.OpenReader(ctx, store.Options{Data: d.Data, Database: d.Database})
	if !note("database", err, fmt.Sprintf("opens; schema number %d", store.SchemaVersion())) {
		return all
	}
	defer r.Close()
	detail, err := r.Sound(ctx)
	note("pages of the database", err, detail)
	detail, err = d.ledger(ctx, r)
	note("ledger", err, detail)
	detail, err = d.key(r)
	note("signing key", err, detail)
	detail, err = d.bytes(ctx, r)
	note("artifacts", err, detail)
	return all
}

func (d Doctor) folder() error {
	info, err := os.Stat(d.Data)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", d.Data)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s may be read by others (mode %o); chmod 700", d.Data, info.Mode().Perm())
	}
	return nil
}

func (d Doctor) ledger(ctx context.Context, r *store.Reader) (string, error) {
	var report ledger.Report
	err := r.Read(ctx, func(tx *store.Tx) error {
		keys, err := PublicKeys(tx)
		if err != nil || len(keys) == 0 {
			return errors.Join(err, noKeys(keys))
		}
		report, err = tx.Verify(keys)
		return err
	})
	return fmt.Sprintf("%d entries whole, %d not sealed yet", report.To-report.From, report.Unsealed), err
}

func noKeys(keys []string) error {
	if len(keys) == 0 {
		return errors.New("no public key is kept beside the ledger: no server has run on this database yet")
	}
	return nil
}

// PublicKeys gives the public keys that are kept beside the ledger, the present one first. Whoever can write the database can change them, so
// they prove nothing to an outsider.
func PublicKeys(tx *store.Tx) ([]string, error) {
	text, err := tx.KeyText(publicKeys)
	return strings.Fields(text), err
}

func (d Doctor) key(*store.Reader) (string, error) {
	if d.Database != "" {
		return "not looked at: it is in the database, or where --ledger-key says", nil
	}
	file := filepath.Join(d.Data, ledgerKeyFile)
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "not in the data folder; the next start makes one, unless --ledger-key names another", nil
	} else if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s may be read by others (mode %o); chmod 600", file, info.Mode().Perm())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	_, err = ledger.NewSigner(strings.TrimSpace(string(text)))
	return "in the data folder, mode 600", err
}

// bytes looks for each artifact that a row names.
func (d Doctor) bytes(ctx context.Context, r *store.Reader) (string, error) {
	place := d.Artifacts
	if place == "" {
		place = filepath.Join(d.Data, backupArtifacts)
	}
	blobs, err := openArtifacts(place, d.From)
	if err != nil {
		return "", err
	}
	var digests []blob.Digest
	err = r.Read(ctx, func(tx *store.Tx) error {
		return tx.Digests(func(b []byte) error { digests = append(digests, blob.Digest(b)); return nil })
	})
	if err != nil {
		return "", err
	}
	there, err := digestsIn(ctx, blobs)
	if err != nil {
		return "", err
	}
	var bad []string
	moves := 0
	for _, digest := range digests {
		if !there[digest] {
			moves++
		}
		if err := d.look(ctx, blobs, digest, there[digest]); err != nil {
			bad = append(bad, err.Error())
		}
	}
	if len(bad) > 0 {
		return "", fmt.Errorf("%d of %d are missing or damaged, among them: %s", len(bad), len(digests), strings.Join(bad[:min(3, len(bad))], "; "))
	}
	if moves > 0 {
		return fmt.Sprintf("%d files there, %d of them only in the store that they are moved from", len(digests), moves), nil
	}
	return fmt.Sprintf("%d files there", len(digests)), nil
}

// look checks one artifact: by a request of its own, unless the store listed it and that will do.
func (d Doctor) look(ctx context.Context, blobs blob.Store, digest blob.Digest, listed bool) error {
	if d.Deep {
		return blob.Verify(ctx, blobs, digest)
	}
	if listed {
		return nil
	}
	_, err := blobs.Stat(ctx, digest)
	return err
}
