package server

import (
	"context"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
)

// Bytes that the Go runtime may hold: at least leastMemory, and always twice what is alive and some more, so that a large workspace is not
// collected without end. What lies above is given back to the system soon after a load instead of minutes later.
const (
	leastMemory = 144 << 20
	moreMemory  = 48 << 20
)

// limitMemory sets the runtime's soft limit by what is alive.
func limitMemory(context.Context) error {
	sample := []runtimemetrics.Sample{{Name: "/gc/heap/live:bytes"}}
	runtimemetrics.Read(sample)
	if sample[0].Value.Kind() == runtimemetrics.KindUint64 {
		debug.SetMemoryLimit(memoryLimit(int64(sample[0].Value.Uint64())))
	}
	return nil
}

func memoryLimit(alive int64) int64 { return max(leastMemory, 2*alive+moreMemory) }
