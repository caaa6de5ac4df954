package lazy

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
)

// changeKind is what a node of a changing graph records. Each kind has one body, whose runs are counted.
type changeKind int

const (
	chSource changeKind = iota
	chCall              // of up to four inputs
	chGather            // of a Gather of the inputs
	chSplit             // of the second half of Split(Zip(in0, in1))
	chPair              // the first half of a Split of what the body returns
	chIf                // of If(in0 is even, in1, in2)
	chBind              // in0 decides what it goes on with: in1, in2 or a call of in2
	chNest              // of in0; Gets in1 and, if that is odd, in2 while it runs
	numChangeKinds
)

// What the body of a node does besides computing. Switched while nothing runs.
const (
	changeFine = iota
	changeFails
	changeFailsForGood // with a Permanent error
	changePanics
	numChangeTroubles
)

// changeNode is a node of a changing graph: what was recorded, what its body has counted, and what the model knows.
type changeNode struct {
	w         *changeWorld
	k         int
	kind      changeKind
	in        []int
	op, salt  int
	pure      bool // its body sees no context, and fails only by a panic
	transient bool
	memo      bool
	d         Data[int]            // zero once it is dropped
	pair      Data[Pair[int, int]] // of chPair, what the body returns: Set and Invalidate are for this

	// The world outside, which the body looks at. Written while nothing runs.
	outside int // changed only together with an Invalidate
	trouble int
	gate    func(ctx context.Context) error // called by the body, once; nil: none

	flaky atomic.Int32 // 0: never; else every so many runs it fails
	tries atomic.Int32

	running atomic.Int32
	mu      sync.Mutex
	runs    []changeRun // since the last round. Guarded by mu

	changeState
}

var changeKindNames = [...]string{"Source", "Call", "Gather", "Split", "Pair", "If", "Bind", "Nest"}

func (n *changeNode) String() string {
	if n.kind == chSource {
		return fmt.Sprint("Source ", n.cell)
	}
	s := fmt.Sprintf("%s%d+%d%v", changeKindNames[n.kind], n.op, n.salt, n.in)
	if n.pure {
		s += " pure"
	}
	if n.transient {
		s += " transient"
	}
	if n.memo {
		s += " memo"
	}
	return s
}

// changeRun is one run of a body.
type changeRun struct {
	saw   []int
	err   error
	stray bool // it failed before it had all inputs, or because it was stopped
}

// changeError is what a body fails with.
type changeError struct{ k int }

func (e *changeError) Error() string { return fmt.Sprint("trouble in node ", e.k) }

// changeWorld is a graph that is recorded, changed and got, one operation after another.
type changeWorld struct {
	session *Session
	nodes   []*changeNode
	live    []int // nodes whose handles have not been dropped
	now     int   // how many changes there have been
	found   problems
	trace   []string // what has been done, for whoever looks for a mistake
}

// changesShown has everything that is done printed at once: go test ./lazy -run TestChangesAgree/seed=17$ -changes
var changesShown = flag.Bool("changes", false, "print what programs of changes do, for those that hang")

func (w *changeWorld) did(format string, args ...any) {
	line := fmt.Sprintf("%3d ", len(w.trace)) + fmt.Sprintf(format, args...)
	if *changesShown {
		fmt.Println(line)
	}
	w.trace = append(w.trace, line)
}

func newChangeWorld(s *Session) *changeWorld {
	s.Logger = slog.New(slog.DiscardHandler)
	return &changeWorld{session: s}
}

// compute is the function of a node: many inputs have the same result.
func (n *changeNode) compute(in ...int) int {
	v, top := n.salt+n.outside, n.salt
	for i, x := range in {
		v += (i + 1) * x
		top = max(top, x)
	}
	switch n.op {
	case 0:
		v /= 4
	case 1:
		v %= 3
	case 2:
		v = top + n.outside
	case 3:
		v = n.salt + n.outside
	}
	return v % 1_000_003
}

// body is what every function of the graph does.
func (n *changeNode) body(ctx context.Context, in ...int) (v int, err error) {
	n.enter()
	defer n.leave(&in, &err)
	return n.work(ctx, in)
}

func (n *changeNode) enter() {
	if now := n.running.Add(1); now != 1 {
		n.w.found.add("node %d runs %d times at once", n.k, now)
	}
}

// leave notes a run. A panic is noted as the error it is of.
func (n *changeNode) leave(in *[]int, err *error) {
	r := changeRun{saw: *in, err: *err}
	v := recover()
	if v != nil {
		r.err, _ = v.(error)
	}
	r.stray = r.err != nil && (causeOf(r.err) != n.k || errors.Is(r.err, context.Canceled))
	if v != nil && r.err == nil {
		r.err = fmt.Errorf("panic: %v", v)
	}
	n.mu.Lock()
	n.runs = append(n.runs, r)
	n.mu.Unlock()
	n.running.Add(-1)
	if v != nil {
		panic(v)
	}
}

func (n *changeNode) work(ctx context.Context, in []int) (int, error) {
	if n.salt%3 == 0 {
		runtime.Gosched()
	}
	if n.gate != nil {
		if err := n.gate(ctx); err != nil {
			return 0, err
		}
	}
	if flaky := n.flaky.Load(); flaky > 0 && n.tries.Add(1)%flaky == 0 {
		return 0, &changeError{n.k}
	}
	switch n.trouble {
	case changeFails:
		return 0, &changeError{n.k}
	case changeFailsForGood:
		return 0, Permanent(&changeError{n.k})
	case changePanics:
		panic(&changeError{n.k})
	}
	return n.compute(in...), nil
}

// causeOf returns the node whose trouble the error is of, or -1.
func causeOf(err error) int {
	var e *changeError
	if errors.As(err, &e) {
		return e.k
	}
	return -1
}

// takeRuns returns the runs since it was last called.
func (n *changeNode) takeRuns() []changeRun {
	n.mu.Lock()
	defer n.mu.Unlock()
	runs := n.runs
	n.runs = nil
	return runs
}

// record adds a node and returns it.
func (w *changeWorld) record(n *changeNode) *changeNode {
	n.w, n.k = w, len(w.nodes)
	in := make([]Data[int], len(n.in))
	for i, j := range n.in {
		in[i] = w.nodes[j].d
	}
	if n.pure && n.kind != chCall {
		n.pure = false
	}
	w.did("%d := %v", n.k, n)
	n.d = w.shape(n, in)
	w.nodes = append(w.nodes, n)
	w.live = append(w.live, n.k)
	return n
}

func (w *changeWorld) shape(n *changeNode, in []Data[int]) Data[int] {
	o := []Option{Name(fmt.Sprint("N", n.k))}
	if n.transient {
		o = append(o, Transient())
	}
	if n.memo {
		o = append(o, Memo(), memoVersion())
	}
	switch n.kind {
	case chSource:
		return Source(fmt.Sprint("S", n.k), n.cell)
	case chGather:
		return Wrap1(func(ctx context.Context, in []int) (int, error) { return n.body(ctx, in...) }, o...)(Gather(in...))
	case chSplit:
		_, second := Split(Zip(in[0], in[1]))
		return n.call(o, second)
	case chPair:
		n.pair = Wrap2(func(ctx context.Context, a, b int) (Pair[int, int], error) {
			v, err := n.body(ctx, a, b)
			return MakePair(v/3, v), err
		}, o...)(in[0], in[1])
		first, _ := Split(n.pair)
		return first
	case chIf:
		even := Pure1(func(x int) bool { return x%2 == 0 })(in[0])
		return n.call(o, If(even, in[1], in[2]))
	case chBind:
		inner := Pure2(func(x, y int) int { return x + 2*y }, Name("inner"))
		return Bind1(func(ctx context.Context, x int) (Data[int], error) {
			v, err := n.body(ctx, x)
			if err != nil {
				return Data[int]{}, err
			}
			return [...]Data[int]{in[1], inner(Const(v), in[2]), in[2]}[abs(v)%3], nil
		}, o...)(in[0])
	case chNest:
		return Wrap1(func(ctx context.Context, x int) (int, error) { return n.nest(ctx, x, in[1:]) }, o...)(in[0])
	default:
		return n.call(o, in...)
	}
}

// nest is the body of a node that Gets others.
func (n *changeNode) nest(ctx context.Context, x int, more []Data[int]) (v int, err error) {
	saw := []int{x}
	n.enter()
	defer n.leave(&saw, &err)
	for _, d := range more {
		v, err := d.Get(ctx)
		if err != nil {
			return 0, fmt.Errorf("inside: %w", err)
		}
		if saw = append(saw, v); v%2 == 0 {
			break
		}
	}
	return n.work(ctx, saw)
}

// call records a call of the body.
func (n *changeNode) call(o []Option, in ...Data[int]) Data[int] {
	body := n.body
	switch {
	case n.pure:
		return n.callPure(o, in)
	case len(in) == 0:
		return Wrap0(func(ctx context.Context) (int, error) { return body(ctx) }, o...)()
	case len(in) == 1:
		return Wrap1(func(ctx context.Context, a int) (int, error) { return body(ctx, a) }, o...)(in[0])
	case len(in) == 2:
		return Wrap2(func(ctx context.Context, a, b int) (int, error) { return body(ctx, a, b) }, o...)(in[0], in[1])
	case len(in) == 3:
		return Wrap3(func(ctx context.Context, a, b, c int) (int, error) { return body(ctx, a, b, c) }, o...)(in[0], in[1], in[2])
	}
	return Wrap4(func(ctx context.Context, a, b, c, d int) (int, error) {
		return body(ctx, a, b, c, d)
	}, o...)(in[0], in[1], in[2], in[3])
}

func (n *changeNode) callPure(o []Option, in []Data[int]) Data[int] {
	body := func(in ...int) int {
		v, _ := n.body(none, in...) // its troubles are panics
		return v
	}
	switch len(in) {
	case 0:
		return Pure0(func() int { return body() }, o...)()
	case 1:
		return Pure1(func(a int) int { return body(a) }, o...)(in[0])
	case 2:
		return Pure2(func(a, b int) int { return body(a, b) }, o...)(in[0], in[1])
	case 3:
		return Pure3(func(a, b, c int) int { return body(a, b, c) }, o...)(in[0], in[1], in[2])
	}
	return Pure4(func(a, b, c, d int) int { return body(a, b, c, d) }, o...)(in[0], in[1], in[2], in[3])
}

func abs(v int) int { return max(v, -v) }
