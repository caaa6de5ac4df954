package lazy_test

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
)

// This file is what the behaviour tests share.

var errBoom = errors.New("boom")

// meter knows how many functions are running, and how many were at most.
type meter struct{ now, most, all atomic.Int32 }

// enter counts a function in; the function it returns counts it out.
func (m *meter) enter() func() {
	m.all.Add(1)
	now := m.now.Add(1)
	for {
		most := m.most.Load()
		if now <= most || m.most.CompareAndSwap(most, now) {
			return func() { m.now.Add(-1) }
		}
	}
}

// barrier lets n goroutines go when all of them have come.
type barrier struct {
	left atomic.Int32
	open chan struct{}
}

func newBarrier(n int) *barrier {
	b := &barrier{open: make(chan struct{})}
	b.left.Store(int32(n))
	return b
}

func (b *barrier) meet() {
	if b.left.Add(-1) == 0 {
		close(b.open)
	}
	<-b.open
}

// journal is a list of names that many goroutines may write to.
type journal struct {
	mu    sync.Mutex
	names []string
}

func (j *journal) add(name string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.names = append(j.names, name)
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.names...)
}

// stuckAfter is how long a test may hang before it is given up: a guard against hanging, not a measurement.
const stuckAfter = 30 * time.Second

// soon returns what f returns. It calls f on a goroutine of its own and fails the test, with all stacks, if f hangs. f
// must not use t: it may still be there when the test has ended.
func soon[T any](t *testing.T, f func() (T, error)) (T, error) {
	t.Helper()
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-time.After(stuckAfter):
		buf := make([]byte, 1<<16)
		t.Fatalf("stuck:\n%s", buf[:runtime.Stack(buf, true)])
		panic("not reached")
	}
}

// got is soon for one Get that is to work.
func got[T any](t *testing.T, d lazy.Data[T], opts ...lazy.RunOption) T {
	t.Helper()
	ctx := t.Context()
	v, err := soon(t, func() (T, error) { return d.Get(ctx, opts...) })
	require.NoError(t, err)
	return v
}

// failure is soon for one Get that is to fail.
func failure[T any](t *testing.T, d lazy.Data[T], opts ...lazy.RunOption) error {
	t.Helper()
	ctx := t.Context()
	v, err := soon(t, func() (T, error) { return d.Get(ctx, opts...) })
	require.Error(t, err)
	require.Zero(t, v)
	return err
}

// until waits for a condition that another goroutine is about to bring about, and fails the test if it does not.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(stuckAfter); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		runtime.Gosched()
	}
}

// quiet is a session that keeps its warnings to itself.
func quiet(parallelism int) *lazy.Session {
	return &lazy.Session{Parallelism: parallelism, Logger: slog.New(slog.DiscardHandler)}
}

// mustPanic requires f to panic with a message that contains all the words.
func mustPanic(t *testing.T, f func(), words ...string) {
	t.Helper()
	defer func() {
		t.Helper()
		message := fmt.Sprint(recover())
		require.NotEqual(t, "<nil>", message, "no panic")
		for _, w := range words {
			require.Contains(t, message, w)
		}
	}()
	f()
}

// nameOnly takes the number off a label: "Load#3" is Load.
func nameOnly(label string) string {
	name, _, _ := strings.Cut(label, "#")
	return name
}

func namesOnly(labels []string) []string {
	names := make([]string, len(labels))
	for i, l := range labels {
		names[i] = nameOnly(l)
	}
	return names
}

// inc is the function of tests that do not care which.
var inc = lazy.Pure1(func(x int) int { return x + 1 }, lazy.Name("Inc"))

// sum is the same for two arguments.
var sum = lazy.Pure2(func(a, b int) int { return a + b }, lazy.Name("Sum"))

// yieldABit gives other goroutines a chance to do what they should not.
func yieldABit() {
	for range 10 {
		runtime.Gosched()
	}
}
