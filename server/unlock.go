package server

import (
	"context"
	"log/slog"

	"bailiwick/authz"
	"bailiwick/store"
)

// SwitchOffAddressLists makes the IP access lists of a data folder whose server is stopped, or of a database, count no longer, as the server
// itself: whoever may touch the database could have kept them out of it. It says whether that changed anything.
func SwitchOffAddressLists(ctx context.Context, data, database string) (changed bool, err error) {
	s, err := store.Open(ctx, store.Options{Data: data, Database: database, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return false, err
	}
	defer s.Close()
	return s.SwitchOff(ctx, authz.SettingAddressLists)
}
