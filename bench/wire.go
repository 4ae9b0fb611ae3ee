package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"slices"
	"strconv"
	"time"
)

// conn is one keep-alive HTTP/1.1 connection that sends bytes as they were prepared and reads answers with the least parsing that finds
// their end, because the load shares the processors with the server that it measures.
type conn struct {
	nc   net.Conn
	in   *bufio.Reader
	body []byte
	free func() bool
}

// dial connects; everything on the connection has to be over after patience, or when ctx ends.
func dial(ctx context.Context, addr string, patience time.Duration) (*conn, error) {
	nc, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	free := context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	return &conn{nc: nc, in: bufio.NewReaderSize(nc, 64<<10), free: free}, nil
}

func (c *conn) close() {
	c.free()
	c.nc.Close()
}

// do sends a request and reads the whole answer; the body is valid until the next use of the connection.
func (c *conn) do(request []byte) (status int, body []byte, err error) {
	if _, err = c.nc.Write(request); err != nil {
		return 0, nil, err
	}
	return c.receive()
}

// receive reads the answer to what was sent.
func (c *conn) receive() (status int, body []byte, err error) {
	h, err := c.head()
	if err != nil {
		return 0, nil, err
	}
	if h.length >= 0 {
		c.body = slices.Grow(c.body[:0], h.length)[:h.length]
		_, err = io.ReadFull(c.in, c.body)
		return h.status, c.body, err
	}
	into := bytes.NewBuffer(c.body[:0])
	_, err = into.ReadFrom(h.rest(c.in))
	c.body = into.Bytes()
	return h.status, c.body, errors.Join(err, h.trailer(c.in))
}

// stream sends a request and gives the answer's body to sink in blocks of the length of block, the last one perhaps shorter.
func (c *conn) stream(request, block []byte, sink func([]byte) error) (status int, err error) {
	if _, err = c.nc.Write(request); err != nil {
		return 0, err
	}
	h, err := c.head()
	if err != nil {
		return 0, err
	}
	from := h.rest(c.in)
	for {
		n, err := io.ReadFull(from, block)
		if n > 0 {
			if err := sink(block[:n]); err != nil {
				return h.status, err
			}
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF: // the last block is short, or there is no other one
			return h.status, h.trailer(c.in)
		case err != nil:
			return h.status, err
		}
	}
}

// head is what of an answer's head says where its body ends.
type head struct {
	status  int
	length  int // -1 when the body is chunked or ends with the connection
	chunked bool
}

// head reads the next final answer's status and headers.
func (c *conn) head() (h head, err error) {
	for h.status < 200 {
		if h, err = c.oneHead(); err != nil {
			return h, err
		}
	}
	if h.status == 204 || h.status == 304 {
		h.length = 0
	}
	return h, nil
}

func (c *conn) oneHead() (head, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return head{}, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return head{}, fmt.Errorf("%q is no HTTP status line", line)
	}
	h := head{length: -1}
	if h.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return head{}, fmt.Errorf("%q is no HTTP status line", line)
	}
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return head{}, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			return h, nil
		}
		if err := h.header(line); err != nil {
			return head{}, err
		}
	}
}

func (h *head) header(line []byte) (err error) {
	if value, ok := field(line, "content-length:"); ok {
		if h.length, err = strconv.Atoi(string(value)); err != nil || h.length < 0 {
			return fmt.Errorf("%q is no length", line)
		}
	}
	if value, ok := field(line, "transfer-encoding:"); ok {
		h.chunked = bytes.EqualFold(value, []byte("chunked"))
	}
	return nil
}

// field gives the value of a header line with that lower-case name.
func field(line []byte, name string) ([]byte, bool) {
	if len(line) < len(name) || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name):]), true
}

// rest gives the body.
func (h head) rest(in *bufio.Reader) io.Reader {
	switch {
	case h.chunked:
		return httputil.NewChunkedReader(in)
	case h.length >= 0:
		return io.LimitReader(in, int64(h.length))
	}
	return in
}

// trailer reads what stands behind the last chunk.
func (h head) trailer(in *bufio.Reader) error {
	for h.chunked {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("behind the last chunk: %w", err)
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
	}
	return nil
}
