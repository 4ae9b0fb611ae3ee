package blob

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
)

// reserveName is the reserve's file in its folder.
const reserveName = "reserve"

// Reserve keeps so many bytes of a folder's disk occupied by a file of no use, to be given up by Release when the disk is full,
// so that administrators can still act: they need room for the rows and ledger entries of what they do. A reserve that is there
// in that size is left alone, one of another size (the setting changed, or its making was cut short) is made anew. The error is
// fail.Unavailable when there is not that much room; nothing is kept then.
func Reserve(dir string, bytes int64) error { return reserve(system{}, dir, bytes) }

// Release gives the reserve up and says how many bytes that freed; 0 when there was none.
func Release(dir string) (int64, error) { return release(system{}, dir) }

func reserve(layer files, dir string, bytes int64) error {
	name := filepath.Join(dir, reserveName)
	info, err := layer.Stat(name)
	if err == nil && info.Size() == bytes {
		return nil
	}
	if err == nil {
		err = layer.Remove(name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault(err, "looking for its reserve")
	}
	if err = occupy(layer, name, bytes); err == nil {
		err = layer.SyncDir(dir)
	}
	if err != nil {
		_ = layer.Remove(name)
	}
	return fault(err, "making its reserve")
}

// occupy writes noise: zeros take no room on a disk that compresses.
func occupy(layer files, name string, bytes int64) error {
	f, err := layer.Create(name)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(f, io.LimitReader(rand.NewChaCha8([32]byte{}), bytes), make([]byte, pieceSize))
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func release(layer files, dir string) (int64, error) {
	name := filepath.Join(dir, reserveName)
	info, err := layer.Stat(name)
	if err == nil {
		err = layer.Remove(name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err == nil {
		err = layer.SyncDir(dir) // some file systems count the room as free only then
	}
	if err != nil {
		return 0, fault(err, "giving up its reserve")
	}
	return info.Size(), nil
}
