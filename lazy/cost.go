package lazy

import "time"

// epoch is when the process began, as far as this package is concerned.
var epoch = time.Now()

// mono is the time since epoch in ns. It reads one clock, where time.Now reads two.
func mono() int64 { return int64(time.Since(epoch)) }

// learn takes in that one call took so long. The estimate moves a quarter of the way, and a single measurement counts
// for at most eight times the estimate: a worker that the system took its processor from for a millisecond does not
// make a cheap function dear.
func (f *function) learn(took int64) {
	took = max(took, 1)
	old := f.cost.Load()
	if old == 0 {
		f.cost.Store(took)
		return
	}
	took = min(took, 8*old)
	f.cost.Store(max(1, old+(took-old)/4))
}

// learnPiece takes in the time of a piece. Where its calls are of several functions and it took far longer than
// predicted, all of them are to be measured again.
func (r *run) learnPiece(lo, hi int32, took int64) {
	order := r.plan.order
	f := order[lo].fn
	if order[hi-1].fn == f && r.predicted/int64(hi-lo) == f.cost.Load() {
		f.learn(took / int64(hi-lo))
		return
	}
	if took < 4*r.predicted+pieceTime {
		return
	}
	for i := lo; i < hi; i++ {
		order[i].fn.cost.Store(0)
	}
}
