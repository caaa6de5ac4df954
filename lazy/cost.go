package lazy

import (
	"sync/atomic"
	"time"
)

// epoch is when the process began, as far as this package is concerned.
var epoch = time.Now()

// mono is the time since epoch in ns. It reads one clock, where time.Now reads two.
func mono() int64 { return int64(time.Since(epoch)) }

// timeOf is the moment at which mono returned at. To ask two clocks for it would tell of a call that lost its processor in
// between that it began earlier than it did.
func timeOf(at int64) time.Time { return epoch.Add(time.Duration(at)) }

// estimate is what a call of a function is thought to cost: ns<<3 | number of measurements, up to settled. The first
// few only count by the least of them: a first call finds cold caches, and any call may lose its processor for a
// millisecond. After that the estimate moves a quarter of the way down with each measurement, or an eighth up, and one
// measurement counts for at most eight times the estimate. The zero estimate is: not known.
type estimate struct{ v atomic.Int64 }

// settled is the number of measurements from which on an estimate is trusted; one of dearAtOnce ns or more is trusted
// at once, for no cold cache explains that.
const (
	settled    = 4
	dearAtOnce = 20_000
)

// cost returns the estimate in ns, or 0 if there is none that can be trusted.
func (e *estimate) cost() int64 {
	v := e.v.Load()
	if ns := v >> 3; v&7 == settled || ns >= dearAtOnce {
		return ns
	}
	return 0
}

// learn takes in that one call took so many ns. Measurements that cross are lost: it is an estimate.
func (e *estimate) learn(took int64) {
	took = max(took, 1)
	v := e.v.Load()
	switch ns, n := v>>3, v&7; {
	case n == 0:
		e.v.Store(took<<3 | 1)
	case n < settled:
		e.v.Store(min(ns, took)<<3 | (n + 1))
	case took > ns:
		e.v.Store((ns+(min(took, 8*ns)-ns+7)/8)<<3 | settled)
	default:
		e.v.Store(max(1, ns-(ns-took)/4)<<3 | settled)
	}
}

// isSampled says of every 16th number that its call is to be measured, but not in step with the graph.
func isSampled(call uint64) bool { return call*0x9e3779b97f4a7c15>>60 == 0 }

// forget makes the cost unknown again.
func (e *estimate) forget() { e.v.Store(0) }

// learnPiece takes in the time of a piece. Where its calls are of several functions and it took far longer than
// predicted, all of them are to be measured again.
func (r *run) learnPiece(lo, hi int32, took int64) {
	order := r.plan.order
	f := order[lo].fn
	if order[hi-1].fn == f && r.predicted/int64(hi-lo) == f.est.cost() {
		f.est.learn(took / int64(hi-lo))
		return
	}
	if took < 4*r.predicted+pieceTime {
		return
	}
	for i := lo; i < hi; i++ {
		order[i].fn.est.forget()
	}
}
