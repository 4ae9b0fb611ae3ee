package authz

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"
)

var noon = time.UnixMilli(1_800_000_000_000)

// bigShape is the size of a map made for benchmarks.
type bigShape struct{ objects, people, groups, grants int }

var stated = bigShape{objects: 100_000, people: 10_000, groups: 500, grants: 3_000}

const (
	firstGroup  = 1_000
	firstPerson = 10_000
)

// bigBuilder gives groups nested three deep, people in four of them each, and folders five deep: each folder of a level holds the same
// number of folders, and the last ones hold the experiments.
func bigBuilder(s bigShape) *Builder {
	b := NewBuilder()
	for g := range s.groups {
		p := Principal{ID: int64(firstGroup + g), Kind: Group, Name: fmt.Sprint("group-", g), Active: true}
		if g >= s.groups/10 {
			p.Parents = []int64{int64(firstGroup + g/10)}
		}
		b.AddPrincipal(p)
	}
	for i := range s.people {
		p := Principal{ID: int64(firstPerson + i), Kind: User, Name: fmt.Sprintf("person%d@example.com", i), Active: true}
		for j := range 4 {
			p.Parents = append(p.Parents, int64(firstGroup+(i*7+j*131)%s.groups))
		}
		b.AddPrincipal(p)
	}
	addFolders(b, s)
	return b
}

func addFolders(b *Builder, s bigShape) {
	folders := s.objects / 10
	for i := range folders {
		parent := int64(Root)
		if i >= 6 {
			parent = FirstFreeObject + int64(i/6-1)
		}
		o := Object{ID: FirstFreeObject + int64(i), Kind: Directory, Parent: parent, Name: fmt.Sprint("folder-", i)}
		if step := max(folders/max(s.grants, 1), 1); i%step == 0 {
			o.Entries = []Entry{
				{int64(firstGroup + i%s.groups), CanRead}, {int64(firstPerson + i%s.people), CanEdit},
				{int64(firstPerson + (i+77)%s.people), CanManage},
			}
		}
		b.AddObject(o)
	}
	for i := folders; i < s.objects; i++ {
		b.AddObject(Object{
			ID: FirstFreeObject + int64(i), Kind: Experiment, Parent: FirstFreeObject + int64(folders/6+(i*31)%(folders-folders/6)),
			Name: fmt.Sprint("experiment-", i), Creator: int64(firstPerson + i%s.people), CreatorManages: true,
		})
	}
}

func bigMap(tb testing.TB, s bigShape) *Map {
	tb.Helper()
	m, err := NewMap(1, bigBuilder(s))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func BenchmarkDecide(b *testing.B) {
	m := bigMap(b, stated)
	for i := range stated.people { // groups worked out, as in a server that runs
		Decide(m, Who{Principal: int64(firstPerson + i)}, ViewRuns, Root, noon)
	}
	for name, spread := range map[string]int{"one-object": 1, "all-objects-and-people": 90_000} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			defer reportCPU(b)()
			i := 0
			for b.Loop() {
				i++
				who := Who{Principal: int64(firstPerson + i%spread*7919%stated.people)}
				Decide(m, who, ViewRuns, FirstFreeObject+int64(10_000+i%spread*104_729%90_000), noon)
			}
		})
	}
}

func BenchmarkDecideFirst(b *testing.B) {
	m := bigMap(b, stated)
	i := 0
	for b.Loop() {
		i++
		m.closures = &memo[*closure]{}
		Decide(m, Who{Principal: int64(firstPerson + i%stated.people)}, ViewRuns, FirstFreeObject+50_000, noon)
	}
}

func BenchmarkWhoCan(b *testing.B) {
	m := bigMap(b, stated)
	defer reportCPU(b)()
	for b.Loop() {
		m.closures = &memo[*closure]{}
		WhoCan(m, ViewRuns, FirstFreeObject+50_000, noon)
	}
}

func BenchmarkWhatCan(b *testing.B) {
	m := bigMap(b, stated)
	for b.Loop() {
		WhatCan(m, firstPerson+5, noon)
	}
}

func BenchmarkScopeOf(b *testing.B) {
	m := bigMap(b, stated)
	who := Who{Principal: firstPerson + 5}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			m.forget()
			ScopeOf(m, who, ViewRuns, noon)
		}
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			ScopeOf(m, who, ViewRuns, noon)
		}
	})
}

func BenchmarkApply(b *testing.B) {
	m := bigMap(b, stated)
	id := int64(2_000_000)
	for b.Loop() {
		id++
		next, err := m.Apply(1, Event{Op: PutObject, Object: &Object{ID: id, Kind: Experiment, Parent: FolderShared, Name: fmt.Sprint(id),
			Creator: firstPerson, CreatorManages: true}})
		if err != nil {
			b.Fatal(err)
		}
		m = next
	}
}

func BenchmarkLoadMillion(b *testing.B) {
	million := bigShape{objects: 1_000_000, people: 10_000, groups: 500, grants: 30_000}
	defer reportCPU(b)()
	for b.Loop() {
		before := heapBytes()
		m := bigMap(b, million)
		b.ReportMetric(float64(heapBytes()-before)/(1<<20), "heap-MiB")
		runtime.KeepAlive(m)
	}
}

// reportCPU reports the processor time an operation took: on a busy machine the wall clock says little.
func reportCPU(b *testing.B) func() {
	runtime.GC()
	before := cpuTime()
	return func() { b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op") }
}

func cpuTime() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func heapBytes() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
