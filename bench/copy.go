package main

import (
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// copyServer is the first argument that makes this program the plain copy that artifact transfer is compared with.
const copyServer = "copy-server"

// serveCopy puts what is sent into files, acknowledged when file and folder are on disk, and gives it back: what any server of durable
// files has to do at least. Names are flattened.
func serveCopy(addr, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET "+artifactsAPI+"/{path...}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, copyPath(dir, r))
	})
	mux.HandleFunc("PUT "+artifactsAPI+"/{path...}", func(w http.ResponseWriter, r *http.Request) {
		if err := writeDurably(copyPath(dir, r), r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return http.ListenAndServe(addr, mux)
}

func copyPath(dir string, r *http.Request) string {
	return filepath.Join(dir, filepath.Base(r.PathValue("path")))
}

func writeDurably(path string, from io.Reader) error {
	part := path + ".part-" + rand.Text()
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, from, make([]byte, 1<<20))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// fsyncTime is the median time that dir's disk takes to make a write of 4 KiB durable, of count tries.
func fsyncTime(dir string, count int) (time.Duration, error) {
	f, err := os.CreateTemp(dir, "fsync")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	block := make([]byte, 4096)
	spent := make([]time.Duration, count)
	for i := range spent {
		began := time.Now()
		if _, err := f.WriteAt(block, int64(i)*4096); err != nil {
			return 0, errors.Join(err, f.Close())
		}
		if err := f.Sync(); err != nil {
			return 0, errors.Join(err, f.Close())
		}
		spent[i] = time.Since(began)
	}
	slices.Sort(spent)
	return spent[count/2], f.Close()
}
