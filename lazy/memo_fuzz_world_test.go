package lazy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// memoFunction is a function of the fuzzed programs.
type memoFunction struct {
	name    string
	keyed   bool // its results are kept, so no two calls with equal arguments run at once
	fails   bool // written while nothing runs
	of      func(in []Data[int]) Data[int]
	width   int
	compute func(in ...int) int
}

var errMemoProgram = errors.New("trouble")

// memoNode is a call of a fuzzed program, or a source.
type memoNode struct {
	d     Data[int]
	fn    *memoFunction // nil: a source
	in    []int
	value int // of a source
}

// memoProgram is a fuzzed program that is being run.
type memoProgram struct {
	t         testing.TB
	session   *Session
	other     *Session // with the same store
	regime    regime
	seed      uint64
	functions []*memoFunction
	nodes     []*memoNode
	found     problems
	changed   bool // a handle was changed: a result equal to the last one is not kept then
	anyhow    bool // a call may run whatever is kept: in a Refresh, to be verified, in a Get that was cancelled

	mu      sync.Mutex
	running map[string]int // by key. Guarded by mu
	ran     map[string]int // by key, since the store is in use. Guarded by mu
}

func newMemoProgram(t testing.TB, session, store byte) *memoProgram {
	p := &memoProgram{t: t, seed: uint64(store), running: make(map[string]int), other: fuzzSession(session / 7)}
	p.session = fuzzSession(session)
	for _, s := range []*Session{p.session, p.other} {
		s.Logger = slog.New(slog.DiscardHandler)
		s.PollMin, s.PollMax = time.Microsecond, 50*time.Microsecond
	}
	if store >= 128 {
		x := Source("elsewhere", 1)
		x.Set(2)
		Must(x.Get(context.Background()))
	}
	p.use(regimes[int(store)%len(regimes)])
	p.functions = p.memoFunctions()
	return p
}

// use has the sessions use another store, or none.
func (p *memoProgram) use(g regime) {
	p.regime, p.ran = g, make(map[string]int)
	p.session.Cache, p.other.Cache = nil, nil
	if g.store != nil {
		p.session.Cache = g.store(p.t, p.seed)
		p.other.Cache = p.session.Cache
	}
	p.session.VerifyHits, p.other.VerifyHits = g.verify, g.verify
}

// run is what every function does.
func (p *memoProgram) run(ctx context.Context, f *memoFunction, in []int) (int, error) {
	key := fmt.Sprint(f.name, in)
	p.mu.Lock()
	p.running[key]++
	p.ran[key]++
	if f.keyed && !p.anyhow && p.session.Cache != nil {
		if now := p.running[key]; now > 1 {
			p.found.add("%s runs %d times at once", key, now)
		}
		if n := p.ran[key]; n > 1 && p.regime.quiet && !f.fails && !p.changed {
			p.found.add("%s has run %d times", key, n)
		}
	}
	if f.fails {
		p.ran[key]--
	}
	p.mu.Unlock()
	runtime.Gosched()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running[key]--
	}()
	switch {
	case f.fails && ctx == none:
		panic(errMemoProgram)
	case f.fails:
		return 0, errMemoProgram
	}
	return f.compute(in...), nil
}

// memoFunctions are the functions of a program: the last is not Memo.
func (p *memoProgram) memoFunctions() (all []*memoFunction) {
	version := memoVersion()
	add := func(name string, width int, compute func(in ...int) int, of func(f *memoFunction, o []Option) func([]Data[int]) Data[int], more ...Option) {
		f := &memoFunction{name: name, keyed: name != "plain", width: width, compute: compute}
		o := append(more, Name(name))
		if f.keyed {
			o = append(o, Memo(), version)
		}
		f.of = of(f, o)
		all = append(all, f)
	}
	one := func(f *memoFunction, o []Option) func([]Data[int]) Data[int] {
		w := Wrap1(func(ctx context.Context, a int) (int, error) { return p.run(ctx, f, []int{a}) }, o...)
		return func(in []Data[int]) Data[int] { return w(in[0]) }
	}
	polled := func(f *memoFunction, o []Option) func([]Data[int]) Data[int] {
		w := Poll1(func(t *Task, a int) (int, error) {
			for looks := range t.Spin() {
				if looks == a%2 {
					return p.run(context.Background(), f, []int{a})
				}
			}
			return 0, t.Err()
		}, o...)
		return func(in []Data[int]) Data[int] { return w(in[0]) }
	}
	two := func(f *memoFunction, o []Option) func([]Data[int]) Data[int] {
		w := Wrap2(func(ctx context.Context, a, b int) (int, error) { return p.run(ctx, f, []int{a, b}) }, o...)
		return func(in []Data[int]) Data[int] { return w(in[0], in[1]) }
	}
	pure := func(f *memoFunction, o []Option) func([]Data[int]) Data[int] {
		w := Pure1(func(a int) int { v, _ := p.run(none, f, []int{a}); return v }, o...)
		return func(in []Data[int]) Data[int] { return w(in[0]) }
	}
	many := func(f *memoFunction, o []Option) func([]Data[int]) Data[int] {
		w := Wrap1(func(ctx context.Context, in []int) (int, error) { return p.run(ctx, f, in) }, o...)
		return func(in []Data[int]) Data[int] { return w(Gather(in...)) }
	}
	total := func(in ...int) (v int) {
		for i, x := range in {
			v += (i + 2) * x
		}
		return v % 7
	}
	add("half", 1, func(in ...int) int { return in[0] / 2 }, pure)
	add("next", 1, func(in ...int) int { return (in[0] + 1) % 4 }, one, Retry(1))
	add("pair", 2, func(in ...int) int { return (in[0] + 2*in[1]) % 5 }, two)
	add("limited", 1, func(in ...int) int { return 3 - in[0]%4 }, one, Blocking(1), Transient())
	add("total", 3, total, many)
	add("polled", 1, func(in ...int) int { return in[0] % 3 }, polled, Priority(3))
	add("plain", 2, func(in ...int) int { return (in[0] + in[1]) % 6 }, two)
	return all
}

// eval is the value of a node, and whether it may fail.
func (p *memoProgram) eval(k int) (v int, mayFail bool) {
	n := p.nodes[k]
	if n.fn == nil {
		return n.value, false
	}
	var in []int
	mayFail = n.fn.fails
	for _, j := range n.in {
		v, fails := p.eval(j)
		in, mayFail = append(in, v), mayFail || fails
	}
	return n.fn.compute(in...), mayFail
}

// check compares what was got of a node.
func (p *memoProgram) check(k, got int, err error, cancelled bool) {
	want, mayFail := p.eval(k)
	switch {
	case err == nil && got != want:
		p.found.add("node %d: got %d, want %d", k, got, want)
	case err == nil, cancelled && errors.Is(err, context.Canceled):
	case !mayFail || !errors.Is(err, errMemoProgram):
		p.found.add("node %d: got error %v, may fail: %v", k, err, mayFail)
	}
}

// get gets some nodes and checks what comes of it.
func (p *memoProgram) get(ctx context.Context, targets []int, opts ...RunOption) {
	var ds []Data[int]
	for _, k := range targets {
		ds = append(ds, p.nodes[k].d)
	}
	vs, err := GetAll(ctx, ds, opts...)
	cancelled := ctx.Err() != nil
	var partial *PartialError
	for i, k := range targets {
		switch {
		case errors.As(err, &partial):
			p.check(k, vs[i], partial.Errs[i], cancelled)
		case err == nil:
			p.check(k, vs[i], nil, cancelled)
		}
	}
	mayFail := func(k int) bool { _, may := p.eval(k); return may }
	if err != nil && partial == nil && !cancelled && !(errors.Is(err, errMemoProgram) && slices.ContainsFunc(targets, mayFail)) {
		p.found.add("nodes %v: got error %v", targets, err)
	}
}

// memoProgramOf makes a program of a seed.
func memoProgramOf(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0x3e30f))
	program := []byte{byte(r.IntN(49)), byte(r.IntN(256))}
	add := func(op int) { program = append(program, byte(op+16*r.IntN(16)), byte(r.IntN(256))) }
	for range 1 + r.IntN(3) {
		add(0)
	}
	for range r.IntN(25) {
		add(1 + r.IntN(7))
	}
	deck := []int{1, 2, 3, 5, 8, 8, 9, 9, 10, 11, 13}
	if r.IntN(2) == 0 {
		deck = append(deck, 12, 14, 14, 15)
	}
	if r.IntN(4) == 0 {
		deck = slices.DeleteFunc(deck, func(op int) bool { return op == 8 || op == 15 })
	}
	for range r.IntN(pick(r, 10, 100)) {
		add(pick(r, deck...))
	}
	return program
}
