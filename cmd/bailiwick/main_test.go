package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bailiwick": main})
}

// adminToken is the administrator's token in the scripts.
const adminToken = "dapi-script-administrator-0123456789abcdef"

// TestScripts runs the command lines of testdata against real servers: "start DIR [FLAG…]" starts one on the data folder and sets URL (and
// LINK, when it prints one), "stop" interrupts it and waits.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": start, "stop": stop, "flip": flip, "settle": settle, "exitcode": exitcode,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("ADMIN", adminToken)
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
	})
}

// running is the server of a script.
type running struct {
	cmd  *exec.Cmd
	done chan error
}

func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: start DIR [FLAG…]")
	}
	program, err := exec.LookPath("bailiwick") // testscript.Main put it there
	ts.Check(err)
	cmd := exec.Command(program, append([]string{"serve", "--listen", freeAddress(ts), "--data", ts.MkAbs(args[0])}, args[1:]...)...)
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "BAILIWICK_ADMIN_TOKEN=" + ts.Getenv("FIRST_TOKEN")}
	cmd.Dir = ts.Getenv("WORK")
	log, err := os.Create(ts.MkAbs("server.log"))
	ts.Check(err)
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	r := &running{cmd, make(chan error, 1)}
	ts.Setenv("SERVER", fmt.Sprint(cmd.Process.Pid))
	servers.Store(fmt.Sprint(cmd.Process.Pid), r)
	ts.Defer(func() { r.end() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), " serves "); ok {
			ts.Setenv("URL", url)
			ts.Setenv("BAILIWICK_HOST", url)
			break
		}
	}
	link := make(chan string, 1)
	go func() {
		for lines.Scan() {
			if text := strings.TrimSpace(lines.Text()); strings.HasPrefix(text, "http") {
				link <- text
			}
		}
		r.done <- cmd.Wait()
	}()
	select {
	case text := <-link:
		ts.Setenv("LINK", text)
	case <-time.After(500 * time.Millisecond):
	}
}

// servers are the servers of all scripts, which run at the same time, by process id.
var servers sync.Map

func (r *running) end() error {
	r.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case err := <-r.done:
		r.done <- err
		return err
	case <-time.After(20 * time.Second):
		r.cmd.Process.Kill()
		return fmt.Errorf("the server did not stop")
	}
}

func stop(ts *testscript.TestScript, _ bool, _ []string) {
	r, ok := servers.Load(ts.Getenv("SERVER"))
	if !ok {
		ts.Fatalf("no server was started")
	}
	ts.Check(r.(*running).end())
}

func freeAddress(ts *testscript.TestScript) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer l.Close()
	return l.Addr().String()
}

// flip changes one letter of a file: flip FILE OLD NEW.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.MkAbs(args[0])
	text, err := os.ReadFile(file)
	ts.Check(err)
	changed := strings.Replace(string(text), args[1], args[2], 1)
	if changed == string(text) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(file, []byte(changed), 0o600))
}

// settle waits until the sealer came by.
func settle(*testscript.TestScript, bool, []string) { time.Sleep(1500 * time.Millisecond) }

// exitcode runs bailiwick and wants that exit code: exitcode CODE ARG…
func exitcode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("bailiwick", args[1:]...)
	code := 0
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else if err != nil {
		code = -1
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("bailiwick %s: exit code %d, want %s", strings.Join(args[1:], " "), code, args[0])
	}
}
