package main

import (
	"fmt"

	"bailiwick/server"
)

// unlock lets people in again whom the IP access lists keep out.
type unlock struct {
	Data     string `help:"Data folder, of a server that is stopped." type:"path" default:"./data" env:"BAILIWICK_DATA" placeholder:"DIR"`
	Database string `help:"PostgreSQL database; otherwise SQLite in the data folder. Its servers may run." env:"BAILIWICK_DATABASE" placeholder:"URL"`
}

// Run switches them off.
func (u *unlock) Run() error {
	ctx, stop := interrupted()
	defer stop()
	changed, err := server.SwitchOffAddressLists(ctx, u.Data, u.Database)
	switch {
	case err != nil:
		return err
	case !changed:
		fmt.Println("The IP access lists are off already; nothing was changed.")
	default:
		fmt.Println("The IP access lists are off, and the ledger says so. They are kept: mend them, then set enableIpAccessLists again.")
	}
	return nil
}
