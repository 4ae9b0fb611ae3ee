package policy

import "testing"

func TestSchemaIsOne(t *testing.T) {
	if _, err := typed(); err != nil {
		t.Fatal(err)
	}
}
