package main

import (
	"context"
	"slices"
	"time"
)

// work is one kind of thing that the same amount of is done on several servers.
type work struct {
	name   string
	unit   string // of its figures
	less   bool   // smaller figures are better
	levels []int  // numbers of clients
	on     []string
	// open prepares a site and gives what is measured on it, again and again.
	open func(ctx context.Context, b *bench, s *site) (measure, error)
}

// measure plays the work once and gives the figure, or an error when anything was not answered as it has to be.
type measure func(ctx context.Context, clients int) (float64, error)

var (
	levels     = []int{1, 8, 32}
	single     = []int{1}
	tracked    = []string{ours, mlflow, fasttrack, oursPG, mlflowPG}
	signedIn   = []string{ours, mlflow, mlflowAuth, fasttrack, oursPG, mlflowPG}
	files      = []string{ours, mlflow, plainCopy}
	registries = []string{ours, mlflow, oursPG, mlflowPG}
	principals = []string{administrator, sees10, seesLast, seesHalf}
)

// The names of works, also the values of -only.
const (
	starting        = "start"
	memoryIdle      = "memory-idle"
	memoryAfter     = "memory-after"
	createRun       = "create-run"
	logMetric       = "log-metric"
	logBatch        = "log-batch"
	getRun          = "get-run"
	searchRuns      = "search-runs"
	metricHistory   = "metric-history"
	experimentsPage = "experiments"
	smallUp         = "artifact-1MiB-up"
	smallDown       = "artifact-1MiB-down"
	largeUp         = "artifact-1GiB-up"
	largeDown       = "artifact-1GiB-down"
	manyPage        = "experiments-of-many"
	manyStart       = "start-with-many"
	manyMemory      = "memory-with-many"
	register        = "register-model"
	byAlias         = "version-by-alias"
	transition      = "transition"
	largeVersion    = "version-of-1GiB"
	outsideVersion  = "version-from-elsewhere"
	modelsPage      = "models-of-5000"
	manyModels      = "models-as-viewers"
	scimSync        = "scim-sync"
	scimGrowth      = "scim-sync: memory"
	scimLarge       = "scim-sync: large group"
	console         = "console"
)

// works are played in this order. start, memory, the works with many objects and console stand in run.go, many.go and console.go.
var works = []work{
	{name: createRun, unit: "/s", levels: levels, on: signedIn, open: openCreateRun},
	{name: logMetric, unit: "/s", levels: levels, on: signedIn, open: openLogMetric},
	{name: logBatch, unit: "batches/s", levels: levels, on: tracked, open: openLogBatch},
	{name: getRun, unit: "/s", levels: levels, on: signedIn, open: openGetRun},
	{name: searchRuns, unit: "/s", levels: levels, on: tracked, open: openSearchRuns},
	{name: metricHistory, unit: "s", less: true, levels: single, on: tracked, open: openHistory},
	{name: experimentsPage, unit: "/s", levels: levels, on: tracked, open: openExperiments},
	{name: smallUp, unit: "MiB/s", levels: levels, on: files, open: openSmallUp},
	{name: smallDown, unit: "MiB/s", levels: levels, on: files, open: openSmallDown},
	{name: largeUp, unit: "MiB/s", levels: single, on: files, open: openLargeUp},
	{name: largeDown, unit: "MiB/s", levels: single, on: files, open: openLargeDown},
	{name: register, unit: "/s", levels: levels, on: registries, open: openRegister},
	{name: byAlias, unit: "/s", levels: levels, on: registries, open: openByAlias},
	{name: transition, unit: "/s", levels: levels, on: registries, open: openTransition},
	{name: largeVersion, unit: "s", less: true, levels: single, on: registries, open: openLargeVersion},
	{name: outsideVersion, unit: "MiB/s", levels: single, on: []string{ours, plainCopy}, open: openElsewhere},
	{name: modelsPage, unit: "/s", levels: levels, on: registries, open: openModels},
}

// sizes say how much of everything there is.
type sizes struct {
	rounds  int
	clients int           // the most at once
	cell    time.Duration // how long one measurement begins new requests
	most    int           // requests of one measurement
	samples int           // runs that get-run asks for, files that are downloaded
	runs    int           // of the experiment that is searched
	points  int           // of the metric history
	page    int           // experiments
	files   int           // of 1 MiB in one measurement
	large   int           // MiB of the large artifact
	objects int           // of the workspace with many objects
	models  int           // of the registry that is listed
	shown   int           // runs of the console's table
	lines   int           // of the console's chart
	people  int           // of the directory; there is a group for every twenty, and five memberships for each
	settle  time.Duration // between a server's start and the look at its memory
}

var (
	full = sizes{
		rounds: 3, clients: 32, cell: 3 * time.Second, most: 20_000, samples: 200, runs: 10_000, points: 100_000, page: 1000, files: 256, large: 1024,
		objects: 100_000, models: 5000, shown: 100_000, lines: 100, people: 10_000, settle: 10 * time.Second,
	}
	quick = sizes{
		rounds: 1, clients: 8, cell: 300 * time.Millisecond, most: 500, samples: 20, runs: 600, points: 5000, page: 100, files: 32, large: 16,
		objects: 600, models: 300, shown: 2000, lines: 10, people: 400, settle: time.Second,
	}
)

// durable says whether a work's figure may be bound by the disk: each of its answers waits for an fsync.
func durable(name string) bool {
	return slices.Contains([]string{createRun, logMetric, logBatch}, name)
}
