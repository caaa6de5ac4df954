package live

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz"
	"github.com/dally-go/dally/viz/record"
)

// key is graph.json: all that there is to tell at a moment.
type key struct {
	version int
	seq     uint64 // of the first frame that comes after it
	json    []byte
	snap    graph.Snapshot
	made    time.Time
	cost    time.Duration

	zip     sync.Once
	zipped  []byte       // Written in zip
	zipCost atomic.Int64 // nanoseconds

	find  sync.Once
	place map[graph.ID]int32 // of the nodes in snap. Written in find
}

// served is a key that somebody has got, whose events may be asked for next.
type served struct {
	seq uint64
	at  time.Time
}

// servedFor is how long after it got a key a client may take to ask for the events after it.
const servedFor = 10 * time.Second

// gzipped returns the JSON compressed. That is done once, for whoever asks first.
func (k *key) gzipped() []byte {
	k.zip.Do(func() {
		began := time.Now()
		defer func() { k.zipCost.Store(int64(time.Since(began))) }()
		var b bytes.Buffer
		b.Grow(len(k.json) / 3)
		z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // the level is known to be right
		_, _ = z.Write(k.json)                          // a buffer takes everything
		_ = z.Close()
		k.zipped = b.Bytes()
	})
	return k.zipped
}

// makeKey takes the graph and writes the key. If the graph has grown, those who got a key before are told to fetch this
// one. n is what the last advance returned. It needs work.
func (f *feed) makeKey(n *record.Now, grown bool) *key {
	began := time.Now()
	last, _ := f.lastKey()
	wanted := f.wanted.Swap(false)
	tell := grown && last != nil || wanted
	if grown || wanted {
		f.version++
	}
	k := &key{version: f.version, seq: f.log.end()}
	if tell {
		k.seq++ // its own event comes first
	}
	var trouble string
	f.snap, trouble = f.picture()
	k.json = f.encode(n, trouble)
	k.snap, k.made = f.snap, time.Now()
	k.cost = k.made.Sub(began)
	if calls := len(f.snap.Nodes); calls >= 1000 {
		f.perCall = min(k.cost/time.Duration(calls), perCallMax)
	}
	f.pictured, f.changed, f.overrun, f.since = n.Planned, false, false, time.Time{}
	f.mu.Lock()
	f.key = k
	f.mu.Unlock()
	if tell {
		f.announced = len(f.names) // all fetch the key, which has them
		f.log.add(graphEvent(f.version))
	}
	return k
}

// picture takes the graph. Values are asked for previews by it: what they do must not end the program.
func (f *feed) picture() (s graph.Snapshot, trouble string) {
	defer func() {
		if p := recover(); p != nil {
			s, trouble = graph.Snapshot{}, fmt.Sprintf("the graph is not shown, for a panic while it was taken: %v", p)
		}
	}()
	return f.rec.Graph(), ""
}

// encode writes graph.json. A graph that cannot be drawn is left out, and the page says why.
func (f *feed) encode(n *record.Now, trouble string) []byte {
	started := f.rec.Start()
	sortByStart(f.spans)
	rec := graph.Record{
		Start: started, Runs: f.rec.Runs(time.Time{}), Spans: merged(f.spans, n.Running[:min(len(n.Running), runningMax)]),
		Functions: n.Functions, Failures: f.rec.Failures(0), Dropped: f.dropped,
	}
	var b bytes.Buffer
	b.Grow(1<<10 + 60*len(f.snap.Nodes) + 40*len(rec.Spans))
	head := &frame{b: append(b.AvailableBuffer(), '{')}
	b.Write(head.numbers(n).raw(",").b)
	from := b.Len()
	for {
		opts := append(lasting(), viz.Title(f.opt.title), viz.Ran(rec), viz.Values(f.opt.values),
			viz.Live(uint64(f.version), &f.names), viz.Taken(started.Add(n.At)), viz.Note(f.note(&rec, trouble)), viz.Note(f.snap.Title))
		err := draw(&b, f.snap, opts)
		f.list()
		if err == nil || len(f.snap.Nodes) == 0 {
			return b.Bytes()
		}
		b.Truncate(from)
		f.snap, trouble = graph.Snapshot{}, "the graph is not shown: "+err.Error()
	}
}

// draw writes the page's data after the brace. A graph that nobody has thought of must not end the program.
func draw(b *bytes.Buffer, s graph.Snapshot, opts []viz.Option) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a panic while it was drawn: %v", p)
		}
	}()
	return viz.WriteJSON(&rest{w: b}, s, opts...)
}

// lasting leaves out the facts that would be false with the next frame. The page's head has them.
func lasting() (opts []viz.Option) {
	for _, name := range []string{"cached", "failed", "runs", "wall time", "time in calls", "calls at once"} {
		opts = append(opts, viz.Fact(name, ""))
	}
	return opts
}

// note tells what is not in the picture, and how to have it there.
func (f *feed) note(rec *graph.Record, trouble string) string {
	if trouble != "" || f.rec.Keeps() {
		return trouble
	}
	f.mu.Lock()
	watched := f.watched
	f.mu.Unlock()
	for i := range rec.Runs {
		if r := &rec.Runs[i]; !r.End.IsZero() && (watched.IsZero() || r.End.Before(watched)) {
			return "the picture has no runs that were over before this page was open; with record.New(record.Graphs()) it has"
		}
	}
	return ""
}

// rest writes all but the first byte, which is the brace of an object that goes on.
type rest struct {
	w     io.Writer
	begun bool
}

// Write is for an io.Writer.
func (r *rest) Write(p []byte) (int, error) {
	if r.begun || len(p) == 0 {
		return r.w.Write(p)
	}
	r.begun = true
	n, err := r.w.Write(p[1:])
	return n + 1, err
}

// Of the time of all processors, one part in share may go into keys while runs go on: 1.5 %.
const share = 66

// What a key is guessed to take per call: at first, and at most, as it may be measured while everything is busy.
const (
	perCallFirst = time.Microsecond
	perCallMax   = 2 * time.Microsecond
)

// due reports whether the graph has changed and there is time to take it: the last one, and what the next one is guessed
// to take, must be less than the share of the time that has passed. So a graph of 100 calls is there at once, and one of
// 100,000 on two processors after some seconds, or when its run is over. It needs work.
func (f *feed) due(n *record.Now, now time.Time) bool {
	over := n.Active == 0
	if n.Planned == f.pictured && !f.overrun && !(over && f.changed) && !f.wanted.Load() {
		f.since = time.Time{}
		return false
	}
	if f.since.IsZero() {
		f.since = now
	}
	if last, _ := f.lastKey(); last != nil && now.Sub(last.made) < spread(last.cost+time.Duration(last.zipCost.Load())) {
		return false
	}
	guess := f.perCall * time.Duration(len(f.snap.Nodes)+max(0, n.Planned-f.pictured)+len(f.spans)/2)
	return over || now.Sub(f.since) >= spread(guess)
}

// spread is in how much time a cost is little.
func spread(cost time.Duration) time.Duration {
	return cost * share / time.Duration(runtime.GOMAXPROCS(0))
}

// tick is the hub's work: a frame, and a key if it is time for one. It returns how long to wait until the next.
func (f *feed) tick() time.Duration {
	f.work.Lock()
	defer f.work.Unlock()
	began := time.Now()
	n := f.advance()
	now := time.Now()
	wait := min(max(tickMin, spread(now.Sub(began))), tickMax)
	if f.due(&n, now) {
		f.makeKey(&n, true)
	}
	if n.Active == 0 && !f.changed {
		wait = max(wait, 2*tickMin)
	}
	return wait
}

// Between two frames.
const (
	tickMin = 125 * time.Millisecond
	tickMax = 2 * time.Second
)

// fetch returns a key to begin with. A client that was told of a version gets the key of that, whose events it follows.
// Others get one that is up to date; only while runs go on it may be some seconds old, for those who ask all the time.
func (f *feed) fetch(ctx context.Context, version int) (*key, error) {
	f.work.Lock()
	defer f.work.Unlock()
	if err := ctx.Err(); err != nil { // it has been waiting
		return nil, err
	}
	k, usable := f.lastKey()
	if !usable || version <= 0 || k.version < version {
		n := f.advance()
		old := !usable || f.changed || n.Active > 0 || n.Planned != f.pictured
		if k == nil || old && (n.Active == 0 || time.Since(k.made) >= 20*k.cost) {
			k = f.makeKey(&n, f.hasGrown(&n))
		}
	}
	f.serve(k, time.Now())
	return k, nil
}

// serve notes that somebody gets the key.
func (f *feed) serve(k *key, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.served) > 0 && (now.Sub(f.served[0].at) > servedFor || len(f.served) >= 1000) {
		f.served = f.served[1:]
	}
	if last := len(f.served) - 1; last >= 0 && f.served[last].seq == k.seq {
		f.served[last].at = now
		return
	}
	f.served = append(f.served, served{k.seq, now})
}

// hasGrown reports whether those who have the last key need another one.
func (f *feed) hasGrown(n *record.Now) bool {
	return n.Planned != f.pictured || f.overrun || f.version == 0
}

// lastKey is the last key, nil before the first, and whether all frames after it are there.
func (f *feed) lastKey() (k *key, usable bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.key, f.key != nil && f.log.has(f.key.seq)
}

// from is where the events of a new client begin: here, for a client that fetches its key now; or, if somebody got a key
// of late, after that, for it may be this client. What a client knows already does no harm: the page leaves it out. ok is
// false if a key was got whose events are gone.
func (f *feed) from(now time.Time) (seq uint64, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	seq, ok = f.log.end(), true
	for _, s := range f.served {
		if now.Sub(s.at) > servedFor {
			continue
		}
		if seq = min(seq, s.seq); !f.log.has(s.seq) {
			ok = false
		}
	}
	return seq, ok
}

// again is where the events of a client go on that cannot go on where it was: with a key that it is told to fetch. told
// is the event; if there is none, the hub is asked for a new key, and all clients will be told.
func (f *feed) again() (seq uint64, told []byte) {
	if k, usable := f.lastKey(); usable {
		return k.seq, graphEvent(k.version)
	}
	f.wanted.Store(true)
	return f.log.end(), nil
}

func graphEvent(version int) []byte {
	return event("graph", fmt.Appendf(nil, `{"version":%d}`, version))
}

// reset lets go of all that was kept for clients.
func (f *feed) reset() {
	f.work.Lock()
	defer f.work.Unlock()
	f.log.clear()
	f.cursor, f.read, f.spans, f.dropped, f.overrun = record.Cursor{}, nil, nil, 0, false
	clear(f.told)
	clear(f.runs)
	f.runsAt, f.failures, f.planned, f.pictured, f.snap = time.Time{}, 0, 0, 0, graph.Snapshot{}
	f.mu.Lock()
	f.key = nil
	f.mu.Unlock()
}
