package credential

import (
	"net/netip"
	"strconv"
	"strings"

	"bailiwick/authz"
)

// Aspect says what of a credential's use a sighting is about. Its name is what is stored.
type Aspect uint8

// The aspects.
const (
	Family      Aspect = iota + 1 // a family of the API (a scope) that was used
	Network                       // a network that it came from
	Program                       // a program that used it
	Object                        // a governed object that was touched with it
	Run                           // a run
	LoggedModel                   // a logged model
	aspectEnd
)

// aspect says of an aspect how it is called, and how many of it are kept a credential. Of things the least recently seen give way; networks and
// programs that are too many are counted as Others, so that a flood of invented names does not wash the true ones away.
type aspect struct {
	name   string
	most   int
	things bool
}

var aspects = [aspectEnd]aspect{
	Family: {"family", 32, false}, Network: {"network", 64, false}, Program: {"program", 16, false},
	Object: {"object", 500, true}, Run: {"run", 1000, true}, LoggedModel: {"logged-model", 500, true},
}

// Others stands for the networks or programs that were too many to be kept.
const Others = "(others)"

// String gives the stored name.
func (a Aspect) String() string { return aspects[a].name }

// Most is how many different ones are kept a credential.
func (a Aspect) Most() int { return aspects[a].most }

// Thing says that the aspect is about something that was touched: the least recent give way to others.
func (a Aspect) Thing() bool { return aspects[a].things }

// ParseAspect reads a stored name; 0 for one that is none.
func ParseAspect(name string) Aspect {
	for a := Family; a < aspectEnd; a++ {
		if aspects[a].name == name {
			return a
		}
	}
	return 0
}

// Seen is what was seen with a credential: of which aspect, and which. Object is the governed object it belongs to, 0 for none.
type Seen struct {
	Aspect Aspect
	What   string
	Object int64
}

// Sighting is something seen, with when first and last (ms since 1970) and how often; Writes counts the calls that changed something.
type Sighting struct {
	Seen
	First, Last   int64
	Count, Writes int64
}

// Merge gives the two as one.
func (s Sighting) Merge(o Sighting) Sighting {
	s.First, s.Last = min(s.First, o.First), max(s.Last, o.Last)
	s.Count, s.Writes = s.Count+o.Count, s.Writes+o.Writes
	return s
}

// keptKinds are the kinds of object that depend on credentials: folders and the workspace itself do not.
var keptKinds = map[authz.Kind]bool{
	authz.Experiment: true, authz.RegisteredModel: true, authz.Notebook: true, authz.File: true, authz.Job: true, authz.Endpoint: true,
	authz.Cluster: true, authz.SecretScope: true,
}

// idLength is the length of the ids that MLflow gives to runs, and after its prefix to logged models.
const idLength = 32

// ThingsOf gives what a call touched, of the object that was decided on and the name of what was meant in it: at most two.
func ThingsOf(kind authz.Kind, object int64, name string) (things [2]Seen, n int) {
	if !keptKinds[kind] || object == authz.ModelsRoot {
		return things, 0
	}
	things[0] = Seen{Object, "", object} // its id is written as text when it is stored: that costs, and the call does not wait for it
	switch {
	case len(name) == idLength && isHex(name):
		things[1], n = Seen{Run, name, object}, 1
	case len(name) == idLength+2 && strings.HasPrefix(name, "m-") && isHex(name[2:]):
		things[1], n = Seen{LoggedModel, name, object}, 1
	}
	return things, n + 1
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Stored gives what is seen as it is kept: an object by its id.
func (s Seen) Stored() Seen {
	if s.Aspect == Object {
		s.What = strconv.FormatInt(s.Object, 10)
	}
	return s
}

// NetworkOf gives the network of an address: its /24, of IPv6 its /48; empty for no address.
func NetworkOf(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	bits := 48
	if a = a.Unmap(); a.Is4() {
		bits = 24
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}
