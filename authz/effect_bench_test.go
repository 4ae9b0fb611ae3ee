package authz

import "testing"

// BenchmarkCompare is the preview of a change of permissions that touches everybody, before anybody's groups are worked out and after.
func BenchmarkCompare(b *testing.B) {
	m := bigMap(b, stated)
	for name, object := range map[string]int64{"experiment": FirstFreeObject + 50_000, "root": Root} {
		o, _ := m.Object(object)
		next := *o
		next.Entries = []Entry{{GroupUsers, CanRead}}
		after, err := m.Apply(2, Event{Op: PutObject, Object: &next})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			defer reportCPU(b)()
			for b.Loop() {
				if e := Compare(m, after, object); e.Gain < stated.people/2 {
					b.Fatalf("%d gain", e.Gain)
				}
			}
		})
	}
	b.Run("below-root", func(b *testing.B) {
		for b.Loop() {
			Below(m, Root)
		}
	})
}

// BenchmarkCompareHidden: where names are hidden, everybody without a level is asked whether the root leads him to something.
func BenchmarkCompareHidden(b *testing.B) {
	m := bigMap(b, stated)
	m, err := m.Apply(2, Event{Op: PutSetting, Setting: &Setting{SettingEnforceView, "true"}})
	if err != nil {
		b.Fatal(err)
	}
	defer reportCPU(b)()
	for b.Loop() {
		Compare(m, m, Root)
	}
}

func BenchmarkSearch(b *testing.B) {
	m, err := bigMap(b, stated).Apply(2, Event{Op: PutPrincipal, Principal: &Principal{ID: 99, Kind: User, Name: "stranger", Active: true}})
	if err != nil {
		b.Fatal(err)
	}
	kinds := []Kind{Directory, Notebook, File, Experiment, RegisteredModel}
	for name, c := range map[string]struct {
		who  int64
		text string
	}{
		"rare":                {firstPerson + 5, "experiment-77123"},
		"every-name":          {firstPerson + 5, "e"},
		"nothing":             {firstPerson + 5, "zzz"},
		"every-name-stranger": {99, "e"},
		"path":                {firstPerson + 5, "/folder-1/folder-1"},
	} {
		b.Run(name, func(b *testing.B) {
			defer reportCPU(b)()
			for b.Loop() {
				Search(m, Who{Principal: c.who}, NewNeedle(c.text), kinds, 20, noon)
			}
		})
	}
}

func BenchmarkAbilitiesOn(b *testing.B) {
	m := bigMap(b, stated)
	for b.Loop() {
		AbilitiesOn(m, Who{Principal: firstPerson + 5}, FirstFreeObject+50_000, noon)
	}
}
