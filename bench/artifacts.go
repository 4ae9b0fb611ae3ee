package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

const artifactsAPI = "/api/2.0/mlflow-artifacts/artifacts"

const mebibyte = 1 << 20

// stamped gives 1 MiB that no other number gives, so that no server gets by with keeping equal bytes once.
func stamped(block []byte, number int) []byte {
	binary.BigEndian.PutUint64(block, uint64(number))
	return block
}

// newBlock gives 1 MiB that does not compress.
func newBlock() []byte {
	block := make([]byte, mebibyte)
	state := uint64(88172645463325252)
	for i := 0; i < len(block); i += 8 { // xorshift, the same bytes in every run
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		binary.LittleEndian.PutUint64(block[i:], state)
	}
	return block
}

// folder makes a run and gives the folder of its artifacts.
func (b *bench) folder(ctx context.Context, s *site) (string, error) {
	if s.peer.name == plainCopy {
		return artifactsAPI, nil
	}
	ids, err := s.freshRuns(ctx, b, 1)
	if err != nil {
		return "", err
	}
	var made oneRun
	if err := s.call(ctx, "GET", getRunPath(ids[0]), nil, &made); err != nil {
		return "", err
	}
	return made.Run.artifacts()
}

func openSmallUp(ctx context.Context, b *bench, s *site) (measure, error) {
	folder, err := b.folder(ctx, s)
	return func(ctx context.Context, clients int) (float64, error) {
		requests := make([]func(i int) []byte, clients)
		base, name := b.next()<<32, b.name("up")
		path := func(client, i int) string { return fmt.Sprintf("%s/%s-%02d-%08d", folder, name, client, i) }
		for client := range requests {
			head := s.requestHead("PUT", fmt.Sprintf("%s/%s-%02d-%s", folder, name, client, mark), mebibyte)
			t := newTemplate(append(head, newBlock()...), mark)
			requests[client] = func(i int) []byte {
				stamped(t.request[len(head):], base+client<<24+i)
				return t.with(i)
			}
		}
		p, err := s.play(ctx, load{
			clients: clients, warm: 1, most: b.size.files, limit: b.size.cell,
			request: func(client, i int) []byte { return requests[client](i) },
		})
		for client := 0; err == nil && client < clients; client++ {
			i := p.done[client] - 1
			err = s.checkFile(ctx, path(client, i), 1, base+client<<24+i)
		}
		return p.rate, err
	}, err
}

// checkFile downloads a file and compares all of it.
func (s *site) checkFile(ctx context.Context, path string, blocks, number int) error {
	_, err := s.download(ctx, path, blocks, number, true)
	return err
}

// download reads a file of so many blocks with stamps from number on and gives how long that took. Stamps and length are always
// compared, every byte if whole is set.
func (s *site) download(ctx context.Context, path string, blocks, number int, whole bool) (time.Duration, error) {
	c, err := dial(ctx, s.addr, patience)
	if err != nil {
		return 0, err
	}
	defer c.close()
	want, at := newBlock(), 0
	request, block := s.request("GET", path, nil), make([]byte, mebibyte)
	began := time.Now()
	status, err := c.stream(request, block, func(got []byte) error {
		stamped(want, number+at)
		compared := len(want)
		if !whole {
			compared = min(64, len(got))
		}
		if len(got) != len(want) || !bytes.Equal(got[:compared], want[:compared]) {
			return wrongf("block %d of %s is not what was sent", at, path)
		}
		at++
		return nil
	})
	spent := time.Since(began)
	if err == nil && (status != 200 || at != blocks) {
		err = wrongf("%s was answered %d with %d MiB of %d", path, status, at, blocks)
	}
	return spent, err
}

// upload sends a file of so many blocks with stamps from number on.
func (s *site) upload(ctx context.Context, path string, blocks, number int) (time.Duration, error) {
	c, err := dial(ctx, s.addr, patience)
	if err != nil {
		return 0, err
	}
	defer c.close()
	head, block := s.requestHead("PUT", path, int64(blocks)*mebibyte), newBlock()
	began := time.Now()
	_, err = c.nc.Write(head)
	for i := 0; err == nil && i < blocks; i++ {
		_, err = c.nc.Write(stamped(block, number+i))
	}
	status, body, answerErr := c.receive() // a server that refuses answers before it has read all
	if answerErr == nil && status != 200 {
		return 0, wrongf("%s was answered %d: %.300s", path, status, body)
	}
	if err == nil {
		err = answerErr
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return time.Since(began), err
}

func openSmallDown(ctx context.Context, b *bench, s *site) (measure, error) {
	folder, err := b.folder(ctx, s)
	if err != nil {
		return nil, err
	}
	count := min(b.size.samples, 64)
	base := b.next() << 32
	name := b.name("down")
	requests := make([][]byte, count)
	for i := range requests {
		path := fmt.Sprintf("%s/%s-%04d", folder, name, i)
		if _, err := s.upload(ctx, path, 1, base+i); err != nil {
			return nil, err
		}
		requests[i] = s.request("GET", path, nil)
	}
	at := func(client, i int) int { return (client*11 + i) % count }
	return func(ctx context.Context, clients int) (float64, error) {
		p, err := s.play(ctx, load{
			clients: clients, warm: 1, most: 4 * b.size.files, limit: b.size.cell, length: mebibyte,
			request: func(client, i int) []byte { return requests[at(client, i)] },
		})
		want := newBlock()
		for client := 0; err == nil && client < clients; client++ {
			if i := at(client, p.done[client]-1); !bytes.Equal(p.last[client], stamped(want, base+i)) {
				err = wrongf("file %d is not what was sent", i)
			}
		}
		return p.rate, err
	}, nil
}

func openLargeUp(ctx context.Context, b *bench, s *site) (measure, error) {
	folder, err := b.folder(ctx, s)
	return func(ctx context.Context, _ int) (float64, error) {
		path, number := folder+"/"+b.name("large"), b.next()<<32
		spent, err := s.upload(ctx, path, b.size.large, number)
		if err == nil {
			err = s.checkFile(ctx, path, b.size.large, number)
		}
		return float64(b.size.large) / spent.Seconds(), err
	}, err
}

func openLargeDown(ctx context.Context, b *bench, s *site) (measure, error) {
	folder, err := b.folder(ctx, s)
	if err != nil {
		return nil, err
	}
	path, number := folder+"/"+b.name("large"), b.next()<<32
	if _, err := s.upload(ctx, path, b.size.large, number); err != nil {
		return nil, err
	}
	if err := s.checkFile(ctx, path, b.size.large, number); err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ int) (float64, error) {
		spent, err := s.download(ctx, path, b.size.large, number, false)
		return float64(b.size.large) / spent.Seconds(), err
	}, nil
}
