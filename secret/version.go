package secret

// Scope is a scope of secrets. What may be done with it is in the access map, under Object.
type Scope struct {
	Object  int64
	Name    string
	Created int64 // ms since 1970
}

// Item is a secret without its values.
type Item struct {
	Scope   int64
	Key     string
	Newest  int64 // the number of the version that readers get
	Created int64 // ms since 1970
	Updated int64 // ms since 1970, of the newest version
}

// Version is one value of a secret. The newest holds until the next one is put; an older one holds for the overlap it was given then.
type Version struct {
	Number    int64
	Created   int64 // ms since 1970
	CreatedBy int64
	Until     int64 // ms since 1970 from which it does not hold; 0 = no end
	Closed    int64 // ms since 1970 at which its value was destroyed; 0 = it is still there
	DataKey   int64 // the id of the data key that it is sealed under
	Sealed    []byte
}

// Holds says whether the version's value may be read at a time.
func (v *Version) Holds(now int64) bool { return v.Closed == 0 && (v.Until == 0 || now < v.Until) }

// Read sums up what one credential read of one version.
type Read struct {
	Version    int64
	Principal  int64
	Credential string
	Count      int64
	First      int64 // ms since 1970
	Last       int64
	Source     string // the address of the last one
}

// Reader is who reads.
type Reader struct {
	Principal  int64
	Credential string
	Source     string
}

// DataKey is a key that values of one scope are sealed under, wrapped by the key-encryption key KEK.
type DataKey struct {
	ID      int64
	Scope   int64
	KEK     string
	Wrapped []byte
}

// KEKState says what a key-encryption key is there for.
type KEKState string

// The states: data keys are wrapped under the active one; a retiring one still opens some; none is left under a retired one.
const (
	KEKActive   KEKState = "active"
	KEKRetiring KEKState = "retiring"
	KEKRetired  KEKState = "retired"
)

// KEK is a key-encryption key as the store knows it: by its id, never the key.
type KEK struct {
	ID       string
	State    KEKState
	Since    int64 // ms since 1970 of the state
	DataKeys int64 // data keys that are wrapped under it
}
