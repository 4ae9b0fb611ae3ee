package governance_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/server/servertest"
)

const mlflow = "/api/2.0/mlflow"

// fields is a body of JSON.
type fields = map[string]any

// registryOf is an office with a registered model of ann's, and somebody with each level on it.
type registryOf struct {
	*office
	t     *testing.T
	model string // its id
}

// levels are the six columns of the table of registered models, with the level that somebody of that name has.
var levels = []struct{ who, level string }{
	{"none", ""}, {"read", "CAN_READ"}, {"edit", "CAN_EDIT"}, {"staging", "CAN_MANAGE_STAGING_VERSIONS"},
	{"production", "CAN_MANAGE_PRODUCTION_VERSIONS"}, {"manage", "CAN_MANAGE"},
}

func newRegistry(t *testing.T) *registryOf {
	t.Helper()
	o := &registryOf{office: newOffice(t), t: t}
	o.put("train/MLmodel", "flavors: {}")
	o.do("ann", "POST", mlflow+"/registered-models/create", fields{"name": "churn", "description": "who leaves",
		"tags": []any{fields{"key": "team", "value": "crm"}}})
	o.model = o.do("ann", "GET", mlflow+"/databricks/registered-models/get?name=churn", nil).Text("registered_model_databricks.id")
	list := []any{}
	for _, l := range levels {
		o.tokens[l.who] = o.User(l.who + "@x.org")
		if l.level != "" {
			list = append(list, fields{"user_name": l.who + "@x.org", "permission_level": l.level})
		}
	}
	o.do("ann", "PATCH", "/api/2.0/permissions/registered-models/"+o.model, fields{"access_control_list": list})
	return o
}

func (o *registryOf) do(who, method, path string, body any) servertest.Answer {
	o.t.Helper()
	return o.as(o.t, who, method, path, body)
}

// put logs an artifact of ann's run.
func (o *registryOf) put(path, text string) {
	o.t.Helper()
	o.do("ann", "PUT", "/api/2.0/mlflow-artifacts/artifacts/"+o.experiment+"/"+o.run+"/artifacts/"+path, []byte(text))
}

// version makes a version of the model of what ann's run has in train.
func (o *registryOf) version() string {
	o.t.Helper()
	return o.do("ann", "POST", mlflow+"/model-versions/create", fields{"name": "churn", "run_id": o.run,
		"source": "mlflow-artifacts:/" + o.experiment + "/" + o.run + "/artifacts/train"}).Text("model_version.version")
}

// staged is what the routes about stages take.
func staged(version, stage string) fields {
	return fields{"name": "churn", "version": version, "stage": stage}
}

func (o *registryOf) wants(who, version, stage string) {
	o.t.Helper()
	o.do(who, "POST", mlflow+"/transition-requests/create", staged(version, stage))
}

// read decodes an answer of the governance API.
func read[T any](o *registryOf, who, path string, query url.Values) (v T) {
	o.t.Helper()
	a := o.do(who, "GET", root+path+"?"+query.Encode(), nil)
	if err := json.Unmarshal(a.Body, &v); err != nil {
		o.t.Fatal(err)
	}
	return v
}

type absent struct{ Action, Reason, Ability string }

// request is a pending request as the tests look at it.
type request struct {
	ID, Model, Version, From, To, Creator, Digest string
	DigestNow                                     string `json:"digest_now"`
	StaleReason                                   string `json:"stale_reason"`
	Own, Stale                                    bool
	Unmet, Actions                                []string
	Checks                                        []struct{ Name, State string }
	Absent                                        []absent
	Level                                         string
	Abilities                                     []string
}

type requests struct {
	Requests []request
	Next     string `json:"next_page_token"`
}

// why gives the reason of what is absent.
func why(list []absent, action string) string {
	for _, a := range list {
		if a.Action == action {
			return a.Reason + " (" + a.Ability + ")"
		}
	}
	return ""
}

// TestRequestActions: what the answers say that somebody may do about a request is what he then may do.
func TestRequestActions(t *testing.T) {
	o := newRegistry(t)
	for _, c := range []struct {
		from, to, creator string
		two               bool
	}{
		{"None", "Staging", "read", false}, {"None", "Production", "read", false}, {"Production", "Archived", "edit", false},
		{"None", "Production", "read", true}, {"None", "Production", "manage", true}, {"Staging", "Production", "production", true},
		{"None", "Staging", "manage", true},
	} {
		for _, l := range levels {
			for _, action := range []string{"APPROVE", "REJECT", "CANCEL"} {
				o.tryAction(c.from, c.to, c.creator, l.who, action, c.two)
			}
		}
	}
}

// tryAction asks for a move, and has somebody try what the answers say that he may do, or not.
func (o *registryOf) tryAction(from, to, creator, who, action string, two bool) {
	o.t.Helper()
	what := fmt.Sprintf("%s: %s to %s of %s, two persons %v: %s", who, from, to, creator, two, action)
	o.twoPersons("inherit")
	v := o.version()
	o.do("ann", "POST", mlflow+"/model-versions/transition-stage", staged(v, from))
	o.wants(creator, v, to)
	if two {
		o.twoPersons("yes")
	}
	var rows requests
	a := o.Do(o.tokens[who], "GET", root+"/models/churn/versions/"+v, nil)
	if err := json.Unmarshal(a.Body, &rows); err != nil {
		o.t.Fatal(err)
	}
	says := len(rows.Requests) == 1 && slices.Contains(rows.Requests[0].Actions, action)
	if len(rows.Requests) == 1 && says == (why(rows.Requests[0].Absent, action) != "") {
		o.t.Errorf("%s: %v, and absent: %v", what, rows.Requests[0].Actions, rows.Requests[0].Absent)
	}
	try := map[string]func() servertest.Answer{
		"APPROVE": func() servertest.Answer {
			return o.Do(o.tokens[who], "POST", mlflow+"/transition-requests/approve", staged(v, to))
		},
		"REJECT": func() servertest.Answer {
			return o.Do(o.tokens[who], "POST", mlflow+"/transition-requests/reject", staged(v, to))
		},
		"CANCEL": func() servertest.Answer {
			return o.Do(o.tokens[who], "DELETE", mlflow+"/transition-requests/delete?"+url.Values{"name": {"churn"}, "version": {v}, "stage": {to},
				"creator": {creator + "@x.org"}}.Encode(), nil)
		},
	}[action]()
	if may := try.Status == 200; may != says {
		o.t.Errorf("%s: the answer says %v; %d %s", what, says, try.Status, try.Body)
	}
	if reason := whyOf(rows, action); try.Status == 403 && !strings.Contains(string(try.Body), jsonText(reason)) {
		o.t.Errorf("%s: the reason is %q, the refusal %s", what, reason, try.Body)
	}
}

// whyOf gives the reason of what is absent on the only request, without the ability.
func whyOf(rows requests, action string) string {
	for _, r := range rows.Requests {
		for _, a := range r.Absent {
			if a.Action == action {
				return a.Reason
			}
		}
	}
	return ""
}

// jsonText is a text as JSON has it, without the quotes.
func jsonText(text string) string {
	b, _ := json.Marshal(text)
	return strings.Trim(string(b), `"`)
}

func (o *registryOf) twoPersons(choice string) {
	o.t.Helper()
	o.do("ann", "PUT", root+"/models/churn/two-persons", fields{"two_persons": choice})
}

// TestStageMenu: what the menu of stages says that somebody may do is what he then may do.
func TestStageMenu(t *testing.T) {
	o := newRegistry(t)
	for _, two := range []string{"inherit", "yes"} {
		for _, l := range levels[1:] {
			for i, to := range []string{"None", "Staging", "Production", "Archived"} {
				o.tryStage(l.who, two, "None", to, i)
				o.tryStage(l.who, two, "Production", to, i)
			}
		}
	}
}

// tryStage asks for a move and makes it as somebody, and compares with what the menu has said on its line.
func (o *registryOf) tryStage(who, two, from, to string, line int) {
	o.t.Helper()
	o.twoPersons("inherit")
	v := o.version()
	o.do("ann", "POST", mlflow+"/model-versions/transition-stage", staged(v, from))
	o.twoPersons(two)
	page := o.do(who, "GET", root+"/models/churn/versions/"+v, nil)
	at := fmt.Sprint("actions.", line, ".")
	asked := o.Do(o.tokens[who], "POST", mlflow+"/transition-requests/create", staged(v, to))
	moved := o.Do(o.tokens[who], "POST", mlflow+"/model-versions/transition-stage", staged(v, to))
	got := []any{page.JSON(at + "stage"), page.JSON(at + "current"), page.JSON(at + "request"), page.JSON(at + "transition")}
	want := []any{to, from == to, asked.Status == 200, moved.Status == 200}
	diff, reason := cmp.Diff(want, got), page.Text(at+"reason")
	if diff != "" || (moved.Status == 200) != (reason == "") || !strings.Contains(string(moved.Body), jsonText(reason)) {
		o.t.Errorf("%s, %s to %s, two persons %s: %s %q %s", who, from, to, two, diff, reason, moved.Body)
	}
}

// TestStaleRequest: a request that cannot be approved any more says so, and why.
func TestStaleRequest(t *testing.T) {
	o := newRegistry(t)
	v := o.version()
	o.do("ann", "PUT", root+"/models/churn/required-checks", fields{"required_checks": []any{fields{"stage": "Staging", "name": "bias"}}})
	o.wants("read", v, "Staging")
	one := func() request {
		t.Helper()
		list := read[requests](o, "manage", "/transition-requests", url.Values{"whose": {"decidable"}}).Requests
		if len(list) != 1 {
			t.Fatalf("%v", list)
		}
		return list[0]
	}
	r := one()
	if r.Stale || r.Digest == "" || r.Digest != r.DigestNow || len(r.Unmet) != 1 || len(r.Checks) != 0 ||
		!strings.Contains(why(r.Absent, "APPROVE"), `"bias" was not posted`) {
		t.Errorf("%+v", r)
	}
	check := func(state string) {
		o.do("edit", "POST", root+"/models/churn/versions/"+v+"/checks", fields{"name": "bias", "state": state, "digest": r.Digest})
	}
	check("success")
	r = one()
	if !r.Stale || !strings.Contains(r.StaleReason, `"bias" is new`) || len(r.Unmet) != 0 || !strings.Contains(why(r.Absent, "APPROVE"), "Ask for it anew") ||
		!slices.Equal(r.Actions, []string{"REJECT", "CANCEL"}) {
		t.Errorf("%+v", r)
	}
	menu := o.do("read", "GET", root+"/models/churn/versions/"+v, nil)
	if menu.JSON("actions.1.request") != true {
		t.Errorf("who asked may not ask anew: %s", menu.Body)
	}
	o.wants("read", v, "Staging")
	if r = one(); r.Stale || !slices.Equal(r.Actions, []string{"APPROVE", "REJECT", "CANCEL"}) {
		t.Errorf("%+v", r)
	}
	if menu = o.do("read", "GET", root+"/models/churn/versions/"+v, nil); menu.JSON("actions.1.request") != false ||
		!strings.Contains(menu.Text("actions.1.request_reason"), "pending") {
		t.Errorf("asked twice: %s", menu.Body)
	}
}

// TestRequestLists: whose requests are listed to whom, page by page.
func TestRequestLists(t *testing.T) {
	o := newRegistry(t)
	o.do("ann", "POST", mlflow+"/registered-models/create", fields{"name": "hidden"})
	a, b := o.version(), o.version()
	for _, r := range [][3]string{{"read", a, "Staging"}, {"manage", a, "Production"}, {"edit", b, "Production"}, {"manage", b, "Staging"}} {
		o.wants(r[0], r[1], r[2])
	}
	o.twoPersons("yes")
	all := []string{"1 Staging", "1 Production", "2 Production", "2 Staging"}
	for name, c := range map[string]struct {
		who   string
		query url.Values
		want  []string
	}{
		"all":                         {"read", url.Values{}, all},
		"page by page":                {"read", url.Values{"whose": {"all"}, "max_results": {"1"}}, all},
		"of the model":                {"read", url.Values{"model": {"churn"}}, all},
		"of another":                  {"ann", url.Values{"model": {"hidden"}}, nil},
		"of a hidden model":           {"read", url.Values{"model": {"hidden"}}, nil},
		"of no model":                 {"read", url.Values{"model": {"x"}}, nil},
		"who may not know the model":  {"none", url.Values{}, nil},
		"mine":                        {"manage", url.Values{"whose": {"mine"}}, []string{"1 Production", "2 Staging"}},
		"none of mine":                {"staging", url.Values{"whose": {"mine"}}, nil},
		"a reader decides nothing":    {"read", url.Values{"whose": {"decidable"}}, nil},
		"staging decides below":       {"staging", url.Values{"whose": {"decidable"}, "max_results": {"1"}}, []string{"1 Staging", "2 Staging"}},
		"production decides all":      {"production", url.Values{"whose": {"decidable"}}, all},
		"who asks is not the second":  {"manage", url.Values{"whose": {"decidable"}}, []string{"1 Staging", "2 Production", "2 Staging"}},
		"an auditor sees no content":  {"eve", url.Values{}, nil},
		"the administrator decides":   {"admin", url.Values{"whose": {"decidable"}}, all},
		"of the model, who knows not": {"none", url.Values{"model": {"churn"}}, nil},
	} {
		var got []string
		for {
			page := read[requests](o, c.who, "/transition-requests", c.query)
			for _, r := range page.Requests {
				got = append(got, r.Version+" "+r.To)
			}
			if page.Next == "" {
				break
			}
			c.query.Set("page_token", page.Next)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, query := range []string{"whose=hers", "whose=hers&model=hidden", "whose=hers&model=none", "max_results=-1", "max_results=5000", "page_token=x", "page_token=1.x.y"} {
		if a := o.Do(o.tokens["read"], "GET", root+"/transition-requests?"+query, nil); a.Status != 400 && query != "page_token=1.x.y" {
			t.Errorf("%s: %d %s", query, a.Status, a.Body)
		}
	}
}
