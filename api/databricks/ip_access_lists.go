package databricks

import (
	"crypto/rand"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"

	"github.com/google/uuid"
)

// addressRoutes are the IP access lists. They say something once enableIpAccessLists is set.
func addressRoutes() []api.Route {
	const all, one = "/ip-access-lists", "/ip-access-lists/{id}"
	return []api.Route{
		api.Write("POST "+all, authz.ManageSettings, api.At[addressList](authz.WorkspaceObject), createAddresses,
			api.As[addressList]("createIpAccessList"), api.Alone[addressList]),
		api.Read("GET "+all, authz.ManageSettings, api.At[noFields](authz.WorkspaceObject), listAddresses),
		api.Read("GET "+one, authz.ManageSettings, findAddresses, getAddresses),
		api.Write("PUT "+one, authz.ManageSettings, findAddresses, replaceAddresses, api.As[addressList]("updateIpAccessList"), api.Alone[addressList]),
		api.Write("PATCH "+one, authz.ManageSettings, findAddresses, updateAddresses, api.As[addressList]("updateIpAccessList"), api.Alone[addressList]),
		api.Write("DELETE "+one, authz.ManageSettings, findAddresses, deleteAddresses, api.As[addressList]("deleteIpAccessList"), api.Alone[addressList]),
	}
}

const (
	// maxAddresses is the most addresses and ranges of all lists together (Databricks' documented quota).
	maxAddresses = 1000
	// maxLabel is the most characters of a list's label.
	maxLabel = 256
)

// addressList is what a request says of a list; what is absent is nil.
type addressList struct {
	ID        string   `json:"-" path:"id"`
	Label     *string  `json:"label"`
	Type      *string  `json:"list_type"`
	Addresses []string `json:"ip_addresses"`
	Enabled   *bool    `json:"enabled"`
}

// shownAddresses is a list as the API shows it.
type shownAddresses struct {
	ID        string         `json:"list_id"`
	Label     string         `json:"label"`
	Type      authz.ListType `json:"list_type"`
	Addresses []string       `json:"ip_addresses"`
	Count     int            `json:"address_count"`
	Enabled   bool           `json:"enabled"`
	Created   int64          `json:"created_at"`
	CreatedBy int64          `json:"created_by"`
	Updated   int64          `json:"updated_at"`
	UpdatedBy int64          `json:"updated_by"`
}

type oneAddressList struct {
	List shownAddresses `json:"ip_access_list"`
}

type allAddressLists struct {
	Lists []shownAddresses `json:"ip_access_lists"`
}

func shownList(l *authz.AddressList) shownAddresses {
	return shownAddresses{l.ID, l.Label, l.Type, l.Addresses, len(l.Addresses), l.Enabled, l.Created, l.CreatedBy, l.Updated, l.UpdatedBy}
}

func listAddresses(c *api.Call, _ int64, _ *noFields) (*allAddressLists, error) {
	a := &allAddressLists{Lists: []shownAddresses{}}
	for _, l := range c.Tx.Map.AddressLists() {
		a.Lists = append(a.Lists, shownList(l))
	}
	return a, nil
}

// findAddresses finds a list; that there is none is said after the decision.
func findAddresses(c *api.Call, q *addressList) (*authz.AddressList, api.Target, error) {
	l, _ := c.Tx.Map.AddressList(q.ID)
	return l, api.Target{Object: authz.WorkspaceObject}, nil
}

func absentList(id string) error {
	return fail.NotFoundf("IP access list with ID %.80s does not exist.", id)
}

func getAddresses(_ *api.Call, l *authz.AddressList, q *addressList) (*oneAddressList, error) {
	if l == nil {
		return nil, absentList(q.ID)
	}
	return &oneAddressList{shownList(l)}, nil
}

func createAddresses(c *api.Call, _ int64, q *addressList) (*oneAddressList, error) {
	id, err := uuid.NewRandomFromReader(rand.Reader)
	if err != nil {
		return nil, err
	}
	l := authz.AddressList{ID: id.String(), Enabled: true, Created: c.Tx.Now, CreatedBy: c.Who.Principal}
	if err := q.whole(); err != nil {
		return nil, err
	}
	return changeAddresses(c, nil, l, q)
}

// whole holds what makes a list, or replaces one, to the fields that it must have.
func (q *addressList) whole() error {
	switch {
	case q.Label == nil:
		return fail.Invalidf("label is missing")
	case q.Type == nil:
		return fail.Invalidf("list_type is missing: %s or %s", authz.ListAllow, authz.ListBlock)
	}
	if q.Addresses == nil {
		q.Addresses = []string{}
	}
	return nil
}

func replaceAddresses(c *api.Call, l *authz.AddressList, q *addressList) (*oneAddressList, error) {
	if l == nil {
		return nil, absentList(q.ID)
	}
	if err := q.whole(); err != nil {
		return nil, err
	}
	next := *l
	next.Enabled = true
	return changeAddresses(c, l, next, q)
}

func updateAddresses(c *api.Call, l *authz.AddressList, q *addressList) (*oneAddressList, error) {
	if l == nil {
		return nil, absentList(q.ID)
	}
	return changeAddresses(c, l, *l, q)
}

// changeAddresses puts into a list what the request says, and holds the outcome against the rules.
func changeAddresses(c *api.Call, before *authz.AddressList, l authz.AddressList, q *addressList) (*oneAddressList, error) {
	if err := q.fill(&l); err != nil {
		return nil, err
	}
	n := len(l.Addresses)
	for _, other := range c.Tx.Map.AddressLists() {
		if other.ID != l.ID {
			n += len(other.Addresses)
		}
	}
	if n > maxAddresses {
		return nil, fail.New(fail.Limit, "The IP access lists would hold %d addresses and ranges, of %d that all together may have.", n, maxAddresses).
			WithCode("QUOTA_EXCEEDED")
	}
	l.Updated, l.UpdatedBy = c.Tx.Now, c.Who.Principal
	if err := noteAddresses(c, before, &l); err != nil {
		return nil, err
	}
	return &oneAddressList{shownList(&l)}, governLists(c, authz.Event{Op: authz.PutAddresses, Addresses: &l})
}

// fill checks what the request says and puts it into the list.
func (q *addressList) fill(l *authz.AddressList) error {
	if q.Label != nil {
		if n := utf8.RuneCountInString(*q.Label); n == 0 || n > maxLabel || strings.ContainsRune(*q.Label, 0) {
			return fail.Invalidf("label must have from 1 to %d characters, not %d", maxLabel, n)
		}
		l.Label = *q.Label
	}
	if q.Type != nil {
		if l.Type = authz.ListType(*q.Type); l.Type != authz.ListAllow && l.Type != authz.ListBlock {
			return fail.Invalidf("list_type must be %s or %s, not %.40q", authz.ListAllow, authz.ListBlock, *q.Type)
		}
	}
	if q.Enabled != nil {
		l.Enabled = *q.Enabled
	}
	if q.Addresses == nil {
		return nil
	}
	if len(q.Addresses) == 0 {
		return fail.Invalidf("ip_addresses must name at least one address or range; set enabled to false for a list that says nothing")
	}
	for i, text := range q.Addresses {
		if _, err := authz.ParseRange(text); err != nil {
			return fail.Invalidf("ip_addresses[%d]: %v", i, err)
		}
	}
	l.Addresses = q.Addresses
	return nil
}

func deleteAddresses(c *api.Call, l *authz.AddressList, q *addressList) (*noFields, error) {
	if l == nil {
		return nil, absentList(q.ID)
	}
	if err := noteAddresses(c, l, nil); err != nil {
		return nil, err
	}
	return &noFields{}, governLists(c, authz.Event{Op: authz.DropAddresses, Addresses: &authz.AddressList{ID: l.ID}})
}

// noteAddresses says in the ledger which list a call was about, and what it was before and after.
func noteAddresses(c *api.Call, before, after *authz.AddressList) error {
	var texts [2][]byte
	for i, l := range []*authz.AddressList{before, after} {
		if l == nil {
			continue
		}
		text, err := json.Marshal(shownList(l))
		if err != nil {
			return err
		}
		texts[i] = text
		if i == 1 || after == nil {
			c.Note("listId", l.ID)
			c.Note("label", l.Label)
		}
	}
	c.Change(texts[0], texts[1])
	return nil
}

// governLists changes the lists, or whether they count, unless that would keep the caller himself out.
func governLists(c *api.Call, events ...authz.Event) error {
	if err := c.Tx.Govern(events...); err != nil {
		return err
	}
	if !c.Blocked(c.Tx.Map) {
		return nil
	}
	return fail.New(fail.State, "The IP access lists would then block your own address, %s; allow it first.", c.Source())
}
