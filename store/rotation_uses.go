package store

import (
	"strconv"

	"bailiwick/rotation"
)

// OldUse is somebody's use of the old one since the switch.
type OldUse struct {
	Principal  int64
	Credential string
	Count      int64 // of reads of a secret; 0 = not counted
	Last       int64 // ms since 1970
	Source     string
}

// OldUses gives who uses the old one since the switch. Reads of a secret's version are summed up by credential: Count has those before the switch, too.
func (tx *Tx) OldUses(p *rotation.Plan, r *rotation.Rotation) (all []OldUse, err error) {
	if r == nil || r.Switched == 0 || r.Old == "" {
		return nil, nil
	}
	if p.Kind.OfPrincipal() {
		uses, err := tx.Uses([]string{r.Old})
		if u, ok := uses[r.Old]; ok && u.At > r.Switched {
			all = append(all, OldUse{Principal: p.Principal, Credential: r.Old, Last: u.At, Source: u.Source})
		}
		return all, err
	}
	if p.Kind != rotation.Secret {
		return nil, nil
	}
	reads, err := tx.SecretReads(p.Scope, p.Key)
	for _, d := range reads {
		if strconv.FormatInt(d.Version, 10) == r.Old && d.Last > r.Switched {
			all = append(all, OldUse{d.Principal, d.Credential, d.Count, d.Last, d.Source})
		}
	}
	return all, err
}
