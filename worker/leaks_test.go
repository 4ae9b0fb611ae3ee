package worker_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/credential"
	"bailiwick/identity"
	"bailiwick/ledger"
	"bailiwick/store"
	"bailiwick/store/storetest"
	"bailiwick/worker"
)

// shelf is a store with a token of somebody's, and notebooks.
type shelf struct {
	*store.Store
	t     *testing.T
	token string
	hash  []byte
	leaks *worker.Leaks
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{Data: t.TempDir(), Database: storetest.Database(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	token, err := identity.NewToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hash := identity.Hash(s.Key("tokens"), []byte(token))
	if _, _, err := s.Found(context.Background(), store.Founding{Admin: "admin", TokenID: "t1", TokenHash: hash[:], AccessControl: true}); err != nil {
		t.Fatal(err)
	}
	return &shelf{s, t, token, hash[:], &worker.Leaks{Store: s, Log: slog.New(slog.DiscardHandler)}}
}

func (s *shelf) write(do func(tx *store.Tx) error) {
	s.t.Helper()
	if err := s.WriteAlone(context.Background(), do); err != nil {
		s.t.Fatal(err)
	}
}

// keep makes a notebook or file, or writes over it, and has everything searched.
func (s *shelf) keep(id int64, kind authz.Kind, language, format, content string) {
	s.t.Helper()
	s.write(func(tx *store.Tx) error {
		if _, ok := tx.Map.Object(id); !ok {
			o := authz.Object{ID: id, Kind: kind, Parent: authz.FolderShared, Name: fmt.Sprint(id)}
			if err := tx.Govern(authz.Event{Op: authz.PutObject, Object: &o}); err != nil {
				return err
			}
			if err := tx.Record(&ledger.Entry{Class: ledger.ClassA, Service: "test", Action: "make", Actor: ledger.Actor{ID: authz.System}}, id); err != nil {
				return err
			}
		}
		return tx.PutItem(id, language, format, []byte(content))
	})
	if err := s.leaks.Run(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

// found gives where our own token stands, and what the rules found.
func (s *shelf) found() (ours, others []string) {
	s.t.Helper()
	s.write(func(tx *store.Tx) error {
		ours, others = nil, nil
		places, err := tx.HardCodedOf([][]byte{s.hash})
		if err != nil {
			return err
		}
		for _, p := range places[string(s.hash)] {
			ours = append(ours, fmt.Sprint(p.Object, " ", p.At, " ", p.Rule))
		}
		foreign, err := tx.HardCodedByRule(credential.OwnRule, 100)
		for _, p := range foreign {
			others = append(others, fmt.Sprint(p.Object, " ", p.At, " ", p.Rule))
		}
		return err
	})
	return ours, others
}

func TestLeaks(t *testing.T) {
	s := newShelf(t)
	key := "AKIA" + "Q3EGRJZLT5VXW2UH"
	s.keep(2000, authz.Notebook, "PYTHON", "SOURCE", "# Databricks notebook source\na = 1\n\n# COMMAND ----------\n\nb = 2\ntoken = '"+s.token+"'\n")
	s.keep(2001, authz.Notebook, "PYTHON", "JUPYTER", `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
		{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "source": ["x = 1\n", "key = \"`+key+`\"\n"],
		 "outputs": [{"output_type": "stream", "name": "stdout", "text": ["`+s.token+`\n"]}]}]}`)
	s.keep(2002, authz.File, "", "RAW", "line\nexport TOKEN="+s.token+"\n")
	s.keep(2003, authz.File, "", "RAW", "nothing here\n")
	s.keep(2004, authz.File, "", "RAW", "\x00\x01\x02"+s.token)
	ours, others := s.found()
	want := []string{
		"2000 cell 2, line 2 bailiwick-credential", "2001 output of cell 1, line 1 bailiwick-credential", "2002 line 2 bailiwick-credential",
	}
	if diff := cmp.Diff(want, ours); diff != "" {
		t.Errorf("ours (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"2001 cell 1, line 2 aws-access-token"}, others); diff != "" {
		t.Errorf("others (-want +got):\n%s", diff)
	}
	s.keep(2000, authz.Notebook, "PYTHON", "SOURCE", "# Databricks notebook source\na = 1\n")
	s.keep(2001, authz.Notebook, "PYTHON", "SOURCE", "# Databricks notebook source\n"+strings.Repeat("b = 1\n", 1000))
	if ours, others = s.found(); len(ours) != 1 || len(others) != 0 {
		t.Errorf("after the content has changed: %v, %v", ours, others)
	}
	s.write(func(tx *store.Tx) error {
		if err := tx.Govern(authz.Event{Op: authz.DropObject, Object: &authz.Object{ID: 2002}}); err != nil {
			return err
		}
		return tx.Record(&ledger.Entry{Class: ledger.ClassA, Service: "test", Action: "drop", Actor: ledger.Actor{ID: authz.System}}, 2002)
	})
	if ours, _ = s.found(); ours != nil {
		t.Errorf("in a file that is gone: %v", ours)
	}
}

// What was searched while it was written anew is searched again, and what was found in the old content is not kept.
func TestLeaksOfOldContent(t *testing.T) {
	s := newShelf(t)
	var old []store.Unsearched
	s.keep(2000, authz.File, "", "RAW", "clean")
	s.write(func(tx *store.Tx) error { return tx.PutItem(2000, "", "RAW", []byte(s.token)) })
	s.write(func(tx *store.Tx) (err error) { old, err = tx.Unsearched(10); return err })
	if len(old) != 1 {
		t.Fatalf("to be searched: %v", old)
	}
	s.write(func(tx *store.Tx) error { return tx.PutItem(2000, "", "RAW", []byte("clean again")) })
	s.write(func(tx *store.Tx) error {
		return tx.PutHardCoded(old[0], []store.HardCoded{{Hash: s.hash, Place: credential.Place{At: "line 1", Rule: credential.OwnRule}}})
	})
	if ours, _ := s.found(); ours != nil {
		t.Errorf("kept of old content: %v", ours)
	}
	if err := s.leaks.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.write(func(tx *store.Tx) (err error) { old, err = tx.Unsearched(10); return err })
	if ours, _ := s.found(); ours != nil || len(old) != 0 {
		t.Errorf("found %v, still to be searched %v", ours, old)
	}
}
