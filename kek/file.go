package kek

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"bailiwick/fail"
	"bailiwick/secret"
)

// File keeps keys in a file (secret.ParseFileKeys), the newest last. It is read at each use, which is rare: so a key that somebody adds is there at once.
type File struct {
	Path string
	// making lets one at a time add a key.
	making sync.Mutex
}

// about is the first line of a file that is made.
const about = "# Key-encryption keys of Bailiwick, the newest last. Without this file no secret can be read: keep a copy apart from the backups.\n"

func (f *File) read() (text string, keys []secret.FileKey, err error) {
	bytes, err := os.ReadFile(f.Path)
	if err != nil {
		return "", nil, err
	}
	keys, err = secret.ParseFileKeys(string(bytes))
	if err != nil {
		err = fmt.Errorf("%s: %w", f.Path, err)
	}
	return string(bytes), keys, err
}

// Newest gives the id of the last key in the file; a file that is not there has none.
func (f *File) Newest(context.Context) (string, error) {
	_, keys, err := f.read()
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(keys) == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return keys[len(keys)-1].ID, nil
}

// Make adds a key to the file, which is made where it is not there, for its owner only. The keys that are in it stay. It is durable when Make returns.
func (f *File) Make(context.Context) (string, error) {
	f.making.Lock()
	defer f.making.Unlock()
	next, release, err := f.reserve()
	if err != nil {
		return "", err
	}
	defer release()
	text, _, err := f.read()
	if errors.Is(err, fs.ErrNotExist) {
		text, err = about, nil
	}
	if err != nil {
		return "", err
	}
	key, err := secret.NewFileKey(rand.Reader)
	if err != nil {
		return "", err
	}
	if text != "" && text[len(text)-1] != '\n' {
		text += "\n"
	}
	_, err = next.WriteString(text + key.Line())
	if err = errors.Join(err, next.Sync()); err != nil {
		return "", err
	}
	if err := os.Rename(next.Name(), f.Path); err != nil {
		return "", err
	}
	return key.ID, syncFolder(filepath.Dir(f.Path))
}

// abandoned is the age at which a half-made file belongs to nobody.
const abandoned = time.Minute

// reserve makes the file that will take the place of the present one. Who finds it there is not the only one who adds a key: replicas may share it.
func (f *File) reserve() (next *os.File, release func(), err error) {
	name := f.Path + ".new"
	if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > abandoned {
		os.Remove(name)
	}
	next, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, nil, fail.New(fail.Conflict, "Somebody else is adding a key-encryption key; try again in a minute.")
	}
	return next, func() { next.Close(); os.Remove(name) }, err
}

// syncFolder makes the names in a folder durable.
func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (f *File) key(id string) ([]byte, error) {
	_, keys, err := f.read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoKey
	}
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.ID == id {
			return k.Key, nil
		}
	}
	return nil, errNoKey
}

// Wrap implements Keeper.
func (f *File) Wrap(_ context.Context, id string, text []byte) ([]byte, error) {
	key, err := f.key(id)
	if err != nil {
		return nil, err
	}
	return secret.Encrypt(rand.Reader, key, []byte(id), text)
}

// Unwrap implements Keeper.
func (f *File) Unwrap(_ context.Context, id string, wrapped []byte) ([]byte, error) {
	key, err := f.key(id)
	if err != nil {
		return nil, err
	}
	text, err := secret.Decrypt(key, []byte(id), wrapped)
	if err != nil {
		return nil, fail.Internalf(err, "a data key cannot be opened with %s: its row is damaged or was exchanged", id)
	}
	return text, nil
}

// Close implements Keeper.
func (f *File) Close() error { return nil }
