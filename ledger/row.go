package ledger

import (
	"encoding/json"
	"strconv"
	"time"
)

// timeFormat is how times are written for people: RFC 3339 in UTC with milliseconds.
const timeFormat = "2006-01-02T15:04:05.000Z"

func timeText(ms int64) string { return time.UnixMilli(ms).UTC().Format(timeFormat) }

// Row is an entry in the shape of a row of the Databricks audit log (system.access.audit), with what this ledger knows beyond it.
type Row struct {
	Version       string            `json:"version"` // of the row's shape: "2.0"
	EventTime     string            `json:"event_time"`
	EventDate     string            `json:"event_date"`
	WorkspaceID   string            `json:"workspace_id"`
	SourceAddress string            `json:"source_ip_address"`
	UserAgent     string            `json:"user_agent"`
	UserIdentity  RowIdentity       `json:"user_identity"`
	ServiceName   string            `json:"service_name"`
	ActionName    string            `json:"action_name"`
	RequestID     string            `json:"request_id"`
	RequestParams map[string]string `json:"request_params"`
	Response      RowResponse       `json:"response"`
	AuditLevel    string            `json:"audit_level"` // always WORKSPACE_LEVEL
	EventID       string            `json:"event_id"`    // the entry's id in decimal

	Class     Class     `json:"audit_class"`
	Operation Operation `json:"operation"`
	Result    Result    `json:"result"`
	// Actor is who acted with the name that he had then; absent for who proved no identity.
	Actor      *RowActor `json:"actor,omitempty"`
	Credential string    `json:"credential_id,omitempty"`
	ErrorCode  string    `json:"error_code,omitempty"`

	GovernanceVersion int64           `json:"governance_version,omitempty"`
	Object            Object          `json:"object,omitzero"`
	Decision          *Decision       `json:"decision,omitempty"`
	Reason            string          `json:"reason,omitempty"`
	Before            json.RawMessage `json:"before,omitempty"`
	After             json.RawMessage `json:"after,omitempty"`
	Count             int64           `json:"count,omitempty"`
	FirstTime         string          `json:"first_time,omitempty"`
	LastTime          string          `json:"last_time,omitempty"`
}

// RowActor is a principal in a row; its id is written in decimal.
type RowActor struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// RowIdentity is who acted: a user's name is his e-mail address; other kinds have a subject name too.
type RowIdentity struct {
	Email       string  `json:"email"`
	SubjectName *string `json:"subject_name"`
}

// RowResponse is what was answered.
type RowResponse struct {
	StatusCode   int     `json:"status_code"`
	ErrorMessage *string `json:"error_message"`
	Result       *string `json:"result"`
}

// AuditRow gives e as a row of the Databricks audit log of the workspace. It shares e's raw messages.
func AuditRow(e *Entry, workspaceID string) Row {
	at := timeText(e.Time)
	r := Row{
		Version: "2.0", EventTime: at, EventDate: at[:len("2006-01-02")], WorkspaceID: workspaceID,
		SourceAddress: e.Source, UserAgent: e.UserAgent, UserIdentity: identityOf(e.Actor),
		ServiceName: e.Service, ActionName: e.Action, RequestID: e.RequestID, RequestParams: e.Params.Map(),
		Response:   RowResponse{StatusCode: e.Status, ErrorMessage: optional(e.Error)},
		AuditLevel: "WORKSPACE_LEVEL", EventID: strconv.FormatInt(e.ID, 10),
		Class: e.Class, Operation: OperationOf(e.Action), Result: e.Result(), Credential: e.Credential, ErrorCode: e.ErrorCode,
		GovernanceVersion: e.Version, Object: e.Object, Reason: e.Reason, Before: e.Before, After: e.After,
	}
	if a := e.Actor; a != (Actor{}) {
		r.Actor = &RowActor{strconv.FormatInt(a.ID, 10), a.Name, a.Kind}
	}
	if d := e.Decision; d.Allowed || d.Ability != "" || len(d.Path) > 0 {
		r.Decision = &d
	}
	if e.Count > 0 {
		r.Count, r.FirstTime, r.LastTime = e.Count, timeText(e.First), timeText(e.Last)
	}
	return r
}

func identityOf(a Actor) RowIdentity {
	if a.Kind == "user" {
		return RowIdentity{Email: a.Name}
	}
	return RowIdentity{Email: a.Name, SubjectName: optional(a.Name)}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
