package lazy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/comm"
	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// # Gangs among everything that takes and gives places
//
// Calls with limits, polls, memoised calls, and gangs with limits whose ranks Get all of these, fail, are tried again and
// run out of time, by several Gets at once, some of them cancelled, some within Workers. Values are not looked at here:
// nothing may hang, no more functions may run than there are workers, and every slot and place is there afterwards.

// crowd is what the calls of one play share.
type crowd struct {
	m      *meter
	limits [2]*executor.Limit
	rng    *rand.Rand // of the goroutine that records
}

func (p *crowd) work(n int) {
	leave := p.m.enter()
	for range n % 5 {
		runtime.Gosched()
	}
	leave()
}

// options are random options.
func (p *crowd) options() (opts []lazy.Option) {
	if p.rng.IntN(2) == 0 {
		opts = append(opts, lazy.Limit(p.limits[p.rng.IntN(2)]))
	}
	if p.rng.IntN(3) == 0 {
		opts = append(opts, lazy.Retry(p.rng.IntN(3)))
	}
	if p.rng.IntN(4) == 0 {
		opts = append(opts, lazy.Priority(p.rng.IntN(5)))
	}
	return opts
}

// call records a call of some kind on an input.
func (p *crowd) call(in, other lazy.Data[int]) lazy.Data[int] {
	opts := p.options()
	switch p.rng.IntN(7) {
	case 0:
		return lazy.Pure1(func(x int) int { p.work(x); return x + 1 }, opts...)(in)
	case 1:
		return lazy.Poll1(func(t *lazy.Task, x int) (int, error) {
			for n := range t.Spin() {
				p.work(n)
				if n == 2 {
					return x, nil
				}
			}
			return 0, t.Err()
		}, opts...)(in)
	case 2:
		return lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
			p.work(x)
			y, err := other.Get(ctx)
			p.work(y)
			return x + y, err
		}, opts...)(in)
	case 3:
		return lazy.Pure1(func(x int) int { p.work(x); return x / 2 }, append(opts, lazy.Memo(), lazy.Name(fmt.Sprint("Half", p.rng.Uint64())))...)(in)
	}
	return p.gang(other, opts)(in)
}

// gang is a gang whose ranks may get other, and may fail.
func (p *crowd) gang(other lazy.Data[int], opts []lazy.Option) func(lazy.Data[int]) lazy.Data[int] {
	n, gets, fails, how := 1+p.rng.IntN(4), p.rng.IntN(4), p.rng.IntN(8), p.rng.IntN(3)
	if p.rng.IntN(4) == 0 {
		opts = append(opts, lazy.Timeout(time.Duration(1+p.rng.IntN(300))*time.Microsecond))
	}
	if p.rng.IntN(3) == 0 {
		opts = append(opts, lazy.OrElse(func(error) []int { return []int{1} }))
	}
	g := lazy.Gang(n, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
		p.work(x)
		if _, err := turn(ctx, c); err != nil {
			return 0, err
		}
		if c.Rank() == gets {
			y, err := other.Get(ctx)
			p.work(y)
			if err != nil {
				return 0, err
			}
		}
		if c.Rank() == fails {
			switch how {
			case 0:
				panic("a rank fails")
			case 1:
				runtime.Goexit()
			}
			return 0, errBoom
		}
		err := c.Barrier(ctx)
		p.work(x)
		return x, err
	}, opts...)
	return func(in lazy.Data[int]) lazy.Data[int] { return firstOf(g(in)) }
}

func playCrowd(t *testing.T, seed uint64) {
	leak.Check(t)
	rng := rand.New(rand.NewPCG(seed, 11))
	workers := 1 + int(seed%4)
	s := quiet(workers)
	s.Cache, s.PollMin, s.PollMax = cache.NewMemory(1<<20), time.Microsecond, 10*time.Microsecond
	p := &crowd{m: &meter{}, rng: rng, limits: [2]*executor.Limit{executor.NewLimit(1), executor.NewLimit(2)}}
	calls := []lazy.Data[int]{lazy.Const(1)}
	for range 4 + rng.IntN(16) {
		calls = append(calls, p.call(calls[rng.IntN(len(calls))], calls[rng.IntN(len(calls))]))
	}
	_, err := soon(t, func() (int, error) {
		var wg sync.WaitGroup
		for range 3 {
			mine := rand.New(rand.NewPCG(rng.Uint64(), 12))
			wg.Go(func() { getSome(mine, s, calls) })
		}
		wg.Wait()
		return 0, nil
	})
	require.NoError(t, err)
	until(t, "functions that are cancelled return", func() bool { return p.m.now.Load() == 0 })
	allRun(t, s, workers)
	require.LessOrEqual(t, int(p.m.most.Load()), workers)
	for _, l := range p.limits {
		until(t, "places are given back", func() bool { return hasAll(l) })
	}
}

// getSome Gets some of the calls, and leaves some of these early.
func getSome(rng *rand.Rand, s *lazy.Session, calls []lazy.Data[int]) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if rng.IntN(3) == 0 {
		after := rng.IntN(300)
		go func() {
			for range after {
				runtime.Gosched()
			}
			cancel()
		}()
	}
	opts := []lazy.RunOption{lazy.In(s), lazy.KeepGoing()}
	if rng.IntN(2) == 0 {
		opts = append(opts, lazy.Workers(1+rng.IntN(3)))
	}
	targets := make([]lazy.Data[int], 1+rng.IntN(4))
	for i := range targets {
		targets[i] = calls[len(calls)-1-rng.IntN(min(6, len(calls)))]
	}
	_, _ = lazy.GetAll(ctx, targets, opts...)
}

// hasAll reports whether all places of a limit are free.
func hasAll(l *executor.Limit) bool {
	n := 0
	for n < l.N() && l.TryAcquire() {
		n++
	}
	for range n {
		l.Release()
	}
	return n == l.N()
}

func TestGangInACrowd(t *testing.T) {
	programs := 400
	if testing.Short() {
		programs = 80
	}
	for k := range programs {
		if !t.Run(fmt.Sprint("seed ", k), func(t *testing.T) { playCrowd(t, uint64(k)) }) {
			return
		}
	}
}
