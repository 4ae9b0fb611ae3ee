package identity

// The states of a conflict.
const (
	// ConflictOpen waits for an administrator.
	ConflictOpen = "open"
	// ConflictKept: the owner keeps it, and the same wish of the other source is refused without a word to the administrator.
	ConflictKept = "kept"
	// ConflictGiven: it is the writer's now.
	ConflictGiven = "given"
)

// What a conflict is about where it is no attribute.
const (
	// AboutMembership: the writer would add or remove a member of Group.
	AboutMembership = "membership"
	// AboutActive: the writer would have somebody active again whom an administrator made inactive, or the other way round.
	AboutActive = "active"
	// AboutExistence: the writer would delete it.
	AboutExistence = "existence"
)

// Conflict is what one source wanted of something that another owns. It was not done.
type Conflict struct {
	ID int64
	// Principal is the user, group or service principal that it is about, Group the group of a membership, 0 for none.
	Principal, Group int64
	// Attribute is the attribute, or one of the words above.
	Attribute     string
	Writer, Owner Source
	// Wish is what the writer would have: a value, "add" or "remove".
	Wish        string
	First, Last int64 // ms since 1970
	Times       int64
	State       string
	Resolved    int64 // ms since 1970; 0 = it is not
	Resolver    int64
	Reason      string
}
