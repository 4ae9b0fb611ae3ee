package registry

// ActivityKind is what was done with a version, in the words of the workspace registry (databricks-sdk, ActivityType).
type ActivityKind string

// The kinds of activity. A request that is approved is one activity, which stands for the move, too.
const (
	Applied    ActivityKind = "APPLIED_TRANSITION"
	Requested  ActivityKind = "REQUESTED_TRANSITION"
	Approved   ActivityKind = "APPROVED_REQUEST"
	Rejected   ActivityKind = "REJECTED_REQUEST"
	Cancelled  ActivityKind = "CANCELLED_REQUEST"
	ByTheWay   ActivityKind = "SYSTEM_TRANSITION" // archived by the move of another version
	NewComment ActivityKind = "NEW_COMMENT"       // its text is the comment's, as it is now
)

// done says in a word what an activity did to a request.
var done = map[ActivityKind]string{Approved: "approved", Rejected: "rejected", Cancelled: "cancelled"}

// Activity is something that was done with a version.
type Activity struct {
	Key
	// ID is the request's, or the comment's, where the activity is that one was made.
	ID       string
	Kind     ActivityKind
	At       int64 // ms since 1970
	Updated  int64 // of a comment; 0 = never
	Actor    int64
	UserName string // the actor's at that time
	From, To Stage  // of all but comments
	Comment  string
	// System explains what was done by the way.
	System string
}

// Moves reports whether the activity is about stages.
func (a *Activity) Moves() bool { return a.Kind != NewComment }

// Action is what a viewer may do about a request or a comment (databricks-sdk, ActivityAction).
type Action string

// The actions.
const (
	Approve Action = "APPROVE_TRANSITION_REQUEST"
	Reject  Action = "REJECT_TRANSITION_REQUEST"
	Cancel  Action = "CANCEL_TRANSITION_REQUEST"
	Edit    Action = "EDIT_COMMENT"
	Delete  Action = "DELETE_COMMENT"
)

// RequestActions gives what a viewer may do about a pending request: decides and cancels say what the law gives him, own that the request is
// his, barred that he may not approve because Production takes two persons and he is one who asks.
func RequestActions(own, decides, cancels, barred bool) (list []Action) {
	if decides && !barred {
		list = append(list, Approve)
	}
	if decides {
		list = append(list, Reject)
	}
	if own || cancels {
		list = append(list, Cancel)
	}
	return list
}

// CommentActions gives what a viewer may do about a comment: only who wrote it may change it.
func CommentActions(own bool) []Action {
	if own {
		return []Action{Edit, Delete}
	}
	return nil
}
