package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"bailiwick/authz"
	"bailiwick/server"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

// TestUnlock: whom the lists keep out is in again once they are switched off in the database, which the ledger tells.
func TestUnlock(t *testing.T) {
	ctx, cfg := context.Background(), server.Default()
	cfg.Data, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	s, err := server.Open(ctx, cfg, servertest.AdminToken, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	err = s.Store.WriteAlone(ctx, func(tx *store.Tx) error {
		all := authz.AddressList{ID: "all", Label: "all", Type: authz.ListBlock, Enabled: true, Addresses: []string{"0.0.0.0/0", "::/0"}}
		err := tx.Govern(authz.Event{Op: authz.PutAddresses, Addresses: &all},
			authz.Event{Op: authz.PutSetting, Setting: &authz.Setting{Key: authz.SettingAddressLists, Value: "true"}})
		if err != nil {
			return err
		}
		return tx.Record(store.SystemEntry("test", "lock"), 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.SwitchOffAddressLists(ctx, cfg.Data, ""); err == nil {
		t.Error("the folder of a server that runs was taken")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if changed, err := server.SwitchOffAddressLists(ctx, cfg.Data, ""); changed != want || err != nil {
			t.Errorf("changed: %v, %v", changed, err)
		}
	}
	if _, err := server.SwitchOffAddressLists(ctx, filepath.Join(t.TempDir(), "none"), ""); err == nil {
		t.Error("a folder that is not there was taken")
	}
	again := servertest.Start(t, func(c *server.Config) { c.Data, c.Database = cfg.Data, "" })
	if a := again.Admin("GET", "/api/2.0/ip-access-lists", nil); a.Status != http.StatusOK || a.Text("ip_access_lists.0.label") != "all" {
		t.Errorf("%s", a.Body)
	}
	if a := again.Admin("GET", "/api/governance/1.0/audit", nil); !strings.Contains(string(a.Body), "workspaceConfEdit") {
		t.Errorf("the ledger: %s", a.Body)
	}
}
