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
	values, always bool
	album          album

	mu      sync.Mutex
	readers int            // Guarded by mu. Those of Watch. Without one, and unless always, runs that are over are let go.
	watched bool           // Guarded by mu. Whether there ever was a reader.
	waiting []lazy.RunInfo // Guarded by mu. Runs that are over and not pictured yet: a circle once it is full.
	oldest  int            // Guarded by mu. Where the circle begins.
	taking  int            // Guarded by mu. How many are taking pictures.
	ready   time.Time      // Guarded by mu. When runs may be pictured again unasked.
}

// explain notes why the calls of a plan run.
func (k *graphs) explain(plan graph.Snapshot) { k.album.explain(plan) }

// over is told of a run's end, before the run is active no more: Graph finds it in one place or the other. It reports
// whether there was no more room.
func (k *graphs) over(i lazy.RunInfo) (full bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.always && k.readers == 0 {
		return false
	}
	if len(k.waiting) < waitingMax {
		k.waiting = append(k.waiting, i)
		return false
	}
	k.waiting[k.oldest] = i
	k.oldest = (k.oldest + 1) % waitingMax
	return true
}

// due reports whether the caller has to take what waits: if no other run goes on, or there was no more room. Readers take
// it themselves, and while somebody takes pictures it may be a String method that has run calls, for one of them.
func (k *graphs) due(alone, full bool) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.always || k.readers > 0 || k.taking > 0 || !alone && !full || time.Now().Before(k.ready) {
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

// Watch keeps the shapes of runs that end from now on, as [Graphs] does, until stop is called: for a reader that comes
// and goes, such as a page. It must call Graph every few seconds, for runs that are over stay in memory with their values
// until then, 256 of them at most; in return their own ends are not held up. stop may be called several times.
func (r *Recorder) Watch() (stop func()) {
	r.init()
	k := r.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	k.readers++
	k.watched = true
	return sync.OnceFunc(func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.readers--; k.readers == 0 && !k.always {
			k.waiting, k.oldest = nil, 0
		}
	})
}

// Keeps reports whether the Recorder was told to keep graphs of runs that are over: by [Graphs], [Values] or [Reasons].
func (r *Recorder) Keeps() bool {
	r.init()
	return r.kept.always
}

// Graph returns what ran, and what it depends on, as pictures taken when runs ended, or are taken now of those that go
// on: each node as it was pictured the last time. Without [Graphs] and [Recorder.Watch] it is what goes on alone. It
// takes some 250 ns per call that is there, and for each that is pictured anew 250 ns more, with [Values] 1 µs. Runs that
// end meanwhile do not wait for it, but are pictured later.
//
// There are at most 262,144 calls: when there would be more, all but those of the latest picture go, and of one that is
// larger by itself the first are kept, with a Title that says so. Every input of a call is there.
func (r *Recorder) Graph() graph.Snapshot {
	r.init()
	k := r.kept
	if !k.keeps() {
		k = &graphs{values: k.values}
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

// keeps reports whether pictures are, or were, kept.
func (k *graphs) keeps() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.always || k.watched
}

func titleCut(of int) string {
	return fmt.Sprintf("the first %d of %d calls", graphMax, of)
}
