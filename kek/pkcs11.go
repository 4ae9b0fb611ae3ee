package kek

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// PKCS11 has keys in a PKCS#11 token, which they never leave. A program of its own speaks with the token's library, as that is C and may crash: it
// is started when it is first needed, and again after it ended, was too slow or said that something went wrong.
type PKCS11 struct {
	program string
	args    []string
	// turn lets one use the program at a time.
	turn chan struct{}
	run  *running
}

// Asked and Said are the lines of the conversation with the program, JSON each (cmd/bailiwick-pkcs11).
type (
	Asked struct {
		Op   string `json:"op"` // newest, make, wrap or unwrap
		Key  string `json:"key,omitempty"`
		Data []byte `json:"data,omitempty"`
	}
	Said struct {
		Key   string `json:"key,omitempty"`
		Data  []byte `json:"data,omitempty"`
		Error string `json:"error,omitempty"`
		// NoKey says that the token has no key of that id.
		NoKey bool `json:"no_key,omitempty"`
	}
)

// pinVariable is where the token's PIN comes from when the place names no file for it.
const pinVariable = "BAILIWICK_PKCS11_PIN"

// helper is the program's name; it lies beside this one, or on the PATH.
const helper = "bailiwick-pkcs11"

// openPKCS11 reads a place in the form of RFC 7512: pkcs11:token=LABEL;object=NAME?module-path=LIBRARY&pin-source=file:FILE. object is the label that
// our keys carry, "bailiwick" where it is not said; x-program is the program to use instead of the one that was installed.
func openPKCS11(place string) (*PKCS11, error) {
	path, query, _ := strings.Cut(strings.TrimPrefix(place, "pkcs11:"), "?")
	attributes := map[string]string{"object": "bailiwick"}
	for _, part := range slices.Concat(strings.Split(path, ";"), strings.Split(query, "&")) {
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		value, err := url.PathUnescape(value)
		if !ok || err != nil || !slices.Contains([]string{"token", "object", "module-path", "pin-source", "x-program"}, name) {
			return nil, fmt.Errorf("pkcs11: %q is not known here; known are token, object, module-path, pin-source and x-program", name)
		}
		attributes[name] = value
	}
	for _, needed := range []string{"token", "module-path"} {
		if attributes[needed] == "" {
			return nil, fmt.Errorf("pkcs11: %s is missing", needed)
		}
	}
	p := &PKCS11{program: attributes["x-program"], turn: make(chan struct{}, 1)}
	p.args = []string{"--module", attributes["module-path"], "--token", attributes["token"], "--label", attributes["object"]}
	if file := strings.TrimPrefix(strings.TrimPrefix(attributes["pin-source"], "file:"), "//"); file != "" {
		p.args = append(p.args, "--pin-file", file)
	}
	return p, nil
}

// running is the program while it runs.
type running struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func (p *PKCS11) start() (*running, error) {
	program, err := p.find()
	if err != nil {
		return nil, err
	}
	c := exec.Command(program, p.args...)
	c.Stderr = os.Stderr
	// What this server's own variables hold is not the program's business, but for the PIN.
	c.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "BAILIWICK_") && !strings.HasPrefix(v, pinVariable+"=")
	})
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &running{c, in, bufio.NewReader(out)}, c.Start()
}

func (p *PKCS11) find() (string, error) {
	if p.program != "" {
		return p.program, nil
	}
	if own, err := os.Executable(); err == nil {
		if beside := filepath.Join(filepath.Dir(own), helper); exists(beside) {
			return beside, nil
		}
	}
	found, err := exec.LookPath(helper)
	if err != nil {
		err = fmt.Errorf("%s is neither beside this program nor on the PATH; make build-pkcs11 makes it", helper)
	}
	return found, err
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// end ends the program: by itself, as its input ends, or after a moment by force.
func (r *running) end(patience time.Duration) {
	r.in.Close()
	done := make(chan struct{})
	go func() { r.command.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		r.command.Process.Kill()
		<-done
	}
}

// maxLine bounds an answer of the program.
const maxLine = 64 << 10

// ask has the program do one thing. After anything that went wrong it is ended, and the next one starts it anew.
func (p *PKCS11) ask(ctx context.Context, q Asked) (said Said, err error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return said, fmt.Errorf("the token did not answer those before in time: %w", ctx.Err())
	}
	if p.run == nil {
		if p.run, err = p.start(); err != nil {
			p.run = nil
			return said, fmt.Errorf("%s: %w", helper, err)
		}
	}
	type answer struct {
		said Said
		err  error
	}
	r, answers := p.run, make(chan answer, 1)
	go func() {
		var a answer
		a.said, a.err = r.talk(q)
		answers <- a
	}()
	select {
	case a := <-answers:
		said, err = a.said, a.err
	case <-ctx.Done():
		err = fmt.Errorf("the token did not answer in time: %w", ctx.Err())
	}
	switch {
	case err == nil && said.NoKey:
		return said, errNoKey
	case err == nil && said.Error != "":
		err = errors.New(said.Error)
	}
	if err != nil {
		p.run = nil
		r.end(0)
		return Said{}, fmt.Errorf("%s: %w", helper, err)
	}
	return said, nil
}

func (r *running) talk(q Asked) (said Said, err error) {
	if err := json.NewEncoder(r.in).Encode(q); err != nil {
		return said, err
	}
	var line []byte
	for {
		part, more, err := r.out.ReadLine()
		if err != nil {
			return said, fmt.Errorf("it ended without an answer: %w", err)
		}
		if line = append(line, part...); len(line) > maxLine {
			return said, errors.New("its answer is too long")
		}
		if !more {
			return said, json.Unmarshal(line, &said)
		}
	}
}

// Newest implements Keeper.
func (p *PKCS11) Newest(ctx context.Context) (string, error) {
	said, err := p.ask(ctx, Asked{Op: "newest"})
	return said.Key, err
}

// Make implements Keeper: the token makes the key.
func (p *PKCS11) Make(ctx context.Context) (string, error) {
	said, err := p.ask(ctx, Asked{Op: "make"})
	return said.Key, err
}

// PKCS11Prefix begins the ids of keys in tokens.
const PKCS11Prefix = "pkcs11-"

// Wrap implements Keeper.
func (p *PKCS11) Wrap(ctx context.Context, id string, text []byte) ([]byte, error) {
	return p.use(ctx, Asked{"wrap", id, text})
}

// Unwrap implements Keeper.
func (p *PKCS11) Unwrap(ctx context.Context, id string, wrapped []byte) ([]byte, error) {
	return p.use(ctx, Asked{"unwrap", id, wrapped})
}

func (p *PKCS11) use(ctx context.Context, q Asked) ([]byte, error) {
	if !strings.HasPrefix(q.Key, PKCS11Prefix) {
		return nil, errNoKey
	}
	said, err := p.ask(ctx, q)
	return said.Data, err
}

// Close implements Keeper.
func (p *PKCS11) Close() error {
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	if p.run != nil {
		p.run.end(5 * time.Second)
		p.run = nil
	}
	return nil
}
