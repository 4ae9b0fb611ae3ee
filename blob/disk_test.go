package blob

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

var errPower = errors.New("the power is off")

// disk is a file layer in memory that keeps apart what is there and what would be there after loss of power. Only what was
// synced is sure to be: of the rest of a file any sector may be missing, and each name in a folder may be as it was at the last
// sync or as it was at any moment since, whatever becomes of the others, so a rename can end as both names or none.
type disk struct {
	mu      sync.Mutex
	rng     *rand.Rand
	root    *node
	steps   int
	cutAt   int // the step at which the power fails; it may or may not still be done
	failAt  int // the step that fails with failErr
	failErr error
	failed  string          // the name of that step
	lies    map[string]bool // steps that say they are done and do nothing
	dead    bool
}

type node struct {
	live, safe []byte
	modified   time.Time
	entries    map[string]*node   // of a folder; nil in a file
	past       map[string][]*node // what each changed name was since the last sync, nil where there was nothing
}

func folderNode() *node {
	return &node{entries: map[string]*node{}, past: map[string][]*node{}, modified: time.Now()}
}

func newDisk(seed uint64) *disk {
	return &disk{rng: rand.New(rand.NewPCG(seed, 7)), root: folderNode()}
}

// set changes a name; a nil node removes it.
func (n *node) set(name string, to *node) {
	if len(n.past[name]) == 0 {
		n.past[name] = []*node{n.entries[name]}
	}
	n.past[name] = append(n.past[name], to)
	if to == nil {
		delete(n.entries, name)
		return
	}
	n.entries[name] = to
}

func (n *node) sync() {
	n.safe = bytes.Clone(n.live)
	clear(n.past)
}

// restart is the disk after loss of power, seen by the next process.
func (d *disk) restart() *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := &disk{rng: d.rng, lies: d.lies}
	next.root = d.survivor(d.root, map[*node]*node{})
	return next
}

func (d *disk) survivor(n *node, seen map[*node]*node) *node {
	if s := seen[n]; s != nil {
		return s
	}
	s := &node{modified: n.modified}
	seen[n] = s
	if n.entries == nil {
		s.live = d.torn(n)
		s.safe = bytes.Clone(s.live)
		return s
	}
	s.entries, s.past = map[string]*node{}, map[string][]*node{}
	names := maps.Clone(n.entries)
	for _, name := range slices.Sorted(maps.Keys(n.past)) {
		names[name] = n.past[name][d.rng.IntN(len(n.past[name]))]
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if names[name] != nil {
			s.entries[name] = d.survivor(names[name], seen)
		}
	}
	return s
}

// torn is what is left of a file: the synced bytes, and of the later ones some sectors, to some length.
func (d *disk) torn(n *node) []byte {
	const sector = 16
	left := make([]byte, len(n.safe)+d.rng.IntN(len(n.live)-len(n.safe)+1))
	copy(left, n.safe)
	for at := len(n.safe); at < len(left); at += sector {
		if d.rng.IntN(3) > 0 {
			copy(left[at:min(at+sector, len(left))], n.live[at:])
		}
	}
	return left
}

// step is one call into the file layer.
func (d *disk) step(what string, act func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return errPower
	}
	d.steps++
	switch {
	case d.steps == d.cutAt:
		d.dead = true
		if d.rng.IntN(2) == 0 {
			_ = act()
		}
		return errPower
	case d.steps == d.failAt:
		d.failed = what
		return &os.PathError{Op: what, Path: "disk", Err: d.failErr}
	case d.lies[what]:
		return nil
	}
	return act()
}

func (d *disk) find(name string) (*node, error) {
	n := d.root
	for part := range strings.SplitSeq(strings.Trim(name, "/"), "/") {
		if part == "" {
			continue
		}
		if n = n.entries[part]; n == nil {
			return nil, &os.PathError{Op: "find", Path: name, Err: fs.ErrNotExist}
		}
	}
	return n, nil
}

// at calls act with the node of a name.
func (d *disk) at(what, name string, act func(*node)) error {
	return d.step(what, func() error {
		n, err := d.find(name)
		if err == nil {
			act(n)
		}
		return err
	})
}

// put gives a node a name.
func (d *disk) put(name string, n *node) error {
	dir, err := d.find(filepath.Dir(name))
	if err == nil {
		dir.set(filepath.Base(name), n)
	}
	return err
}

func (d *disk) add(what, name string, n *node, exists error) error {
	return d.step(what, func() error {
		if _, err := d.find(name); err == nil {
			return exists
		}
		return d.put(name, n)
	})
}

func (d *disk) Create(name string) (file, error) {
	n := &node{modified: time.Now()}
	if err := d.add("create", name, n, fs.ErrExist); err != nil {
		return nil, err
	}
	return &diskFile{d, n}, nil
}

func (d *disk) Mkdir(name string) error { return d.add("mkdir", name, folderNode(), nil) }

func (d *disk) Remove(name string) error {
	return d.step("remove", func() error {
		if _, err := d.find(name); err != nil {
			return err
		}
		return d.put(name, nil)
	})
}

func (d *disk) Rename(from, to string) error {
	return d.step("rename", func() error {
		n, err := d.find(from)
		if err != nil {
			return err
		}
		return errors.Join(d.put(to, n), d.put(from, nil))
	})
}

func (d *disk) SyncDir(name string) error {
	return d.at("syncdir "+filepath.Base(name), name, (*node).sync)
}

func (d *disk) Touch(name string) error {
	return d.at("touch", name, func(n *node) { n.modified = time.Now() })
}

func (d *disk) Stat(name string) (info os.FileInfo, err error) {
	err = d.at("stat", name, func(n *node) { info = diskInfo{filepath.Base(name), int64(len(n.live)), n} })
	return info, err
}

func (d *disk) ReadDir(name string) (entries []os.DirEntry, err error) {
	err = d.at("readdir", name, func(n *node) {
		for _, k := range slices.Sorted(maps.Keys(n.entries)) {
			e := n.entries[k]
			entries = append(entries, fs.FileInfoToDirEntry(diskInfo{k, int64(len(e.live)), e}))
		}
	})
	return entries, err
}

type openedNode struct{ *bytes.Reader }

func (openedNode) Close() error { return nil }

func (d *disk) Open(name string) (r Reader, info os.FileInfo, err error) {
	err = d.at("open", name, func(n *node) {
		r = openedNode{bytes.NewReader(bytes.Clone(n.live))}
		info = diskInfo{filepath.Base(name), int64(len(n.live)), n}
	})
	return r, info, err
}

type diskFile struct {
	d *disk
	n *node
}

// Write, when it fails, has written half, as a disk that fills up does.
func (f *diskFile) Write(p []byte) (int, error) {
	err := f.d.step("write", func() error {
		f.n.live = append(f.n.live, p...)
		return nil
	})
	if err != nil {
		f.n.live = append(f.n.live, p[:len(p)/2]...)
		return len(p) / 2, err
	}
	return len(p), nil
}

func (f *diskFile) Begin(offset, length int64) {}
func (f *diskFile) Close() error               { return f.d.step("close", func() error { return nil }) }

func (f *diskFile) Sync() error {
	return f.d.step("sync", func() error { f.n.sync(); return nil })
}

type diskInfo struct {
	name string
	size int64
	n    *node
}

func (i diskInfo) Name() string       { return i.name }
func (i diskInfo) Size() int64        { return i.size }
func (i diskInfo) ModTime() time.Time { return i.n.modified }
func (i diskInfo) IsDir() bool        { return i.n.entries != nil }
func (i diskInfo) Sys() any           { return nil }
func (i diskInfo) Mode() fs.FileMode {
	if i.IsDir() {
		return fs.ModeDir | 0o700
	}
	return 0o600
}
