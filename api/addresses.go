package api

import (
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
)

// deniedAction is the audit action of calls that the IP access lists keep out, as Databricks names it.
const deniedAction = "IpAccessDenied"

// keepOut refuses who is identified, where the IP access lists keep his address out. It runs before anything of the request is read. Another
// replica may have changed the lists since this one last looked, so that a transaction decides, which identifies again, and records the refusal.
func (d *Door) keepOut(c *Call) error {
	if _, blocked := d.Store.Map().Blocked(c.source); !blocked {
		return nil
	}
	ctx := c.request.Context()
	err := d.snapshot(ctx, c, func(tx *store.Tx) error {
		c.Tx = tx
		defer func() { c.Tx = nil }()
		err := c.identifyAgain()
		if c.refused != nil {
			c.describe(err)
		}
		return err
	})
	if err == nil {
		return nil
	}
	return d.recordAfter(ctx, c, err)
}

// CheckAddress refuses where the IP access lists keep the caller's address out. The pipeline asks it of everybody who is identified; handlers of
// open writes ask it of those whom they identify themselves, before they change anything. What is said names no list: which one it is, and what it holds, is for
// administrators, in the ledger.
func (c *Call) CheckAddress() error { return c.checkAddress(c.Tx.Map) }

func (c *Call) checkAddress(m *authz.Map) error {
	list, blocked := m.Blocked(c.source)
	if !blocked {
		return nil
	}
	c.service, c.action, c.object, c.subject = "accounts", deniedAction, authz.WorkspaceObject, formatID(authz.WorkspaceObject)
	c.Note("path", c.request.URL.Path)
	if list != nil {
		c.Note("listId", list.ID)
		c.Note("label", list.Label)
	} else {
		c.Note("reason", "no list allows the address")
	}
	c.refused = fail.New(fail.Denied, "Source IP address: %s is blocked by the IP access lists of workspace %d.", c.source, c.door.Store.Workspace())
	return c.refused
}

// Blocked tells whether a map's IP access lists would keep the caller himself out.
func (c *Call) Blocked(m *authz.Map) bool {
	_, blocked := m.Blocked(c.source)
	return blocked
}
