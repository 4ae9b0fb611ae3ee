package authz

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNeedle(t *testing.T) {
	for _, c := range []struct {
		text, name string
		want       Rank
	}{
		{"churn", "churn", NameOf}, {"CHURN", "Churn", NameOf}, {"chu", "churn", PrefixOf}, {"model", "churn-model", WordOf}, {"model", "churn model v2", WordOf},
		{"urn", "churn", PartOf}, {"del", "remodel delta", WordOf}, {"x", "churn", NoMatch}, {"churn2", "churn", NoMatch}, {"", "churn", PartOf},
		{"ÄRGER", "der ärger", WordOf}, {"ärger", "Ärger", NameOf}, {"é", "cafe", NoMatch}, {"caf", "CAFÉ", PrefixOf}, {"k", "\u212aelvin", PrefixOf},
		{"churn/", "churn", NameOf}, {"a", "1a", PartOf}, {"2", "v-2", WordOf}, {"churn", "", NoMatch},
	} {
		if got := NewNeedle(c.text).Rank(c.name); got != c.want {
			t.Errorf("%q in %q: %s, want %s", c.text, c.name, got, c.want)
		}
	}
}

func TestSearch(t *testing.T) {
	b := smallBuilder()
	for id, name := range map[int64]string{2001: "churn", 2002: "churn-2", 2003: "old churn", 2004: "unchurned", 2005: "other"} {
		o := Object{ID: id, Kind: Experiment, Parent: FolderShared, Name: name}
		if id == 2005 {
			o.Parent = 2006
		}
		b.AddObject(o)
	}
	b.AddObject(Object{ID: 2006, Kind: Directory, Parent: FolderShared, Name: "Churn stuff"})
	b.AddObject(Object{ID: 2007, Kind: RegisteredModel, Parent: ModelsRoot, Name: "churn", Entries: []Entry{{bob, CanRead}}})
	b.AddObject(Object{ID: 2008, Kind: Directory, Parent: FolderShared, Name: "churn gone", Trashed: true})
	b.AddObject(Object{ID: 2009, Kind: Experiment, Parent: 2008, Name: "churn gone too"})
	m, err := NewMap(1, b)
	if err != nil {
		t.Fatal(err)
	}
	all := []Kind{Directory, Notebook, File, Experiment, RegisteredModel, Workspace}
	for name, c := range map[string]struct {
		who   Who
		text  string
		kinds []Kind
		most  int
		want  []int64
	}{
		"best first":            {Who{Principal: bob}, "churn", all, 20, []int64{2001, 2007, 2002, 2006, 2003, 2004, 2005}},
		"the first of them":     {Who{Principal: bob}, "churn", all, 3, []int64{2001, 2007, 2002}},
		"one more by its place": {Who{Principal: bob}, "churn", []Kind{Experiment}, 20, []int64{2001, 2002, 2003, 2004, 2005}},
		"of others too":         {Who{Principal: admin}, "churn", []Kind{Experiment}, 2, []int64{churn, 2001}},
		"of one's own":          {Who{Principal: ann}, "churn", []Kind{Experiment}, 2, []int64{churn, 2001}},
		"not of others":         {Who{Principal: bob}, "secret", all, 20, nil},
		"a path":                {Who{Principal: bob}, "/shared/churn", all, 20, []int64{2001, 2002, 2006, 2005}},
		"a part of one":         {Who{Principal: bob}, "stuff/oth", all, 20, []int64{2005}},
		"what a folder holds":   {Who{Principal: bob}, "/Shared/Churn stuff/", all, 20, []int64{2006, 2005}},
		"nothing":               {Who{Principal: bob}, "", all, 20, nil},
		"only slashes":          {Who{Principal: bob}, "//", all, 20, nil},
		"nobody":                {Who{Principal: 999}, "churn", all, 20, nil},
		"a group":               {Who{Principal: team}, "churn", all, 20, nil},
		"within its scopes":     {Who{Principal: bob, Scopes: []string{"workspace"}}, "churn", all, 20, []int64{2006}},
		"ended":                 {Who{Principal: bob, Expires: 1}, "churn", all, 20, nil},
		"no kinds":              {Who{Principal: bob}, "churn", nil, 20, nil},
		"none asked for":        {Who{Principal: bob}, "churn", all, 0, nil},
	} {
		var got []int64
		for _, found := range Search(m, c.who, NewNeedle(c.text), c.kinds, c.most, noon) {
			got = append(got, found.Object.ID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestManagedBy(t *testing.T) {
	m := small(t)
	m = changed(t, m, given(m, project, Entry{ann, CanManage}), given(m, secretModel, Entry{bob, CanRead}))
	for who, want := range map[int64][]int64{ann: {annHome, churn, project, secretModel}, bot: {vault}, bob: nil} {
		if diff := cmp.Diff(want, ids(m.ManagedBy(who))); diff != "" {
			t.Errorf("%d: %s", who, diff)
		}
	}
}
