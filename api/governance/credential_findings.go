package governance

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/credential"
	"bailiwick/fail"
	"bailiwick/store"
)

// findingRow is something wrong with a credential.
type findingRow struct {
	// ID stays the same for as long as the matter does.
	ID       string `json:"id"`
	Class    string `json:"class"`
	Severity string `json:"severity"`
	// Since is when it came to be so, in ms since 1970; absent where nobody knows.
	Since int64 `json:"since,omitempty"`
	// Text says what is wrong, Advice what to do about it.
	Text     string        `json:"text"`
	Advice   string        `json:"advice"`
	Evidence []evidenceRow `json:"evidence"`
	// Accepted is who took the responsibility for it, until when and why.
	Accepted *acceptanceRow `json:"accepted,omitempty"`
}

type evidenceRow struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type acceptanceRow struct {
	By     principalRef `json:"by"`
	At     int64        `json:"at"`    // ms since 1970
	Until  int64        `json:"until"` // ms since 1970
	Reason string       `json:"reason"`
}

// findingsOf gives what is wrong with a credential, what was accepted included. What has ended opens nothing, and nothing is wrong with it.
func findingsOf(c *api.Call, f *credential.Facts, accepted map[string]store.Accepted) []findingRow {
	rows := []findingRow{}
	if !f.Stands {
		return rows
	}
	for _, x := range credential.Find(f, c.Tx.Map.Setting, c.Now.UnixMilli()) {
		rows = append(rows, findingRowOf(c, x, accepted))
	}
	return rows
}

func findingRowOf(c *api.Call, x credential.Finding, accepted map[string]store.Accepted) findingRow {
	row := findingRow{ID: x.ID, Class: string(x.Class), Severity: string(x.Severity), Since: x.Since, Text: x.Text, Advice: x.Advice, Evidence: []evidenceRow{}}
	for _, e := range x.Evidence {
		row.Evidence = append(row.Evidence, evidenceRow{e.Name, e.Value})
	}
	if a, ok := accepted[x.ID]; ok {
		row.Accepted = &acceptanceRow{principalOf(c.Tx.Map, a.Principal), a.At, a.Until, a.Reason}
	}
	return row
}

type findingsRequest struct {
	// Owner is a principal by name or id, or "me"; empty = everybody's credentials, of who may not see those his own.
	Owner string `json:"-" query:"owner"`
	// Class is one class; empty = all.
	Class string `json:"-" query:"class"`
	// Accepted adds the findings that were accepted.
	Accepted  bool   `json:"-" query:"accepted"`
	Max       int    `json:"-" query:"max_results"`
	PageToken string `json:"-" query:"page_token"`
}

func (q *findingsRequest) owner() string { return q.Owner }

type findingsAnswer struct {
	Findings []foundRow `json:"findings"`
	Next     string     `json:"next_page_token,omitempty"`
}

// foundRow is a finding with the credential that it is about, without its own list of findings.
type foundRow struct {
	findingRow
	Credential credentialRow `json:"credential"`
}

// listFindings gives what is wrong with credentials, the most severe first.
func listFindings(c *api.Call, owner int64, q *findingsRequest) (*findingsAnswer, error) {
	limit, err := pageOf(q.Max, defaultCredentials, maxCredentials)
	if err != nil {
		return nil, err
	}
	skip, err := parseOffset(q.PageToken)
	if err != nil {
		return nil, err
	}
	if err := oneOf("class", q.Class, classNames()); err != nil {
		return nil, err
	}
	rows, err := credentialRows(c, credentialsOf(c.Tx.Map, owner))
	if err != nil {
		return nil, err
	}
	found := foundIn(rows, q)
	a := &findingsAnswer{Findings: append([]foundRow{}, found[min(skip, len(found)):min(skip+limit, len(found))]...)}
	if skip+limit < len(found) {
		a.Next = formatOffset(skip + limit)
	}
	return a, nil
}

// foundIn gives the findings of credentials that a request is for, the most severe first.
func foundIn(rows []credentialRow, q *findingsRequest) (found []foundRow) {
	for _, row := range rows {
		findings := row.Findings
		row.Findings = []findingRow{}
		for _, x := range findings {
			if (q.Class == "" || x.Class == q.Class) && (q.Accepted || x.Accepted == nil) {
				found = append(found, foundRow{x, row})
			}
		}
	}
	order := classNames()
	slices.SortStableFunc(found, func(a, b foundRow) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Class), slices.Index(order, b.Class)), cmp.Compare(a.ID, b.ID))
	})
	return found
}

func classNames() (names []string) {
	for _, class := range credential.Classes() {
		names = append(names, string(class))
	}
	return names
}

// findingNamed names a finding by its id.
type findingNamed struct {
	ID string `json:"-" path:"finding_id"`
}

// acceptRequest takes the responsibility for a finding.
type acceptRequest struct {
	ID     string `json:"-" path:"finding_id"`
	Reason string `json:"reason"`
	// Until is when it is found again, in ms since 1970: at most a year ahead.
	Until int64 `json:"until"`
}

const (
	longestAcceptance = 366 * 24 * time.Hour
	maxReason         = 1000 // characters
)

func acceptFinding(c *api.Call, _ int64, q *acceptRequest) (*acceptanceRow, error) {
	if err := checkFinding(c, q.ID); err != nil {
		return nil, err
	}
	if err := checkReason(q.Reason); err != nil {
		return nil, err
	}
	if q.Reason == "" {
		return nil, fail.Invalidf("reason is missing: why may this stay as it is?")
	}
	if latest := c.Now.Add(longestAcceptance).UnixMilli(); q.Until <= c.Now.UnixMilli() || q.Until > latest {
		return nil, fail.Invalidf("until must be a time (ms since 1970) within a year from now, at most %d; not %d", latest, q.Until)
	}
	a := store.Accepted{Finding: q.ID, Until: q.Until, Reason: q.Reason, Principal: c.Who.Principal, At: c.Tx.Now}
	c.Note("finding", q.ID)
	c.Because(q.Reason)
	return &acceptanceRow{principalOf(c.Tx.Map, a.Principal), a.At, a.Until, a.Reason}, c.Tx.AcceptFinding(a)
}

func checkReason(reason string) error {
	if utf8.RuneCountInString(reason) > maxReason || !utf8.ValidString(reason) || strings.ContainsRune(reason, 0) {
		return fail.Invalidf("reason must be text of at most %d characters", maxReason)
	}
	return nil
}

// checkFinding refuses an id of something that is not found now.
func checkFinding(c *api.Call, id string) error {
	absent := fail.NotFoundf("Finding %.160s does not exist.", id)
	_, credentialID, _ := strings.Cut(id, ":")
	cred, ok := c.Tx.Map.CredentialByID(credentialID)
	if !ok {
		return absent
	}
	facts, err := factsOf(c, []*authz.Credential{cred})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(findingsOf(c, &facts[0], nil), func(x findingRow) bool { return x.ID == id }) {
		return absent
	}
	return nil
}

func recallFinding(c *api.Call, _ int64, q *findingNamed) (*nothing, error) {
	c.Note("finding", q.ID)
	return &nothing{}, c.Tx.RecallFinding(q.ID)
}
