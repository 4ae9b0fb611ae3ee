package server

import (
	"context"
	"runtime/debug"
	"testing"
)

func TestMemoryLimitFollowsWhatIsAlive(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	for alive, want := range map[int64]int64{0: leastMemory, 40 << 20: leastMemory, 1 << 30: 2<<30 + moreMemory} {
		if got := memoryLimit(alive); got != want {
			t.Errorf("alive %d: limit %d, want %d", alive, got, want)
		}
	}
	if err := limitMemory(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := debug.SetMemoryLimit(-1); got < leastMemory || got > 8<<30 {
		t.Errorf("the limit in force is %d", got)
	}
}
