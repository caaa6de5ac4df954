package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// streamProgram is a stream, and what is to become of it.
type streamProgram struct {
	length, ahead, workers int
	unordered              bool
	ending                 int // of the source: 0 good, 1 error, 2 panic, 3 Goexit
	leaveAt                int // results after which the loop is left; -1: never
	cancelAt               int // results after which the context is cancelled; -1: never
	failing                int // every so manieth item fails; 0: none
	kind                   int // of function: 0 plain, 1 Blocking, 2 composed, 3 tried twice
	seed                   uint64
}

func programOf(rng *rand.Rand) streamProgram {
	p := streamProgram{
		length: rng.IntN(60), ahead: rng.IntN(12), workers: 1 + rng.IntN(3), unordered: rng.IntN(2) == 0,
		ending: max(0, rng.IntN(7)-3), leaveAt: -1, cancelAt: -1, failing: rng.IntN(6), kind: rng.IntN(4), seed: rng.Uint64(),
	}
	if rng.IntN(10) == 0 {
		p.length *= 30
	}
	switch rng.IntN(4) {
	case 0:
		p.leaveAt = rng.IntN(p.length + 2)
	case 1:
		p.cancelAt = rng.IntN(p.length + 2)
	}
	return p
}

func (p streamProgram) fails(x int) bool { return p.failing > 0 && x%p.failing == 0 }

// dawdle yields the processor now and then.
func (p streamProgram) dawdle(x int) {
	for range (p.seed >> (x % 60)) & 3 {
		runtime.Gosched()
	}
}

func (p streamProgram) source(yield func(int, error) bool) {
	for i := range p.length {
		p.dawdle(i)
		if !yield(i, nil) {
			return
		}
	}
	switch p.ending {
	case 1:
		yield(0, errBoom)
	case 2:
		panic(errBoom)
	case 3:
		runtime.Goexit()
	}
}

func (p streamProgram) function() lazy.Func1[int, int] {
	opts := []lazy.Option{lazy.Name("F")}
	switch p.kind {
	case 1:
		opts = append(opts, lazy.Blocking(3))
	case 3:
		opts = append(opts, lazy.Retry(1))
	}
	f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		p.dawdle(7 * x)
		if p.fails(x) {
			return 0, fmt.Errorf("%d: %w", x, errBoom)
		}
		return 3 * x, nil
	}, opts...)
	if p.kind == 2 {
		return func(x lazy.Data[int]) lazy.Data[int] { return f(x) }
	}
	return f
}

// run runs the program and returns why the stream is not what the plain loop is.
func (p streamProgram) run() (struct{}, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	opts := []lazy.StreamOption{lazy.In(quiet(p.workers))}
	if p.ahead > 0 {
		opts = append(opts, lazy.LookAhead(p.ahead))
	}
	if p.unordered {
		opts = append(opts, lazy.Unordered())
	}
	var seen []int
	var last error
	stop := func() bool {
		if len(seen) == p.cancelAt {
			cancel()
		}
		return len(seen) == p.leaveAt
	}
	if stop() {
		return struct{}{}, nil
	}
	for v, err := range lazy.TryStream(ctx, p.source, p.function(), opts...) {
		x := v / 3
		var e *lazy.Error
		switch {
		case last != nil:
			return struct{}{}, fmt.Errorf("something after the end: %v", last)
		case err == nil:
		case !errors.As(err, &e):
			return struct{}{}, fmt.Errorf("no *Error: %w", err)
		case e.Op == "stream":
			last = err
			continue
		default:
			if _, scan := fmt.Sscanf(e.Op, "stream item %d", &x); scan != nil || !p.fails(x) {
				return struct{}{}, fmt.Errorf("item %d is to work: %w", x, err)
			}
		}
		seen = append(seen, x)
		if stop() {
			break
		}
	}
	return struct{}{}, p.verdict(seen, last)
}

// verdict compares what a stream has yielded, and how it ended, with the plain loop.
func (p streamProgram) verdict(seen []int, last error) error {
	if p.unordered {
		seen = slices.Sorted(slices.Values(seen))
	}
	for k, x := range seen {
		twice := p.unordered && k > 0 && x == seen[k-1]
		if !p.unordered && x != k || x >= p.length || twice {
			return fmt.Errorf("result %d is of item %d", k, x)
		}
	}
	left := p.leaveAt >= 0 && p.leaveAt <= p.length && last == nil
	cancelled := p.cancelAt >= 0 && p.cancelAt <= p.length
	switch {
	case left && len(seen) == p.leaveAt:
	case left:
		return fmt.Errorf("left after %d, not %d", len(seen), p.leaveAt)
	case cancelled && errors.Is(last, context.Canceled) && len(seen) == p.cancelAt:
	case cancelled && p.cancelAt < p.length:
		return fmt.Errorf("%d results and %v after a cancel at %d", len(seen), last, p.cancelAt)
	case len(seen) != p.length:
		return fmt.Errorf("%d of %d results, %v", len(seen), p.length, last)
	case (p.ending == 0) != (last == nil):
		return fmt.Errorf("a source that ends with kind %d, and %v", p.ending, last)
	case p.ending == 1 || p.ending == 2:
		if !errors.Is(last, errBoom) {
			return fmt.Errorf("not the source's error: %w", last)
		}
	}
	return nil
}

// A stream is the plain loop, whatever fails, however it is left, and however many work at it.
func TestStreamModel(t *testing.T) {
	leak.Check(t)
	n := 600
	if testing.Short() {
		n = 150
	}
	for seed := range uint64(n) {
		p := programOf(rand.New(rand.NewPCG(seed, 6)))
		_, err := soon(t, p.run)
		require.NoError(t, err, "seed %d: %+v", seed, p)
	}
}

func FuzzStream(f *testing.F) {
	f.Add(uint64(0))
	f.Fuzz(func(t *testing.T, seed uint64) {
		p := programOf(rand.New(rand.NewPCG(seed, 7)))
		_, err := soon(t, p.run)
		require.NoError(t, err, "%+v", p)
	})
}
