package lazy

import (
	"context"
	"math/rand/v2"
	"runtime"

	"github.com/dally-go/dally/cache"
)

// A program of changes is read from bytes: the first says which session runs it, each pair after that is an operation, op
// and operand. All that happened is compared with the model before the next operation is read.
//
//	op % 24   0       record a source
//	          1–8     record a call of some kind; the operand is its inputs and function
//	          9–11    Set a source to op / 24
//	          12      Set a call
//	          13      Invalidate
//	          14–16   Get one handle
//	          17      GetAll of some
//	          18      GetAll of some, keeping going
//	          19      several Gets at once
//	          20      switch a node's trouble, op / 24
//	          21      Get one handle, cancelled by one of the bodies
//	          22      by op / 24: drop a handle, collect garbage, change the world outside and Invalidate what looks at it
//	          23      Get one handle, with Refresh
const (
	changeOps    = 24
	changeOpsMax = 400
)

// changeProgram reads one program.
type changeProgram struct {
	*changeWorld
	gcs int // so far: they are slow
}

// runChangeProgram runs a program and returns what was wrong, and what had been done.
func runChangeProgram(program []byte) (problems, trace []string) {
	return runCachedChanges(program, nil, 0)
}

// runCachedChanges is runChangeProgram with a store for results, if that is not nil, a share of which is verified. Most calls
// that can be are Memo then.
func runCachedChanges(program []byte, store cache.Store, verify float64) (problems, trace []string) {
	if len(program) == 0 {
		return nil, nil
	}
	p := &changeProgram{changeWorld: newChangeWorld(fuzzSession(program[0]))}
	p.session.Cache, p.session.VerifyHits = store, verify
	ops := program[1:]
	for k := 0; k+1 < len(ops) && k < 2*changeOpsMax; k += 2 {
		p.do(int(ops[k]), int(ops[k+1]))
		if problems := p.found.all(); problems != nil {
			return problems, p.trace
		}
	}
	p.calm()
	return p.found.all(), p.trace
}

// do runs one operation. Those that make no sense at this point do nothing.
func (p *changeProgram) do(op, arg int) {
	what, more := op%changeOps, op/changeOps
	switch {
	case what <= 8 || len(p.live) == 0:
		what %= 9
		p.another([...]changeKind{8: chCall, 0: chSource, 1: chCall, 2: chGather, 3: chSplit, 4: chPair, 5: chIf, 6: chBind, 7: chNest}[what%9], more, arg)
	case what <= 11:
		if n := p.pick(arg, func(n *changeNode) bool { return n.kind == chSource }); n != nil {
			p.set(n, more)
		}
	case what == 12:
		if n := p.pick(arg, isCall); n != nil {
			p.set(n, more)
		}
	case what == 13:
		p.invalidate(p.pick(arg, nil))
	case what <= 16:
		p.round(&changeGet{targets: p.some(1, arg), gate: -1})
	case what <= 18:
		p.round(&changeGet{targets: p.some(2+more, arg), gate: -1, keep: what == 18})
	case what == 19:
		var gets []*changeGet
		for i := range 2 + more%4 {
			gets = append(gets, &changeGet{targets: p.some(1+more%3, arg+i*(1+more)), gate: -1, keep: i%2 == 0})
		}
		p.round(gets...)
	case what == 20:
		p.disturb(more, arg)
	case what == 21:
		p.round(&changeGet{targets: p.some(1, arg), gate: p.near(arg, more).k})
	case what == 22:
		p.outside(more, arg)
	default:
		p.round(&changeGet{targets: p.some(1, arg), gate: -1, refresh: true})
	}
}

// another records a node of the kind. Inputs are spread over what there is, recent ones more often.
func (p *changeProgram) another(kind changeKind, more, arg int) {
	n := &changeNode{kind: kind, op: arg % 5, salt: arg % 7, pure: more&1 != 0, transient: more == 9}
	width := [...]int{chCall: arg % 5, chGather: arg%6 + 1, chSplit: 2, chPair: 2, chIf: 3, chBind: 3, chNest: 2 + arg%2}[kind%numChangeKinds]
	if n.kind == chSource || len(p.live) == 0 {
		n.kind, width = chSource, 0
		n.cell, n.hasCell, n.settled = more, true, more
	}
	n.memo = p.session.Cache != nil && n.kind != chSource && n.kind != chBind && (arg+len(p.nodes))%4 > 0
	for i := range width {
		back := (arg*(i+1) + i*i + more) % (1 + min(len(p.live)-1, 3+arg))
		n.in = append(n.in, p.live[len(p.live)-1-back])
	}
	p.record(n)
}

// pick returns the arg-th handle, or the next one after that which is wanted; nil if there is none.
func (p *changeProgram) pick(arg int, want func(*changeNode) bool) *changeNode {
	for i := range p.live {
		if n := p.nodes[p.live[(arg+i)%len(p.live)]]; want == nil || want(n) {
			return n
		}
	}
	return nil
}

func isCall(n *changeNode) bool { return n.kind != chSource }

// near returns a node that the arg-th handle depends on, so many steps before it.
func (p *changeProgram) near(arg, steps int) *changeNode {
	n := p.pick(arg, nil)
	for i := range steps {
		if len(n.in) > 0 {
			n = p.nodes[n.in[i%len(n.in)]]
		}
	}
	return n
}

// some are up to count handles.
func (p *changeProgram) some(count, arg int) (targets []int) {
	for i := range min(count, len(p.live)) {
		targets = append(targets, p.live[(arg+i*(1+arg%3))%len(p.live)])
	}
	return targets
}

// disturb switches a node's trouble on, or off.
func (p *changeProgram) disturb(more, arg int) {
	n := p.pick(arg, isCall)
	if n == nil {
		return
	}
	n.trouble = more % numChangeTroubles
	if n.pure && n.trouble != changeFine {
		n.trouble = changePanics
	}
	p.did("trouble of %d is %d", n.k, n.trouble)
}

func (p *changeProgram) outside(more, arg int) {
	switch n := p.pick(arg, nil); more % 4 {
	case 0:
		if len(p.live) > 3 && !n.given {
			p.drop(n)
		}
	case 1:
		p.did("collect garbage")
		if p.gcs++; p.gcs <= 3 {
			runtime.GC()
		}
	default:
		if n.kind == chSource || n.memo { // what a Memo function looks at are its arguments
			return
		}
		p.did("the world outside %d is %d", n.k, more)
		if more%4 == 2 {
			n.outside = more
			p.invalidate(n)
			return
		}
		p.invalidate(n)
		n.outside = more
	}
}

// drop forgets a handle: only what has recorded it as an input keeps the call.
func (p *changeProgram) drop(n *changeNode) {
	for i, k := range p.live {
		if k == n.k {
			p.live = append(p.live[:i:i], p.live[i+1:]...)
			break
		}
	}
	n.d, n.pair = Data[int]{}, Data[Pair[int, int]]{}
	p.did("drop %d", n.k)
}

// calm ends all trouble and gets everything, twice: the second time nothing may run.
func (p *changeProgram) calm() {
	p.did("the end")
	for _, n := range p.nodes {
		if n.trouble != changeFine && n.permanent && n.d.n != nil {
			p.invalidate(n)
		}
		n.trouble = changeFine
	}
	for range 2 {
		if len(p.live) > 0 {
			p.round(&changeGet{targets: p.live, gate: -1, keep: true})
		}
	}
	for _, k := range p.live { // and one by one
		if v, err := p.nodes[k].d.Get(context.Background()); err == nil && v != p.nodes[k].cell {
			p.found.add("node %d: got %d at the end, want %d", k, v, p.nodes[k].cell)
		}
	}
}

// changeProgramOf makes a program of a seed. Programs differ in temper: how long, how much trouble, of which kinds.
func changeProgramOf(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0xc4a))
	program := []byte{byte(r.IntN(7))}
	weights := [changeOps]int{0: 3, 9: 8, 10: 8, 14: 10, 15: 10}
	for what := range weights {
		if weights[what] == 0 {
			weights[what] = pick(r, 0, 1, 1, 4)
		}
	}
	weights[1] += 4
	if r.IntN(2) == 0 {
		weights[20], weights[21] = 0, 0
	}
	var deck []byte
	for what, n := range weights {
		for range n {
			deck = append(deck, byte(what))
		}
	}
	add := func(what, values int) {
		program = append(program, byte(what+changeOps*r.IntN(values)), byte(r.IntN(256)))
	}
	for range 1 + r.IntN(4) {
		add(0, 10)
	}
	for range r.IntN(30) {
		add(1+r.IntN(8), 10)
	}
	values := pick(r, 2, 3, 10)
	for range r.IntN(pick(r, 10, 60, 300)) {
		what := int(deck[r.IntN(len(deck))])
		if what >= 1 && what <= 8 || what >= 17 {
			add(what, 10)
		} else {
			add(what, values)
		}
	}
	return program
}
