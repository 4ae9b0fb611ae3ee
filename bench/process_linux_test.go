package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// alive says whether a process runs; one that ended and was not waited for does not.
func alive(id int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(id) + "/stat")
	return err == nil && !strings.Contains(string(text), ") Z ")
}

// TestStopEndsTheFamily starts a program with a child in its group and one in a session of its own, as MLflow's jobs are.
func TestStopEndsTheFamily(t *testing.T) {
	dir := t.TempDir()
	p, err := launch("family", dir, nil, []string{"bash", "-c", "sleep 300 & echo $! >one; setsid sleep 300 & echo $! >two; wait"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	waitFor(t, "family", func() bool { return len(p.family()) == 3 })
	if mib, err := p.memory(); err != nil || mib <= 0 || mib > 1000 {
		t.Errorf("memory is %v MiB, %v", mib, err)
	}
	p.stop()
	p.stop() // nothing the second time
	for _, name := range []string{"one", "two"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		id, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil || id == 0 {
			t.Fatal(name, err)
		}
		waitFor(t, "child "+name+" ends", func() bool { return !alive(id) })
	}
	waitFor(t, "the group ends", func() bool { return syscall.Kill(-p.cmd.Process.Pid, 0) != nil })
}
