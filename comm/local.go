package comm

import (
	"context"
	"fmt"
	"os"
	"sync"
)

// Local is a world of ranks that are goroutines of this process. It starts none: whoever makes it starts a goroutine
// for each rank with the Comm of that rank, and calls Done when it returns.
//
//	running ──wait──► waiting ──what it waits for is there, ctx is done, or the world has failed──► running
//	   └──────Done──────┴──► ended
//
// A rank that waits has not what it waits for: whoever brings it hands it over and makes the rank running, all under
// mu. So if no rank runs, nothing will ever come to those that wait.
type Local struct {
	hooks LocalOptions

	mu sync.Mutex

	// ranks are the ends of all ranks. The slice is written once; what its elements hold is guarded by mu, except where
	// they say else.
	ranks []*localEnd

	// running is how many ranks neither wait in an operation nor have ended, and ended how many have. Guarded by mu.
	running, ended int

	// meetings are the collective operations that not all ranks have come to, oldest first, and met how many there were
	// before them. Guarded by mu.
	meetings []*meeting
	met      int

	// failed is what all operations return since a rank has failed, ranks have called different collective operations,
	// or there was a deadlock. Guarded by mu, written once.
	failed error
}

// LocalOptions are the options of NewLocal.
type LocalOptions struct {
	// Waits, if it is not nil, is called when a rank is about to wait in an operation, on its goroutine, and what it
	// returns, if that is not nil, when the rank goes on. In between the rank computes nothing, so it can give away what
	// it computes with. The default is to do nothing.
	Waits func(rank int) (resume func())
}

// hostname is the name of this host.
var hostname = sync.OnceValue(func() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
})

// NewLocal returns a world of n ranks, all of which count as running until Done says that they have ended. It panics if
// n < 1.
func NewLocal(n int, o LocalOptions) *Local {
	if n < 1 {
		panic(fmt.Sprintf("comm: NewLocal needs at least 1 rank, got %d", n))
	}
	l := &Local{hooks: o, ranks: make([]*localEnd, n), running: n}
	for i := range l.ranks {
		e := &localEnd{world: l, rank: i, wake: make(chan struct{}, 1)}
		e.comm = New(e)
		l.ranks[i] = e
	}
	return l
}

// Comm returns the end of a rank, the same one every time. It panics if there is no such rank.
func (l *Local) Comm(rank int) *Comm { return l.mustEnd("Comm", rank).comm }

// Transport returns what the rank's Comm is built upon, the same one every time: for a Transport that adds something to
// it, or that carries it to a rank elsewhere. A rank uses its Comm or its Transport, not both at once. It panics if there
// is no such rank.
func (l *Local) Transport(rank int) Transport { return l.mustEnd("Transport", rank) }

func (l *Local) mustEnd(method string, rank int) *localEnd {
	if rank < 0 || rank >= len(l.ranks) {
		panic(fmt.Sprintf("comm: Local.%s: rank is %d, want 0 to %d", method, rank, len(l.ranks)-1))
	}
	return l.ranks[rank]
}

// Done says that a rank's function has returned. With an error all operations of other ranks, those that wait and those
// to come, fail with a *RankError, unless they fail already. Messages that it has not received are dropped; that is no
// error. Operations of the rank after Done are errors. Done does nothing if the rank has ended before, and panics if
// there is no such rank. It does not wait.
//
// What a rank has done before Done synchronizes before the return of the operations that fail for it.
func (l *Local) Done(rank int, err error) {
	e := l.mustEnd("Done", rank)
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.ended {
		return
	}
	if e.waiting { // its caller has given up on it
		l.wakeLocked(e, e.endedErr())
	}
	e.ended, e.inbox = true, inbox{}
	l.running--
	l.ended++
	if err != nil {
		l.failLocked(&RankError{Rank: rank, Err: err})
		return
	}
	l.endedLocked(e)
	l.settleLocked()
}

// failLocked ends all operations with err, now and in future. l.mu is held.
func (l *Local) failLocked(err error) {
	if l.failed != nil {
		return
	}
	l.failed = err
	l.meetings = nil
	for _, e := range l.ranks {
		e.inbox = inbox{}
		if e.waiting {
			l.wakeLocked(e, err)
		}
	}
}

// localEnd is one rank's Transport.
type localEnd struct {
	world *Local
	rank  int
	comm  *Comm

	// wake gets one value each time the rank is taken from waiting to running by another.
	wake chan struct{}

	// waiting and ended are the state, see Local.
	waiting, ended bool

	// inbox are the messages to this rank that it has not received.
	inbox inbox

	// meets is how many collective operations the rank has come to.
	meets int

	// wait is what the rank waits for, if it does, and then what it has got, which it alone reads after wake.
	wait wait
}

// Rank implements Transport.
func (e *localEnd) Rank() int { return e.rank }

// Size implements Transport.
func (e *localEnd) Size() int { return len(e.world.ranks) }

// Name implements Transport.
func (e *localEnd) Name() string { return hostname() }

// readyLocked returns why the rank can begin no operation, or nil. e.world.mu is held.
func (e *localEnd) readyLocked() error {
	if e.ended {
		return e.endedErr()
	}
	return e.world.failed
}

func (e *localEnd) endedErr() error {
	return fmt.Errorf("comm: rank %d: its function has returned: its Comm is of no use any more", e.rank)
}

// Send puts m into the receiver's inbox, unless it waits for just that.
func (e *localEnd) Send(_ context.Context, to int, m Message) error {
	l := e.world
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := e.readyLocked(); err != nil {
		return err
	}
	r := l.ranks[to]
	if r.ended {
		return nil
	}
	if r.waiting && r.wait.meeting == nil && r.wait.want.matches(m.Envelope) {
		err := r.wait.want.refuses(r.rank, &m)
		if err == nil {
			r.wait.got = m
			l.wakeLocked(r, nil)
			return nil
		}
		l.wakeLocked(r, err)
	}
	r.inbox.put(m)
	return nil
}

// Recv takes a message from the inbox or waits for one.
func (e *localEnd) Recv(ctx context.Context, w Want) (Message, error) {
	l := e.world
	l.mu.Lock()
	if err := e.readyLocked(); err != nil {
		l.mu.Unlock()
		return Message{}, err
	}
	if m := e.inbox.find(&w); m != nil {
		defer l.mu.Unlock()
		if err := w.refuses(e.rank, &m.Message); err != nil {
			return Message{}, err
		}
		return e.inbox.take(m), nil
	}
	e.wait = wait{ctx: ctx, want: w}
	err := e.waitUnlock()
	m := e.wait.got
	e.wait = wait{} // what it has got is not the world's any more
	return m, err
}
