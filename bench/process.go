package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a program that the benchmark started, the leader of a process group of its own.
type process struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	ends sync.Once
}

// launch starts a program in dir, its output in dir/log; env comes on top of this process's environment without what steers MLflow and
// the servers.
func launch(name, dir string, env, args []string) (*process, error) {
	p := &process{name: name, log: filepath.Join(dir, "log"), done: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, log, log
	p.cmd.Env = append(plainEnviron(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func plainEnviron() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "MLFLOW_") || strings.HasPrefix(v, "BAILIWICK_") || strings.HasPrefix(v, "PYTHONPATH=")
	})
}

// ready waits until the server answers path with 200.
func (p *process) ready(ctx context.Context, url string, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		last := ask(ctx, url)
		if last == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended before it was ready; its log ends: %s", p.name, p.logEnd())
		case <-ctx.Done():
			return fmt.Errorf("%s: not ready within %s: %w; its log ends: %s", p.name, within, last, p.logEnd())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func ask(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := caller.Do(r)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d", url, answer.StatusCode)
	}
	return nil
}

func (p *process) logEnd() string {
	text, _ := os.ReadFile(p.log)
	return string(bytes.TrimSpace(text[max(0, len(text)-600):]))
}

// stop ends the process's group and what descends from it, by their ids: asked first, killed after ten seconds. Once only, since ids are
// given again.
func (p *process) stop() { p.ends.Do(p.end) }

func (p *process) end() {
	family := p.family()
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
	}
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	for _, member := range family { // those who made groups of their own
		if now, err := readMember(member.id); err == nil && now.began == member.began {
			syscall.Kill(member.id, syscall.SIGKILL)
		}
	}
	<-p.done
}

// member is a process of a family; a process id that was given again has another beginning.
type member struct {
	id, parent, group int
	began             string
	pages             int64 // resident
}

// family is the process, its group and all that descend from them. Empty where there is no /proc.
func (p *process) family() []member {
	entries, _ := filepath.Glob("/proc/[0-9]*")
	var all, family []member
	for _, entry := range entries {
		id, _ := strconv.Atoi(filepath.Base(entry))
		if m, err := readMember(id); err == nil {
			all = append(all, m)
		}
	}
	known := map[int]bool{}
	for grown := true; grown; {
		grown = false
		for _, m := range all {
			if !known[m.id] && (m.group == p.cmd.Process.Pid || known[m.parent]) {
				known[m.id], grown = true, true
				family = append(family, m)
			}
		}
	}
	return family
}

// readMember reads /proc/ID/stat; its fields are numbered in proc(5).
func readMember(id int) (member, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	if err != nil {
		return member{}, err
	}
	_, behind, ok := strings.Cut(string(text[bytes.LastIndexByte(text, ')')+1:]), " ")
	fields := strings.Fields(behind)
	if !ok || len(fields) < 22 {
		return member{}, fmt.Errorf("process %d: unknown form of stat", id)
	}
	m := member{id: id, began: fields[19]}
	m.parent, _ = strconv.Atoi(fields[1])
	m.group, _ = strconv.Atoi(fields[2])
	m.pages, _ = strconv.ParseInt(fields[21], 10, 64)
	return m, nil
}

// memory is the resident memory of the process and its descendants in MiB; pages that they share count for each.
func (p *process) memory() (float64, error) {
	var pages int64
	for _, m := range p.family() {
		pages += m.pages
	}
	if pages == 0 {
		return 0, errors.New("memory can be read on Linux only")
	}
	return float64(pages*int64(os.Getpagesize())) / (1 << 20), nil
}

// success waits until the program has ended and gives an error unless it did so well.
func (p *process) success(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-p.done:
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("%s ended with %d: %s", p.name, code, p.logEnd())
	}
	return nil
}
