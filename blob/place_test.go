package blob

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
)

// place is an empty store with the ways behind its back that the contract needs.
type place struct {
	Store
	spoil func(d Digest, content []byte) // replaces the bytes of a blob
	left  func() []string                // everything that is there besides blobs
}

// remotes are the variables that scripts/with-stores sets.
var remotes = map[string]string{"s3": "BAILIWICK_TEST_S3", "gcs": "BAILIWICK_TEST_GCS", "azure": "BAILIWICK_TEST_AZURE"}

// everywhere runs a test on a local folder and on each object store that is to be had.
func everywhere(t *testing.T, test func(t *testing.T, p place)) {
	t.Run("local", func(t *testing.T) { test(t, localPlace(t)) })
	inBuckets(t, func(t *testing.T, o *Objects) { test(t, objectsPlace(t, o)) })
}

func inBuckets(t *testing.T, test func(t *testing.T, o *Objects)) {
	for name, variable := range remotes {
		if location := os.Getenv(variable); location != "" {
			t.Run(name, func(t *testing.T) { test(t, openRemote(t, location)) })
		}
	}
}

// openRemote opens a location with a prefix of its own.
func openRemote(t *testing.T, location string) *Objects {
	t.Helper()
	at, query, _ := strings.Cut(location, "?")
	location = at + "/a+b " + rand.Text() + "?" + query // a prefix that must be escaped
	s, err := Open(location)
	if err != nil && strings.HasPrefix(location, "azblob:") {
		makeContainer(t, location)
		s, err = Open(location)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.(*Objects)
}

// makeContainer makes the container of a location, which Azurite begins without.
func makeContainer(t *testing.T, location string) {
	t.Helper()
	u, err := parseLocation(location)
	if err != nil {
		t.Fatal(err)
	}
	b, err := openAzure(t.Context(), u)
	if err == nil {
		_, err = b.(*azureBucket).client.Create(t.Context(), nil)
	}
	if err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
		t.Fatal(err)
	}
}

func localPlace(t *testing.T) place {
	l, dir := openTemp(t)
	return place{l, func(d Digest, content []byte) {
		if err := os.WriteFile(l.path(d), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}, func() (left []string) {
		entries, err := os.ReadDir(filepath.Join(dir, "tmp"))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			left = append(left, e.Name())
		}
		return left
	}}
}

func objectsPlace(t *testing.T, o *Objects) place {
	return place{o, func(d Digest, content []byte) {
		if err := o.bucket.put(t.Context(), o.key(d), content); err != nil {
			t.Fatal(err)
		}
	}, func() (left []string) {
		for e, err := range o.bucket.list(t.Context(), o.prefix) {
			if _, ok := o.digestOf(e.key); !ok || err != nil {
				left = append(left, e.key)
			}
		}
		if b, ok := o.bucket.(*s3Bucket); ok {
			left = append(left, b.unfinished(t, o.prefix)...)
		}
		return left
	}}
}

// listed is what List gives.
func listed(t *testing.T, s Store) map[Digest]int64 {
	t.Helper()
	got := map[Digest]int64{}
	for info, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got[info.Digest] = info.Size
	}
	return got
}
