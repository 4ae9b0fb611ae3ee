package server

import (
	"context"
	"fmt"
	"path/filepath"

	"bailiwick/kek"
	"bailiwick/worker"
)

// kekFile is where key-encryption keys are when nothing else is said, in the data folder.
const kekFile = "kek"

// kekPlace checks a place of key-encryption keys.
func kekPlace(place string) error {
	_, err := kek.Open(place)
	return err
}

// openVault opens the places of key-encryption keys. A workspace that has no active one gets it now; where that cannot be, the server starts all the
// same, and what asks for secrets is told: they are no reason to keep everybody else out.
func (s *Server) openVault(ctx context.Context) error {
	places := append([]string{kekAt(&s.Config)}, s.Config.KEKOld...)
	var keepers []kek.Keeper
	for _, place := range places {
		k, err := kek.Open(place)
		if err != nil {
			return fmt.Errorf("kek: %w", err)
		}
		keepers = append(keepers, k)
	}
	s.vault = kek.NewVault(s.Store.Workspace(), keepers...)
	s.vault.Log = s.log
	if s.Config.KEK == "" && s.Store.Engine() != "sqlite" {
		s.log.Warn("key-encryption keys of secrets are in the data folder of this replica only; let the setting kek name a place that all replicas have",
			"file", kekAt(&s.Config))
	}
	s.keys = &worker.Rewrapper{Store: s.Store, Vault: s.vault, Log: s.log}
	if err := s.keys.Begin(ctx); err != nil {
		s.log.Error("secrets cannot be used", "error", err)
	}
	return nil
}

// kekAt is where key-encryption keys are.
func kekAt(c *Config) string {
	if c.KEK != "" {
		return c.KEK
	}
	return filepath.Join(c.Data, kekFile)
}
