package authz

import "testing"

func TestFindUndoesRequestName(t *testing.T) {
	m := small(t)
	n := 0
	for _, root := range []int64{Root, ModelsRoot, TokensRoot, PasswordsRoot, WorkspaceObject} {
		for o := range m.Subtree(root) {
			for _, text := range []string{RequestName(o), "/" + RequestName(o)} {
				if got, ok := m.Find(text); !ok || got.ID != o.ID {
					t.Errorf("%q finds %v, %v, want object %d", text, got, ok, o.ID)
				}
			}
			if path := m.Path(o.ID); path != "" && !m.InTrash(o.ID) {
				if got, ok := m.Find(path); !ok || got.ID != o.ID {
					t.Errorf("%q finds %v, %v, want object %d", path, got, ok, o.ID)
				}
			}
			n++
		}
	}
	if n < 15 {
		t.Fatalf("looked at %d objects only", n)
	}
}

func TestFind(t *testing.T) {
	m := small(t)
	for text, want := range map[string]int64{
		"workspace": WorkspaceObject, "authorization/tokens": TokensRoot, "registered-models/root": ModelsRoot, "directories/0": Root,
		"/": Root, "/Shared": FolderShared, "registered-models/fraud": secretModel,
		"": -1, "experiments": -1, "experiments/": -1, "experiments/x": -1, "experiments/9": -1, "notebooks/0": -1, "directories/-1": -1,
		"unknown/1": -1, "/no/such/path": -1, "workspaces/8": -1, "authorization/other": -1, "registered-models/none": -1,
	} {
		got := int64(-1)
		if o, ok := m.Find(text); ok {
			got = o.ID
		}
		if got != want {
			t.Errorf("%q finds %d, want %d", text, got, want)
		}
	}
}
