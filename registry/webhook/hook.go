// Package webhook holds the rules of webhooks of the registry: which events each protocol knows, what is sent and how it is signed, which
// addresses may be called, and when a delivery that failed is tried again.
package webhook

// Protocol is whose webhook it is: the names of its events, its bodies and its signatures are that protocol's.
type Protocol string

// The protocols.
const (
	MLflow     Protocol = "mlflow"     // /api/2.0/mlflow/webhooks, always of the whole registry
	Databricks Protocol = "databricks" // /api/2.0/mlflow/registry-webhooks, of a model or of the whole registry
)

// Status says whether events are sent.
type Status string

// The statuses. MLflow's webhooks know the first two.
const (
	Active   Status = "ACTIVE"
	Disabled Status = "DISABLED"
	TestMode Status = "TEST_MODE" // only test calls are sent
)

// Hook is a webhook, without what is secret about it.
type Hook struct {
	ID       string // 32 hexadecimal digits
	Protocol Protocol
	Model    int64  // the governed object; 0 = all models
	Name     string // MLflow's only
	Text     string // the description
	// URL is called; of a webhook that starts a job it is the other workspace's.
	URL string
	// Job is the id of the job that is started; "" where the URL itself is called.
	Job string
	// Insecure leaves out the check of the receiver's certificate.
	Insecure bool
	Status   Status
	Events   []string // in the protocol's own names
	Creator  int64
	Created  int64 // ms since 1970
	Updated  int64 // ms since 1970
	// Has says which secrets are set, for the audit trail.
	Has Held
}

// Held says of each secret whether it is set.
type Held struct{ Key, Authorization, Token bool }

// Secrets are never given back and never logged.
type Secrets struct {
	Key           string `json:"key,omitempty"`           // of the signature
	Authorization string `json:"authorization,omitempty"` // the whole header
	Token         string `json:"token,omitempty"`         // of the workspace in which the job is
}

// Held says which secrets are set.
func (s Secrets) Held() Held { return Held{s.Key != "", s.Authorization != "", s.Token != ""} }

// State is how far a delivery is.
type State string

// The states of a delivery.
const (
	Pending   State = "pending"   // still to be sent, or sent again
	Delivered State = "delivered" // the receiver said yes
	Dead      State = "dead"      // given up; somebody may send it again
)

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID    string // stable over all tries, and told to the receiver
	Hook  string
	Event string
	Body  string // as it is sent
	At    int64  // when it happened, ms since 1970
	State State
	Due   int64 // of a pending one: the next try, or the end of the lease of who tries now
	Tries int64
	Since int64 // the first try since it was last told to be sent, ms since 1970; 0 = none yet
	Ended int64 // when it was delivered or given up, ms since 1970
	// Status and Answer are the last try's: the HTTP status (0 = no answer) and the beginning of the answer, or what went wrong.
	Status int64
	Answer string
}

// Attempt is one try of a delivery.
type Attempt struct {
	N      int64
	At     int64 // ms since 1970
	Took   int64 // ms
	Status int64 // 0 = no answer
	Answer string
}
