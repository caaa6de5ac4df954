package lazy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"weak"

	"github.com/dally-go/dally/executor"
)

// world is a program that is being recorded and run: its handles, and what its bodies have counted.
type world struct {
	session *Session
	handles []Data[int] // of the steps; zero where it has been dropped
	nodes   []weak.Pointer[node]
	ids     []uint64 // of the nodes
	steps   []step
	states  []*stepState
	limit   *executor.Limit
	pool    executor.Executor
	dynamic bool // some step makes Gets or records calls while it runs
	found   problems
	memos   *memoWraps // nil: no step is Memo

	// wraps are shared by all steps alike, so that the library gets to know what their calls cost.
	wraps map[wrapKey]any
}

type wrapKey struct {
	arity int
	pure  bool
	how   how
}

// stepState is what the body of one step counts.
type stepState struct {
	running atomic.Int32
	tries   atomic.Int32 // how often it began
	done    atomic.Int32 // how often it returned a value
	inner   atomic.Int32 // how often functions besides the body ran
	err     error
	want    int // its value, once it was asked for; else -1. See world.value
}

// problems keeps the first few things that went wrong.
type problems struct {
	n    atomic.Int32
	list [8]atomic.Pointer[string]
}

func (p *problems) add(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	if i := int(p.n.Add(1)) - 1; i < len(p.list) {
		p.list[i].Store(&s)
	}
}

func (p *problems) all() (all []string) {
	for i := range p.list {
		if s := p.list[i].Load(); s != nil {
			all = append(all, *s)
		}
	}
	return all
}

// loop is the executor that package executor's documentation shows.
func loop(ctx context.Context, w executor.Work) error {
	for i := range w.Len() {
		if err := w.Run(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func newWorld(s *Session) *world {
	s.Logger = slog.New(slog.DiscardHandler)
	return &world{
		session: s,
		limit:   executor.NewLimit(2),
		pool:    executor.NewPool(2),
		wraps:   make(map[wrapKey]any),
	}
}

// options are those that a how stands for.
func (w *world) options(h how) []Option {
	switch h {
	case retried:
		return []Option{Retry(2)}
	case blocking:
		return []Option{Blocking(2)}
	case limited:
		return []Option{Limit(w.limit)}
	case urgent:
		return []Option{Priority(5)}
	case later:
		return []Option{Priority(-5)}
	case onPool:
		return []Option{RunsOn(w.pool)}
	case onLoop:
		return []Option{RunsOn(executor.Func(loop))}
	case timed:
		return []Option{Timeout(time.Hour)}
	case everything:
		return []Option{Retry(1), Blocking(1), Limit(w.limit), Timeout(time.Hour), Priority(1)}
	default:
		return nil
	}
}

// retries is how often a step is tried again.
func (h how) retries() int32 {
	switch h {
	case retried:
		return 2
	case everything:
		return 1
	default:
		return 0
	}
}

// body is what every step does: count, take its time, get into trouble or return a value.
func (w *world) body(ctx context.Context, k int, in ...int) (int, error) {
	st := w.states[k]
	if now := st.running.Add(1); now != 1 {
		w.found.add("step %d runs %d times at once", k, now)
	}
	defer st.running.Add(-1)
	return w.bodyCounted(ctx, k, in)
}

func (w *world) bodyCounted(ctx context.Context, k int, in []int) (int, error) {
	st, s := w.states[k], &w.steps[k]
	try := st.tries.Add(1)
	switch s.pause {
	case yields, heeds:
		runtime.Gosched()
	case spins:
		spin(300 * time.Nanosecond)
	case toils:
		spin(30 * time.Microsecond)
	}
	if s.pause == heeds && ctx != nil && ctx.Err() != nil {
		return 0, ctx.Err()
	}
	switch s.trouble {
	case fails:
		return 0, fmt.Errorf("oh: %w", st.err)
	case failsFirst:
		if try <= s.times {
			return 0, st.err
		}
	case panics:
		panic(st.err.Error())
	case panicsErr:
		panic(st.err)
	case exits:
		runtime.Goexit()
	}
	st.done.Add(1)
	return value(k, in...), nil
}

func spin(d time.Duration) {
	for began := time.Now(); time.Since(began) < d; {
	}
}

// causedBy reports whether err is what step k fails with, named as such.
func (w *world) causedBy(err error, k int) bool {
	var e *Error
	for inner := err; errors.As(inner, &e); inner = e.Err { // the innermost names the call
	}
	if e == nil || !strings.HasSuffix(e.Call, fmt.Sprint("#", w.ids[k])) {
		return false
	}
	var p *PanicError
	isPanic := errors.As(e.Err, &p)
	switch st := w.states[k]; w.steps[k].trouble {
	case fails, failsFirst:
		return !isPanic && errors.Is(err, st.err)
	case panics:
		return isPanic && p.Value == st.err.Error() && len(p.Stack) > 0
	case panicsErr:
		return isPanic && errors.Is(err, st.err)
	case exits:
		return isPanic && errors.Is(err, ErrGoexit)
	default:
		return false
	}
}
