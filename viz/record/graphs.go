package record

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

const (
	waitingMax = 256
	// gapMin is how many times longer than it takes to picture what has run must pass until that is done again unasked.
	gapMin = 20
)

// graphs has pictures of what has run, and the runs that are yet to be pictured. A run is pictured with no lock held: a
// value's String method may run calls in its turn, and end up here.
type graphs struct {
	values bool
	album  album

	mu      sync.Mutex
	waiting []lazy.RunInfo // Guarded by mu. Runs that are over and not pictured yet: a circle once it is full.
	oldest  int            // Guarded by mu. Where the circle begins.
	taking  int            // Guarded by mu. How many are taking pictures.
	ready   time.Time      // Guarded by mu. When runs may be pictured again unasked.
}

// explain notes why the calls of a plan run.
func (k *graphs) explain(plan graph.Snapshot) { k.album.explain(plan) }

// over is told of a run's end, and whether no other run goes on. It reports whether the caller has to take what waits.
// While somebody takes pictures it does not: it may be a String method that has run calls, for one of them.
func (k *graphs) over(i lazy.RunInfo, alone bool) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	full := len(k.waiting) == waitingMax
	if full {
		k.waiting[k.oldest] = i
		k.oldest = (k.oldest + 1) % waitingMax
	} else {
		k.waiting = append(k.waiting, i)
	}
	if k.taking > 0 || !alone && !full || time.Now().Before(k.ready) {
		return false
	}
	k.taking++
	return true
}

// take pictures the runs that wait for it, and those that go on. The caller has counted itself in taking.
func (k *graphs) take(going ...lazy.RunInfo) {
	k.mu.Lock()
	runs := append(k.waiting, going...)
	k.waiting, k.oldest = nil, 0
	k.mu.Unlock()
	began := time.Now()
	defer func() {
		now := time.Now()
		k.mu.Lock()
		defer k.mu.Unlock()
		k.taking--
		k.ready = now.Add(gapMin * now.Sub(began))
	}()
	for _, i := range runs {
		number := k.album.begin()
		s := i.Shape
		if k.values {
			s = i.Snapshot
		}
		k.album.merge(number, s())
	}
}

// Graph returns what ran, and what it depends on, as pictures taken when runs ended, or are taken now of those that go
// on: each node as it was pictured the last time. Without [Graphs] it is what goes on alone. It takes some 250 ns per
// call that is there, and for each that is pictured anew 250 ns more, with [Values] 1 µs. Runs that end meanwhile do not
// wait for it, but are pictured later.
//
// There are at most 262,144 calls: when there would be more, all but those of the latest picture go, and of one that is
// larger by itself the first are kept, with a Title that says so. Every input of a call is there.
func (r *Recorder) Graph() graph.Snapshot {
	r.init()
	k := r.kept
	if k == nil {
		k = new(graphs)
	}
	r.mu.Lock()
	going := slices.Collect(maps.Values(r.active))
	r.mu.Unlock()
	k.mu.Lock()
	k.taking++
	k.mu.Unlock()
	k.take(going...)
	return k.album.snapshot()
}

func titleCut(of int) string {
	return fmt.Sprintf("the first %d of %d calls", graphMax, of)
}
