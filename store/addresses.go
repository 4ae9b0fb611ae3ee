package store

import (
	"database/sql"
	"strings"

	"bailiwick/authz"
)

func (tx *Tx) putAddresses(l *authz.AddressList) error {
	return tx.do(`INSERT INTO address_lists (id, label, type, addresses, enabled, created, created_by, updated, updated_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET label = excluded.label, type = excluded.type, addresses = excluded.addresses,
		enabled = excluded.enabled, updated = excluded.updated, updated_by = excluded.updated_by`,
		l.ID, l.Label, string(l.Type), strings.Join(l.Addresses, "\n"), flag(l.Enabled), l.Created, l.CreatedBy, l.Updated, l.UpdatedBy)
}

func (tx *Tx) loadAddresses(b *authz.Builder) error {
	return tx.each(func(r *sql.Rows) error {
		var l authz.AddressList
		var addresses string
		err := r.Scan(&l.ID, &l.Label, &l.Type, &addresses, &l.Enabled, &l.Created, &l.CreatedBy, &l.Updated, &l.UpdatedBy)
		l.Addresses = strings.Fields(addresses)
		b.AddAddresses(l)
		return err
	}, "SELECT id, label, type, addresses, enabled <> 0, created, created_by, updated, updated_by FROM address_lists")
}
