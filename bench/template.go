package main

import "bytes"

// mark stands in a request where a number is to be written for each sending. All numbers have its width, so lengths stay as they are.
const mark = "@@@@@@@@"

// template is a request whose marks are overwritten in place before each sending, instead of building a new one.
type template struct {
	request []byte
	at      []int
	width   int
}

// newTemplate finds the marks (or shorter ones) of a request, which it takes over.
func newTemplate(request []byte, mark string) template {
	t := template{request: request, width: len(mark)}
	for from := 0; ; {
		i := bytes.Index(request[from:], []byte(mark))
		if i < 0 {
			return t
		}
		t.at = append(t.at, from+i)
		from += i + len(mark)
	}
}

// with gives the request with n at all marks, with leading zeros; it is valid until the next call.
func (t template) with(n int) []byte {
	var digits [len(mark)]byte
	for i := t.width - 1; i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	for _, at := range t.at {
		copy(t.request[at:], digits[:t.width])
	}
	return t.request
}
