package lazy

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// do runs one operation of a fuzzed program of a cache. Those that make no sense at this point do nothing.
func (p *memoProgram) do(op, arg byte) {
	switch what := op % 16; {
	case what == 0 || len(p.nodes) == 0:
		v := int(arg % 4)
		p.nodes = append(p.nodes, &memoNode{d: Source("source", v), value: v})
	case what <= 7:
		p.record(p.functions[what-1], int(op), int(arg))
	case what == 8:
		p.set(int(arg), int(op/16)%4)
	case what == 9:
		p.calmly(func() { p.get(context.Background(), p.some(1, arg), In(p.session)) })
	case what == 10:
		s := p.session
		if op >= 128 {
			s = p.other
		}
		p.calmly(func() { p.get(context.Background(), p.some(4, arg), In(s)) })
	case what == 11:
		p.calmly(func() { p.get(context.Background(), p.some(5, arg), In(p.session), KeepGoing()) })
	case what == 12:
		p.freely(func() { p.get(context.Background(), p.some(1, arg), In(p.session), Refresh()) })
	case what == 13:
		p.several(op, arg)
	case what == 14:
		f := p.functions[int(arg)%len(p.functions)]
		f.fails = !f.fails
	default:
		p.adjust(int(op/16), arg)
	}
}

// record records a call on recent nodes.
func (p *memoProgram) record(f *memoFunction, op, arg int) {
	n := &memoNode{fn: f}
	var in []Data[int]
	for i := range f.width {
		back := (arg*(i+1) + i*i + op/16) % (1 + min(len(p.nodes)-1, 4+arg%8))
		n.in = append(n.in, len(p.nodes)-1-back)
		in = append(in, p.nodes[len(p.nodes)-1-back].d)
	}
	n.d = f.of(in)
	p.nodes = append(p.nodes, n)
}

// set sets a source: the arg-th node, or the next one after that which is one.
func (p *memoProgram) set(arg, value int) {
	for i := range p.nodes {
		if n := p.nodes[(arg+i)%len(p.nodes)]; n.fn == nil {
			n.value, p.changed = value, true
			n.d.Set(value)
			return
		}
	}
}

// some are so many nodes.
func (p *memoProgram) some(count int, arg byte) (targets []int) {
	for i := range min(count, len(p.nodes)) {
		targets = append(targets, (int(arg)+i*(1+int(arg)%3))%len(p.nodes))
	}
	return targets
}

// calmly does something during which calls run as often as they must, and no more. A failure stops what runs beside it, and a
// store then may not be given time to keep what comes of that.
func (p *memoProgram) calmly(do func()) {
	if slices.ContainsFunc(p.functions, func(f *memoFunction) bool { return f.fails }) {
		p.freely(do)
		return
	}
	p.mu.Lock()
	p.anyhow = p.regime.verify > 0
	p.mu.Unlock()
	goroutines := runtime.NumGoroutine()
	do()
	for runtime.NumGoroutine() > goroutines { // what was left behind may need a moment
		runtime.Gosched()
	}
}

// freely does something during which calls may run whatever is kept. What they come to may not be kept, either.
func (p *memoProgram) freely(do func()) {
	goroutines := runtime.NumGoroutine()
	p.mu.Lock()
	p.anyhow = true
	p.mu.Unlock()
	do()
	for runtime.NumGoroutine() > goroutines {
		runtime.Gosched()
	}
	p.mu.Lock()
	clear(p.ran)
	p.mu.Unlock()
}

// several does Gets at once.
func (p *memoProgram) several(op, arg byte) {
	gets := func() {
		var wg sync.WaitGroup
		for i := range 3 {
			ctx, cancel := context.WithCancel(context.Background())
			if op >= 128 && i == 1 {
				wg.Go(func() {
					for range arg % 32 {
						runtime.Gosched()
					}
					cancel()
				})
			}
			wg.Go(func() {
				defer cancel()
				p.get(ctx, p.some(3, arg+byte(i)*(op/16)), In([...]*Session{p.session, p.other}[i%2]))
			})
		}
		wg.Wait()
	}
	if op >= 128 {
		p.freely(gets)
		return
	}
	p.calmly(gets)
}

// adjust changes what is kept, and how.
func (p *memoProgram) adjust(what int, arg byte) {
	switch what % 5 {
	case 0:
		p.changed = true
		p.nodes[int(arg)%len(p.nodes)].d.Invalidate()
	case 1:
		p.use(regimes[int(arg)%len(regimes)])
	case 2:
		p.use(regimes[0])
	case 3:
		p.session.VerifyHits, p.other.VerifyHits, p.regime.verify, p.regime.quiet = 1, 1, 1, false
	default:
		p.session.VerifyHits, p.other.VerifyHits, p.regime.verify = 0, 0, 0
	}
}
