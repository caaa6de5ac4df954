package lazy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
)

// memoised returns the program with a share of its steps Memo, and all else as it was.
func (p program) memoised() program {
	r := rand.New(rand.NewPCG(p.seed, 0x3e30))
	share := pick(r, 30, 100)
	p.steps = slices.Clone(p.steps)
	for k := range p.steps {
		p.steps[k].memo = r.IntN(100) < share && p.steps[k].kind != aBind // a Bind cannot be
	}
	return p
}

// memoWraps are the wraps of the Memo steps of a program: a world in which it is run again has the same.
type memoWraps struct {
	now     *world // which the steps belong to. Changed while nothing runs
	version Option
	calls   map[int]func([]Data[int]) Data[int]
	manies  map[int]Func1[[]int, int]
	nests   map[int]Func1[int, int]
	had     map[string]bool // the functions of which results were kept before the world was made; nil: not known
}

func newMemoWraps() *memoWraps {
	return &memoWraps{
		version: memoVersion(), calls: make(map[int]func([]Data[int]) Data[int]),
		manies: make(map[int]Func1[[]int, int]), nests: make(map[int]Func1[int, int]),
	}
}

func memoName(k int) string { return fmt.Sprint("memo ", k) }

func (m *memoWraps) options(k int, s step) []Option {
	return append(m.now.options(s.how), Name(memoName(k)), m.version, Memo())
}

// of is what records a call of step k on so many inputs.
func (m *memoWraps) of(k int, s step, width int) func([]Data[int]) Data[int] {
	record, ok := m.calls[k]
	if !ok {
		record = m.wrap(k, s, width)
		m.calls[k] = record
	}
	return record
}

func (m *memoWraps) wrap(k int, s step, width int) func([]Data[int]) Data[int] {
	o := m.options(k, s)
	body := func(ctx context.Context, in ...int) (int, error) { return m.now.body(ctx, k, in...) }
	switch {
	case width == 0:
		f := Wrap0(func(ctx context.Context) (int, error) { return body(ctx) }, o...)
		return func([]Data[int]) Data[int] { return f() }
	case width == 1 && s.pure:
		f := Pure1(func(a int) int { return m.now.pure(k, a) }, o...)
		return func(in []Data[int]) Data[int] { return f(in[0]) }
	case width == 1:
		f := Wrap1(func(ctx context.Context, a int) (int, error) { return body(ctx, a) }, o...)
		return func(in []Data[int]) Data[int] { return f(in[0]) }
	case width == 2 && s.pure:
		f := Pure2(func(a, b int) int { return m.now.pure(k, a, b) }, o...)
		return func(in []Data[int]) Data[int] { return f(in[0], in[1]) }
	case width == 2:
		f := Wrap2(func(ctx context.Context, a, b int) (int, error) { return body(ctx, a, b) }, o...)
		return func(in []Data[int]) Data[int] { return f(in[0], in[1]) }
	case width == 3:
		f := Wrap3(func(ctx context.Context, a, b, c int) (int, error) { return body(ctx, a, b, c) }, o...)
		return func(in []Data[int]) Data[int] { return f(in[0], in[1], in[2]) }
	}
	f := Wrap4(func(ctx context.Context, a, b, c, d int) (int, error) { return body(ctx, a, b, c, d) }, o...)
	return func(in []Data[int]) Data[int] { return f(in[0], in[1], in[2], in[3]) }
}

// ofMany is what records a call of step k on a slice.
func (m *memoWraps) ofMany(k int, s step) Func1[[]int, int] {
	f, ok := m.manies[k]
	if !ok {
		f = Wrap1(func(ctx context.Context, in []int) (int, error) { return m.now.body(ctx, k, in...) }, m.options(k, s)...)
		m.manies[k] = f
	}
	return f
}

// ofNest is what records a call of step k that Gets handles while it runs.
func (m *memoWraps) ofNest(k int, s step) Func1[int, int] {
	f, ok := m.nests[k]
	if !ok {
		f = Wrap1(func(ctx context.Context, x int) (int, error) {
			var more []Data[int]
			for _, j := range s.in[1:] {
				more = append(more, m.now.handles[j])
			}
			return m.now.nested(ctx, k, x, more)
		}, m.options(k, s)...)
		m.nests[k] = f
	}
	return f
}

// isWarm reports whether results of an earlier world may be had.
func (w *world) isWarm() bool { return w.memos != nil && w.memos.had != nil }

// warm is a world in which w's program is run again. Troubles that are over stay so.
func (w *world) warm() *world {
	next := newWorld(w.session)
	next.memos = w.memos
	next.memos.now = next
	next.memos.had = make(map[string]bool)
	for k, s := range w.steps {
		next.record(s)
		next.states[k].tries.Store(w.states[k].tries.Load())
	}
	return next
}
