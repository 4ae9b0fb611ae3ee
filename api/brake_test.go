package api

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestBrakeSlowsFailures(t *testing.T) {
	b, now := &brake{}, time.Unix(6000, 0)
	for i := range freeFailures {
		if wait := b.fail(now, freeFailures, "10.0.0.1"); wait != 0 {
			t.Fatalf("failure %d waits %s", i, wait)
		}
	}
	last := time.Duration(0)
	for i := range 400 {
		wait := b.fail(now, freeFailures, "10.0.0.1")
		if wait < last || wait <= 0 || wait > longestWait {
			t.Fatalf("failure %d beyond the free ones waits %s after %s", i, wait, last)
		}
		last = wait
	}
	if last != longestWait {
		t.Errorf("a flood waits %s", last)
	}
	if wait := b.fail(now, freeFailures, "10.0.0.2"); wait != 0 {
		t.Errorf("another address waits %s", wait)
	}
	if wait := b.fail(now.Add(brakeSpan), freeFailures, "10.0.0.1"); wait == 0 {
		t.Error("the flood is forgotten with the minute")
	}
	if wait := b.fail(now.Add(4*brakeSpan), freeFailures, "10.0.0.1"); wait != 0 {
		t.Errorf("four minutes later: %s", wait)
	}
}

// One name is tried from many addresses.
func TestBrakeCountsNames(t *testing.T) {
	b, now, wait := &brake{}, time.Unix(6000, 0), time.Duration(0)
	for i := range 2 * freeFailures {
		wait = b.fail(now, freeFailures, fmt.Sprint(i), "client x")
	}
	if wait == 0 {
		t.Error("the guesses of one name do not wait")
	}
}

func TestBrakeIsBounded(t *testing.T) {
	b, now := &brake{}, time.Unix(6000, 0)
	for i := range 3 * maxCounted {
		b.fail(now, freeFailures, fmt.Sprint(i))
	}
	if n := len(b.counts); n > maxCounted+1 {
		t.Errorf("%d are remembered", n)
	}
}

func TestWhose(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.1": "10.0.0.1", "::ffff:10.0.0.1": "10.0.0.1", "2001:db8::1": "2001:db8::/64", "2001:db8::ffff:1": "2001:db8::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := whose(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// What waits is bounded for each address and in all; what is too much is answered at once, and a client that hangs up waits no longer.
func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, one, began := &brake{}, netip.MustParseAddr("10.0.0.1"), time.Now()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan time.Duration, 2*maxWaitingEach)
		for range 2 * maxWaitingEach {
			go func() {
				b.hold(ctx, one, time.Second)
				done <- time.Since(began)
			}()
		}
		synctest.Wait()
		if n := len(done); n != maxWaitingEach {
			t.Errorf("%d of %d were answered at once", n, 2*maxWaitingEach)
		}
		time.Sleep(100 * time.Millisecond)
		stop()
		synctest.Wait()
		if n := len(done); n != 2*maxWaitingEach || b.waiting != 0 || len(b.each) != 0 {
			t.Errorf("%d were answered after they hung up; %d wait", n, b.waiting)
		}
		b.hold(t.Context(), one, 300*time.Millisecond)
		if took := time.Since(began); took != 400*time.Millisecond {
			t.Errorf("it waited until %s", took)
		}
	})
}
