package lazy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
)

// Many goroutines want few results, from sessions that share a store; Gets are cancelled, calls fail, functions Get others
// inside, sources are Set. No function runs twice at once with the same arguments, nobody waits for ever, nothing is left
// behind, and every value is right.
func TestHammerOnFewKeys(t *testing.T) {
	leak.Check(t)
	many := 150
	if testing.Short() {
		many = 30
	}
	for seed := range uint64(many) {
		hammerFewKeys(t, seed)
		if t.Failed() {
			t.Fatal("seed", seed)
		}
	}
}

// hammer is one such world.
type hammer struct {
	t        testing.TB
	sessions []*Session
	src      Data[int]
	anyhow   bool // functions may run side by side: hits are verified, or Gets are with Refresh
	plus     Func1[int, int]
	twice    Func1[int, int]
	sum      Func2[int, int, int]
	nests    Func1[int, int]
	fails    Func1[int, int]
	waits    Func1[int, int]
	failing  atomic.Int32

	mu      sync.Mutex
	running map[string]bool // by key. Guarded by mu
}

var errHammer = errors.New("hammered")

func newHammer(t testing.TB, seed uint64) *hammer {
	r := rand.New(rand.NewPCG(seed, 0x4a3))
	g := pick(r, regimes[1:]...)
	store := g.store(t, seed)
	h := &hammer{t: t, running: make(map[string]bool), anyhow: g.verify > 0, src: Source("src", 0)}
	h.sessions = []*Session{{Parallelism: 1}, {Parallelism: 2}, {Executor: executor.Func(loop)}, {Executor: executor.Serial()}, {Parallelism: 4}}
	h.sessions[4].Observer = &watcherOf{}
	for _, s := range h.sessions {
		s.Cache, s.VerifyHits, s.Logger = store, g.verify, slog.New(slog.DiscardHandler)
		s.PollMin, s.PollMax = time.Microsecond, 50*time.Microsecond
	}
	limit, version := executor.NewLimit(1), memoVersion()
	options := func(name string, more ...Option) []Option { return append(more, Name(name), version, Memo()) }
	h.plus = Wrap1(func(_ context.Context, x int) (int, error) {
		defer h.enter("plus", x)()
		return x + 10, nil
	}, options("plus", Limit(limit))...)
	h.twice = Pure1(func(x int) int {
		defer h.enter("twice", x)()
		return 2 * x
	}, options("twice", pick(r, Blocking(1), Transient(), Priority(2)))...)
	h.sum = Pure2(func(x, y int) int {
		defer h.enter("sum", x, y)()
		return x + y
	}, options("sum")...)
	h.fails = Wrap1(func(ctx context.Context, x int) (int, error) {
		defer h.enter("fails", x)()
		if h.failing.Add(1)%3 == 0 {
			return 0, errHammer
		}
		return x, ctx.Err()
	}, options("fails", pick(r, Blocking(2), Retry(1), Limit(limit)))...)
	h.waits = Poll1(func(t *Task, x int) (int, error) {
		defer h.enter("waits", x)()
		for looks := range t.Spin() {
			if looks == x%3 {
				return x, nil
			}
		}
		return 0, t.Err()
	}, options("waits")...)
	h.nests = Wrap1(func(ctx context.Context, x int) (int, error) {
		defer h.enter("nests", x)()
		vs, err := GetAll(ctx, []Data[int]{h.plus.Of(x), h.twice(h.plus.Of(x + 1))})
		if err != nil {
			return 0, err
		}
		return vs[0] + vs[1], nil
	}, options("nests", pick(r, Blocking(1), Limit(limit), Priority(0)))...)
	return h
}

// enter counts a function in; the function it returns counts it out.
func (h *hammer) enter(name string, args ...int) func() {
	key := fmt.Sprint(name, args)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running[key] && !h.anyhow {
		h.t.Error(key, "runs twice at once")
	}
	h.running[key] = true
	for range rand.IntN(4) {
		runtime.Gosched()
	}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.running[key] = false
	}
}

// some are calls, and what they come to if the source is x.
func (h *hammer) some(r *rand.Rand) (ds []Data[int], want []func(x int) int) {
	add := func(d Data[int], f func(x int) int) { ds, want = append(ds, d), append(want, f) }
	for range 1 + r.IntN(5) {
		c := r.IntN(3)
		switch r.IntN(8) {
		case 0:
			add(h.plus.Of(c), func(int) int { return c + 10 })
		case 1:
			add(h.sum(h.twice.Of(c), h.plus.Of(c)), func(int) int { return 3*c + 10 })
		case 2:
			add(h.nests.Of(c), func(int) int { return 3*c + 32 })
		case 3:
			add(h.sum(h.fails.Of(c), h.twice(h.plus.Of(c))), func(int) int { return 3*c + 20 })
		case 4:
			add(h.twice(h.plus(h.src)), func(x int) int { return 2*x + 20 })
		case 5:
			add(h.plus(h.waits(h.src)), func(x int) int { return x + 10 })
		case 6:
			add(h.sum(h.src, h.nests.Of(c)), func(x int) int { return x + 3*c + 32 })
		default:
			add(h.nests(h.src), func(x int) int { return 3*x + 32 })
		}
	}
	add(h.src, func(x int) int { return x })
	return ds, want
}

// get gets some calls, and checks that they are of one state of the source.
func (h *hammer) get(r *rand.Rand) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ds, want := h.some(r)
	opts := []RunOption{In(pick(r, h.sessions...))}
	if r.IntN(2) == 0 {
		opts = append(opts, KeepGoing())
	}
	if h.anyhow && r.IntN(3) == 0 {
		opts = append(opts, Refresh())
	}
	if r.IntN(3) == 0 {
		pause := r.IntN(60)
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() {
			for range pause {
				runtime.Gosched()
			}
			cancel()
		})
	}
	vs, err := GetAll(ctx, ds, opts...)
	cancelled := ctx.Err() != nil
	var partial *PartialError
	if err != nil && !errors.Is(err, errHammer) && !(cancelled && errors.Is(err, context.Canceled)) {
		h.t.Error("got", err)
		return
	}
	last := len(ds) - 1
	if err != nil && (!errors.As(err, &partial) || partial.Errs[last] != nil) {
		return
	}
	x := vs[last]
	for k, v := range vs {
		if failed := partial != nil && partial.Errs[k] != nil; !failed && v != want[k](x) {
			h.t.Errorf("call %d: got %d, want %d, the source being %d", k, v, want[k](x), x)
		}
	}
}

func hammerFewKeys(t *testing.T, seed uint64) {
	defer watchdog(fmt.Sprint("hammer, seed ", seed)).Stop()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2 + int(seed%3)))
	defer neverChanged()()
	h := newHammer(t, seed)
	var wg sync.WaitGroup
	for g := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, g))
		wg.Go(func() {
			for range 4 {
				h.get(r)
			}
		})
	}
	last := 0
	if seed%3 > 0 { // in the others nothing is ever Set
		wg.Go(func() {
			for k := range 3 {
				for range 20 * (seed % 4) {
					runtime.Gosched()
				}
				last = (k + 1) % 3
				h.src.Set(last)
			}
		})
	}
	wg.Wait()
	v, err := h.twice(h.plus(h.src)).Get(context.Background(), In(h.sessions[0]))
	if want := 2*last + 20; err != nil || v != want {
		t.Errorf("at the end: got %d, %v, want %d", v, err, want)
	}
	for unaware.Load() != 0 {
		runtime.Gosched()
	}
	for _, problem := range h.sessions[4].Observer.(*watcherOf).found.all() {
		t.Error("observer:", problem)
	}
}
