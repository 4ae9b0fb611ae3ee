package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bailiwick/ledger"
	"bailiwick/store"
)

// Names in the table of keys: the ledger's signing key where there is no file for it, and the public keys of all that ever signed.
const (
	signingKey = "ledger"
	publicKeys = "ledger.pub"
)

// ledgerKeyFile is where the signing key is when nothing else is said, in the data folder.
const ledgerKeyFile = "ledger.key"

// openSigner gives the signer of the ledger: of the file that is configured, or else of the data folder on SQLite, or of the database on
// PostgreSQL, whose replicas share it. Where there is none it makes one; a file that was named by the configuration is made, too, so that
// it can be placed outside of the data folder from the first start on. All public keys that ever signed are kept beside the ledger.
func (s *Server) openSigner(ctx context.Context) (err error) {
	file := s.Config.LedgerKey
	if file == "" && s.Store.Engine() == "sqlite" {
		file = filepath.Join(s.Config.Data, ledgerKeyFile)
	}
	var text string
	if file != "" {
		text, err = keyInFile(file, s.Store.Origin())
	} else {
		text, err = s.keyInDatabase(ctx)
	}
	if err != nil {
		return fmt.Errorf("key of the ledger: %w", err)
	}
	if s.signer, err = ledger.NewSigner(strings.TrimSpace(text)); err != nil {
		return fmt.Errorf("key of the ledger: %w", err)
	}
	if name := s.signer.Name(); name != s.Store.Origin() {
		return fmt.Errorf("key of the ledger: it is that of %s, and this workspace's ledger is %s", name, s.Store.Origin())
	}
	s.public, err = s.rememberKey(ctx)
	return err
}

// keyInFile reads the key, or makes it with mode 600.
func keyInFile(file, origin string) (string, error) {
	text, err := os.ReadFile(file)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return string(text), err
	}
	key, _, err := ledger.GenerateKey(rand.Reader, origin)
	if err != nil {
		return "", err
	}
	return key, writeDurably(file, []byte(key+"\n"))
}

// writeDurably writes a new file that only its owner may read; it and its name outlive loss of power.
func writeDurably(file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(file))
}

// syncFolder makes the names in a folder durable.
func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (s *Server) keyInDatabase(ctx context.Context) (text string, err error) {
	fresh, _, err := ledger.GenerateKey(rand.Reader, s.Store.Origin())
	if err != nil {
		return "", err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		text, err = tx.AddKeyText(signingKey, fresh)
		return err
	})
	return text, err
}

// rememberKey adds the signer's public key to those that are kept, and gives all of them, the present one first.
func (s *Server) rememberKey(ctx context.Context) (all []string, err error) {
	present := s.signer.Public()
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		text, err := tx.KeyText(publicKeys)
		if err != nil {
			return err
		}
		old := strings.Fields(text)
		all = append([]string{present}, slices.DeleteFunc(slices.Clone(old), func(k string) bool { return k == present })...)
		if slices.Contains(old, present) {
			return nil
		}
		return tx.SetKeyText(publicKeys, strings.Join(all, "\n"))
	})
	return all, err
}
