package governance

import (
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/store"
)

// viewed is an object as the caller may see it: with his level, and what he may do with it. Pages know no rules beside these.
type viewed struct {
	objectRef
	// ID is the id in other parts of the API: the last part of Object.
	ID string `json:"id"`
	// Level is the caller's, empty for none.
	Level string `json:"level"`
	// Abilities are the caller's on the object, in the order of the kind's table.
	Abilities []string `json:"abilities"`
	Created   int64    `json:"created_at,omitempty"`  // ms since 1970
	Modified  int64    `json:"modified_at,omitempty"` // ms since 1970
	Creator   string   `json:"creator,omitempty"`
	Language  string   `json:"language,omitempty"`
	Size      *int64   `json:"size,omitempty"` // bytes, of files and notebooks
	Trashed   bool     `json:"trashed,omitempty"`
}

// viewedOf shows an object with its dates; whether the caller may see it was decided before.
func viewedOf(c *api.Call, o *authz.Object, n store.Node) viewed {
	v := namedOf(c, o)
	v.detail(c, o, n)
	return v
}

// namedOf shows no more of an object than its name, and what the caller may do with it: for those who may know of it.
func namedOf(c *api.Call, o *authz.Object) viewed {
	level, abilities := authz.AbilitiesOn(c.Tx.Map, c.Who, o.ID, c.Now)
	v := viewed{objectRef: objectOf(c.Tx.Map, o.ID), Abilities: abilityNames(abilities), Trashed: c.Tx.Map.InTrash(o.ID)}
	v.ID = v.Object[strings.LastIndexByte(v.Object, '/')+1:]
	if level != authz.NoLevel {
		v.Level = level.String()
	}
	return v
}

// detail adds what those learn who may look at the object.
func (v *viewed) detail(c *api.Call, o *authz.Object, n store.Node) {
	v.Created, v.Modified = n.Created, n.Updated
	if p, ok := c.Tx.Map.Principal(o.Creator); ok {
		v.Creator = p.Name
	}
	if o.Kind == authz.Notebook || o.Kind == authz.File {
		v.Modified, v.Language, v.Size = n.Modified, n.Language, &n.Size
	}
}

// may says whether the caller has an ability on what is shown.
func (v *viewed) may(ability authz.Ability) bool {
	return slices.Contains(v.Abilities, ability.String())
}

func abilityNames(abilities []authz.Ability) []string {
	names := make([]string, len(abilities))
	for i, a := range abilities {
		names[i] = a.String()
	}
	return names
}
