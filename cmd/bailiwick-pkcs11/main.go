//go:build cgo

// Command bailiwick-pkcs11 uses the keys of a PKCS#11 token for bailiwick, which starts it and speaks with it over its standard input and output: one
// line of JSON for a question, one for the answer (kek.Asked, kek.Said). It is a program of its own because a token's library is C, and the server
// has none. It ends when its input does, or after an error, so that the next question meets a fresh session.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"bailiwick/kek"
)

func main() {
	module := flag.String("module", "", "the token's library")
	name := flag.String("token", "", "the token's label")
	label := flag.String("label", "bailiwick", "the label of our keys")
	pinFile := flag.String("pin-file", "", "file of the PIN; otherwise BAILIWICK_PKCS11_PIN")
	flag.Parse()
	if err := serve(*module, *name, *label, *pinFile); err != nil {
		fmt.Fprintln(os.Stderr, "bailiwick-pkcs11:", err)
		os.Exit(1)
	}
}

// serve answers until the input ends or something goes wrong, which the answer tells.
func serve(module, name, label, pinFile string) error {
	var t *token
	pin, opened := pinOf(pinFile)
	if opened == nil {
		t, opened = open(module, name, label, pin)
	}
	if opened == nil {
		defer t.close()
	}
	in := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		said, err := answer(t, opened, in.Bytes())
		if err != nil && !said.NoKey {
			said = kek.Said{Error: err.Error()}
		}
		if werr := out.Encode(said); werr != nil || said.Error != "" {
			return werr
		}
	}
	return in.Err()
}

func answer(t *token, opened error, line []byte) (said kek.Said, err error) {
	if opened != nil {
		return said, opened
	}
	var q kek.Asked
	if err := json.Unmarshal(line, &q); err != nil {
		return said, errors.New("the question is no JSON")
	}
	switch q.Op {
	case "newest":
		said.Key, err = t.newest()
	case "make":
		said.Key, err = t.make()
	case "wrap":
		said.Data, err = t.wrap(q.Key, q.Data)
	case "unwrap":
		said.Data, err = t.unwrap(q.Key, q.Data)
	default:
		err = fmt.Errorf("unknown question %q", q.Op)
	}
	said.NoKey = errors.Is(err, errNoKey)
	return said, err
}

func pinOf(file string) (string, error) {
	if file == "" {
		pin := os.Getenv("BAILIWICK_PKCS11_PIN")
		if pin == "" {
			return "", errors.New("no PIN: name a file in the place (pin-source), or set BAILIWICK_PKCS11_PIN")
		}
		return pin, nil
	}
	text, err := os.ReadFile(file)
	return strings.TrimSpace(string(text)), err
}
