package lazy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/dally-go/dally/executor"
)

// # How a stream works
//
//	source ──► feeder ──► pages of items ──► lanes: Gets of some items each ──► done ──► the one who ranges
//	             ▲            │ pulled          │ given                                    │ taken
//	             └────────────┴─────────────────┴──────── room ◄───────────────────────────┘
//
// Items go through three cursors: the feeder writes at the first, lanes take from the second, the one who ranges from
// the third; what is behind that is dropped. The feeder is one goroutine, in which the source runs and the calls are
// recorded. A lane is a goroutine that takes the items that are there, up to a batch, computes them with one Get that
// keeps going, and takes more; when there are none it ends. So lanes cost nothing while nothing comes, and an item that
// comes alone is alone in its Get. (To park lanes costs as much as to start them; a lane per item, 1 µs more an item.)
//
// How many lanes there are, and how long batches may be, is for stream_lane.go to say.
//
// Three parties sleep and wake each other: nobody looks again and again. The feeder sleeps on room, the one who ranges
// on ready. Each says so in a word of its own (wants, waiting) and then looks once more; who changes what is waited for
// does it the other way round. Everything else is under mu, which is taken once per batch, not per item.

// stream is one ranging over a stream.
type stream struct {
	o       streamOptions
	workers int32           // of the session
	foreign bool            // the session's executor is the user's: how much it does at once is not known
	caller  context.Context // of the one who ranges
	ctx     context.Context // of the source and of the Gets; ends with the stream
	cancel  context.CancelCauseFunc
	outer   *callContext  // the call that the stream is ranged over in; nil: none
	inside  *callContext  // stands for it in the Gets: see stream_inside.go
	slot    executor.Slot // of the one who ranges, if outer is nil
	live    sync.WaitGroup

	// pulled is how many items the source has given, given how many the lanes have taken, taken how many results were
	// yielded and are done with. They are written by the feeder, under mu, and by the one who ranges.
	pulled, given, taken atomic.Int64
	ahead                atomic.Int64 // pulled - taken is at most that
	batch                atomic.Int64 // length that batches are to have
	lanes                atomic.Int32 // those that count: see batch.late
	waits                atomic.Int64 // 1 + the number of the last item that waits for something else than a worker
	wants                atomic.Int64 // the room that the sleeping feeder waits for; 0: it does not sleep
	room                 chan struct{}
	waiting              atomic.Bool // the one who ranges sleeps, or is about to. Written under mu
	ready                chan struct{}

	// Of the feeder alone.
	write     cursor
	mayPull   int64                        // pulled may become that without looking
	failure   error                        // that the source has yielded
	last      *function                    // of the item before, if that was the only call of the item
	lastWaits bool                         // the item before waits for something else than a worker
	part      Func1[*streamPart, struct{}] // makes pairs. Written before the first pair is counted in pulled

	mu      sync.Mutex
	read    cursor  // guarded by mu
	cost    int64   // of an item, in ns; 0: not known. Guarded by mu
	ended   bool    // the source has. Guarded by mu
	cut     bool    // caller had ended by then. Guarded by mu
	end     *Error  // why the source ended early. Guarded by mu
	results cursor  // of the first that is not grabbed. Guarded by mu
	grabbed int64   // number of items that next has returned. Guarded by mu
	done    []*item // unordered: that are done. Guarded by mu
	grab    []*item // what next has returned last. Of the one who ranges
}

// errStreamOver is why the context of a stream ends.
var errStreamOver = errors.New("lazy: the stream is over")

func newStream(ctx context.Context, o streamOptions) *stream {
	s := &stream{o: o, caller: ctx, room: make(chan struct{}, 1), ready: make(chan struct{}, 1)}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	if s.o.run.session == nil {
		s.o.run.session = Default
	}
	if s.outer = callOf(ctx); s.outer != nil {
		s.goInside(o.run.session)
	} else {
		s.slot = executor.SlotHere()
	}
	s.workers = int32(max(1, s.o.run.session.workers()))
	s.foreign = s.o.run.session.Executor != nil
	s.batch.Store(1)
	s.ahead.Store(int64(s.o.ahead))
	if s.o.ahead == 0 {
		s.ahead.Store(aheadMin * int64(s.workers))
	}
	first := newPage(min(int(s.ahead.Load()), pageFirst))
	s.write, s.read, s.results = cursor{page: first}, cursor{page: first}, cursor{page: first}
	s.mayPull = s.ahead.Load()
	return s
}

// start starts the feeder.
func (s *stream) start(feed func(*stream)) {
	if s.caller.Err() != nil {
		return // next says so
	}
	s.live.Add(1)
	go s.feed(feed)
}

// next returns the items that are to be yielded next, all done, waiting for them if need be; or the error that ends the
// stream; or, the stream being complete, nothing.
func (s *stream) next() ([]*item, error) {
	for {
		s.mu.Lock()
		over := s.ended && !s.cut && s.taken.Load() == s.pulled.Load()
		if !over && s.caller.Err() != nil {
			s.mu.Unlock()
			return nil, s.leftError()
		}
		if over {
			err := s.end
			s.end = nil
			s.mu.Unlock()
			if err != nil {
				return nil, err
			}
			return nil, nil
		}
		s.grabLocked()
		s.waiting.Store(len(s.grab) == 0)
		s.mu.Unlock()
		if len(s.grab) > 0 {
			return s.grab, nil
		}
		s.sleep()
	}
}

// grabLocked makes grab what is done and may be yielded. Needs s.mu.
func (s *stream) grabLocked() {
	s.grab = s.grab[:0]
	if s.o.unordered {
		s.grab, s.done = s.done, s.grab
		s.grabbed += int64(len(s.grab))
		return
	}
	for s.grabbed < s.given.Load() && len(s.grab) < pageMax {
		it := &s.results.rest()[0]
		if !it.done {
			return
		}
		s.grab = append(s.grab, it)
		s.results.at++
		s.grabbed++
	}
}

// sleep waits until something is done, or the source or the context has ended.
func (s *stream) sleep() {
	if s.wants.Load() > 0 && s.pulled.Load()-s.taken.Load() < s.ahead.Load() {
		s.wakeFeeder() // who waits for more room than one
	}
	s.lent(func() {
		select {
		case <-s.ready:
		case <-s.caller.Done():
		}
	})
	s.waiting.Store(false)
}

// wakeReader wakes the one who ranges, if it sleeps.
func (s *stream) wakeReader() {
	if s.waiting.Load() {
		select {
		case s.ready <- struct{}{}:
		default:
		}
	}
}

// release is told that a result was yielded and is done with.
func (s *stream) release() {
	taken := s.taken.Add(1)
	if wants := s.wants.Load(); wants > 0 && s.pulled.Load()-taken+wants <= s.ahead.Load() {
		s.wakeFeeder()
	}
}

func (s *stream) wakeFeeder() {
	if s.wants.Swap(0) > 0 {
		select {
		case s.room <- struct{}{}:
		default:
		}
	}
}

// leftError is the error of a stream whose context has ended.
func (s *stream) leftError() error {
	err := s.caller.Err()
	if cause := context.Cause(s.caller); cause != err { // whether there is another one
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return &Error{Op: opStream, Call: fmt.Sprintf("after %d results", s.taken.Load()), Err: err}
}

// opStream is what errors call a stream.
const opStream = "stream"

// stop ends the stream, whatever it is at, and returns when its goroutines have ended.
func (s *stream) stop() {
	s.cancel(errStreamOver)
	s.lent(s.live.Wait)
	if s.inside != nil {
		s.inside.over.Store(true)
	}
	var p *PanicError
	if s.end != nil && errors.As(s.end, &p) { // nobody has been told
		s.o.run.session.logger().Warn("lazy: the source of a stream that nobody reads any more has panicked", "error", s.end)
	}
}
