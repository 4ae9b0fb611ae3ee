package governance

import (
	"math"
	"slices"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/policy"
	"bailiwick/store"
)

// policyRoutes are about the text of roles and policies, and about assuming roles.
func (f *Front) policyRoutes() []api.Route {
	workspace := authz.WorkspaceObject
	return []api.Route{
		api.Read("GET /policies", authz.ReadPolicies, api.At[nothing](workspace), getPolicies),
		api.Read("GET /policies/versions", authz.ReadPolicies, api.At[policyPage](workspace), listPolicyVersions),
		api.Read("GET /policies/versions/{version}", authz.ReadPolicies, api.At[policyNamed](workspace), getPolicyVersion),
		api.Read("POST /policies/check", authz.ManagePolicies, api.At[policyText](workspace), checkPolicies,
			api.Audit[policyText](api.Each, "workspace", previewAction), api.Body[policyText](maxPolicyBody)),
		api.Write("PUT /policies", authz.ManagePolicies, api.At[policyText](workspace), putPolicies,
			api.Audit[policyText](api.Each, "", "changePolicies"), api.Alone[policyText], api.Body[policyText](maxPolicyBody)),
		api.Write("POST /policies/rollback", authz.ManagePolicies, api.At[policyRollback](workspace), rollBackPolicies,
			api.Audit[policyRollback](api.Each, "", "rollBackPolicies"), api.Alone[policyRollback]),
		api.Read("GET /roles", authz.SignedIn, api.At[nothing](workspace), listRoles),
		api.Write("PUT /roles/{role}/session", authz.SignedIn, api.At[roleNamed](workspace), assumeRole,
			api.Audit[roleNamed](api.Each, "", "assumeRole"), api.Alone[roleNamed]),
		api.Write("DELETE /roles/{role}/session", authz.SignedIn, api.At[roleNamed](workspace), leaveRole,
			api.Audit[roleNamed](api.Each, "", "leaveRole"), api.Alone[roleNamed]),
	}
}

// maxPolicyBody is the most bytes of a request with a text: each byte of it may take six in JSON.
const maxPolicyBody = 6<<20 + 4096

// policyAnswer is a text of roles and policies at a version; version 0 is none.
type policyAnswer struct {
	Version int64        `json:"version"`
	Text    string       `json:"text"`
	Author  principalRef `json:"author"`
	Reason  string       `json:"reason"`
	At      int64        `json:"at"` // ms since 1970
}

func policyAnswerOf(m *authz.Map, v store.PolicyVersion) *policyAnswer {
	return &policyAnswer{Version: v.Version, Text: v.Text, Author: principalOf(m, v.Author), Reason: v.Reason, At: v.At}
}

func getPolicies(c *api.Call, _ int64, _ *nothing) (*policyAnswer, error) {
	t := c.Tx.Map.Policies()
	if t == nil {
		return &policyAnswer{}, nil
	}
	v, err := c.Tx.PolicyVersion(t.Version)
	return policyAnswerOf(c.Tx.Map, v), err
}

// policyNamed names a version of the text.
type policyNamed struct {
	Version string `json:"-" path:"version"`
}

func getPolicyVersion(c *api.Call, _ int64, q *policyNamed) (*policyAnswer, error) {
	n, err := strconv.ParseInt(q.Version, 10, 64)
	if err != nil {
		return nil, fail.Invalidf("A version of the policies is a number, not %q.", q.Version)
	}
	v, err := c.Tx.PolicyVersion(n)
	if err != nil {
		return nil, err
	}
	return policyAnswerOf(c.Tx.Map, v), nil
}

// policyPage asks for versions before one, the newest first.
type policyPage struct {
	Before int64 `json:"-" query:"before"`
}

// policyVersions are versions without their texts; Next goes on with "before", 0 when there are no more.
type policyVersions struct {
	Versions []policyAnswer `json:"versions"`
	Next     int64          `json:"next_before"`
}

const versionsPage = 100

func listPolicyVersions(c *api.Call, _ int64, q *policyPage) (*policyVersions, error) {
	before := q.Before
	if before <= 0 {
		before = math.MaxInt64
	}
	list, err := c.Tx.PolicyVersions(before, versionsPage)
	a := &policyVersions{Versions: []policyAnswer{}}
	for _, v := range list {
		a.Versions = append(a.Versions, *policyAnswerOf(c.Tx.Map, v))
	}
	if len(list) == versionsPage {
		a.Next = list[len(list)-1].Version
	}
	return a, err
}

// policyText is a whole text that is to hold.
type policyText struct {
	Text   string `json:"text"`
	Reason string `json:"reason"`
	// Expected is the version that the author saw; another one by now is a conflict. Without it nothing is compared.
	Expected *int64 `json:"expected_version"`
	// Force puts a text that leaves objects without a manager or locks its author out.
	Force bool `json:"force"`
}

// policyCheck is what a text would be and do.
type policyCheck struct {
	Problems []policy.Problem `json:"problems"`
	Policies int              `json:"policies"`
	Roles    int              `json:"roles"`
	// Effects are what it would do to access to the objects that it or the present text names, at most mostEffects of them; for somebody
	// without a session.
	Effects []policyEffect `json:"effects"`
	// Unmanaged are objects that nobody could manage any more; LocksOut says that the caller could not change policies any more. Either is
	// refused unless forced.
	Unmanaged []objectRef `json:"unmanaged"`
	LocksOut  bool        `json:"locks_out"`
}

type policyEffect struct {
	Object  objectRef   `json:"object"`
	Gain    int         `json:"gain"`
	Lose    int         `json:"lose"`
	Changes []effectRow `json:"changes"`
}

const mostEffects = 50

func checkPolicies(c *api.Call, _ int64, q *policyText) (*policyCheck, error) {
	a := &policyCheck{Problems: []policy.Problem{}, Effects: []policyEffect{}, Unmanaged: []objectRef{}}
	event, err := c.Tx.PreparePolicies(q.Text)
	if problems, ok := policy.AsProblems(err); ok {
		a.Problems = problems
		return a, nil
	} else if err != nil {
		return nil, err
	}
	after, err := c.Tx.Map.Apply(c.Tx.Map.Version(), event)
	if err != nil {
		return nil, err
	}
	if set, ok := after.PolicySet().(*policy.Set); ok {
		a.Policies, a.Roles = len(set.Text().Policies), len(set.Text().Roles)
	}
	a.Effects = policyEffects(c, after)
	for _, id := range policy.Unmanaged(c.Tx.Map, after, c.Who, c.Now) {
		a.Unmanaged = append(a.Unmanaged, objectOf(c.Tx.Map, id))
	}
	a.LocksOut = policy.LocksOut(c.Tx.Map, after, c.Who, c.Now)
	return a, nil
}

// policyEffects compares access to what the text before or the one after names.
func policyEffects(c *api.Call, after *authz.Map) []policyEffect {
	before, out := c.Tx.Map, []policyEffect{}
	for _, id := range namedObjects(before, after) {
		if len(out) == mostEffects {
			break
		}
		e := authz.CompareAt(before, after, c.Now, id)
		if len(e.Changes) == 0 {
			continue
		}
		one := policyEffect{Object: objectOf(before, id), Gain: e.Gain, Lose: e.Lose}
		one.Changes, _ = effectRows(before, after, e.Changes)
		out = append(out, one)
	}
	return out
}

// namedObjects are the objects about which either text says something, with what lies directly in them.
func namedObjects(maps ...*authz.Map) (ids []int64) {
	for _, m := range maps {
		if m.PolicySet() == nil {
			continue
		}
		for _, a := range authz.KnownAbilities() {
			tops, all := m.PolicySet().Reach(&authz.Question{Map: m, Ability: a})
			if all {
				tops = append(tops, authz.Root, authz.FolderShared, authz.ModelsRoot, authz.WorkspaceObject)
			}
			ids = append(ids, tops...)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for _, id := range slices.Clone(ids) {
		for child := range maps[0].Children(id) {
			if len(ids) < 20*mostEffects && !child.Trashed {
				ids = append(ids, child.ID)
			}
		}
	}
	return slices.DeleteFunc(ids, func(id int64) bool { _, ok := maps[0].Object(id); return !ok })
}

func putPolicies(c *api.Call, _ int64, q *policyText) (*policyAnswer, error) {
	now := int64(0)
	if t := c.Tx.Map.Policies(); t != nil {
		now = t.Version
	}
	if q.Expected != nil && *q.Expected != now {
		return nil, fail.New(fail.Conflict, "The policies are at version %d, not %d: somebody else changed them. Look at what is there and put yours anew.",
			now, *q.Expected)
	}
	return govern(c, q.Text, q.Reason, q.Force)
}

// policyRollback puts the text of an earlier version again.
type policyRollback struct {
	// Version is that of the text; 0 = the one before the present one.
	Version int64  `json:"version"`
	Reason  string `json:"reason"`
	Force   bool   `json:"force"`
}

func rollBackPolicies(c *api.Call, _ int64, q *policyRollback) (*policyAnswer, error) {
	now := c.Tx.Map.Policies()
	if now == nil {
		return nil, fail.Statef("There are no policies.")
	}
	version := q.Version
	if version == 0 {
		version = now.Version - 1
	}
	if version == 0 {
		return govern(c, "", q.Reason, q.Force)
	}
	old, err := c.Tx.PolicyVersion(version)
	if err != nil {
		return nil, err
	}
	c.Note("version", strconv.FormatInt(version, 10))
	return govern(c, old.Text, q.Reason, q.Force)
}

// govern puts a text, unless it is wrong, leaves something without a manager or locks its author out.
func govern(c *api.Call, text, reason string, force bool) (*policyAnswer, error) {
	event, err := c.Tx.PreparePolicies(text)
	if problems, ok := policy.AsProblems(err); ok {
		return nil, problems.Refusal()
	} else if err != nil {
		return nil, err
	}
	before := c.Tx.Map
	after, err := before.Apply(before.Version(), event)
	if err != nil {
		return nil, err
	}
	if !force {
		if err := harmless(c, before, after); err != nil {
			return nil, err
		}
	}
	if err := c.Tx.Govern(event); err != nil {
		return nil, err
	}
	version := event.Policies.Version
	if err := c.Tx.DescribePolicies(version, c.Who.Principal, reason); err != nil {
		return nil, err
	}
	c.Because(reason)
	v, err := c.Tx.PolicyVersion(version)
	return policyAnswerOf(c.Tx.Map, v), err
}

func harmless(c *api.Call, before, after *authz.Map) error {
	if policy.LocksOut(before, after, c.Who, c.Now) {
		return fail.Statef("You could not change policies any more. It takes force to put this.")
	}
	if left := policy.Unmanaged(before, after, c.Who, c.Now); len(left) > 0 {
		return fail.Statef("Nobody could manage %s any more, and perhaps others. It takes force to put this.", objectOf(before, left[0]).title())
	}
	return nil
}

func (o objectRef) title() string {
	if o.Path != "" {
		return o.Path
	}
	return o.Object
}
