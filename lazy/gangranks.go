package lazy

import (
	"context"
	"errors"
	"sync"

	"github.com/dally-go/dally/comm"
	"github.com/dally-go/dally/executor"
)

// # The ranks of a gang
//
// One try is one world of comm and a goroutine per rank. The first failure is the call's: it is noted before the others
// can hear of it, so whatever comes of it in them comes later.
//
// Ranks are goroutines here, since what runs them and what connects them are made here together: comm.NewLocal and
// gangTry.run. Ranks on other machines would need another pair: a starter that sends the function's name, the argument
// and the rank to where they are to run, and brings back a value or an error for member.end; and a comm.Transport for each,
// from which comm.New makes what the function is given. The rest – one call, all or none, the first failure – stays.

// gangTry is one try of a gang.
type gangTry struct {
	*gang
	call   *callContext // of the gang's call
	world  *comm.Local
	ctx    context.Context // of all ranks
	cancel context.CancelCauseFunc
	body   func(context.Context, *comm.Comm) error

	members []*member
	mu      sync.Mutex
	err     error // the first failure. Guarded by mu
}

// member is one rank of a try.
type member struct {
	*gangTry
	rank  int
	c     *callContext // what Gets inside know it by
	holds bool         // a slot, or has lent it. Used by the rank's goroutine
}

// runGang runs one try of the gang whose call has the context: body, once for each rank. It returns when all ranks have
// ended, with the first failure.
func runGang(ctx context.Context, body func(context.Context, *comm.Comm) error) error {
	call := ctx.Value(callKey{}).(*callContext)
	t := &gangTry{gang: call.gang, call: call, body: body}
	t.ctx, t.cancel = context.WithCancelCause(ctx)
	defer t.cancel(nil)
	t.world = comm.NewLocal(t.ranks, comm.LocalOptions{Waits: t.waits})
	for k := range t.ranks {
		c := &callContext{Context: t.ctx, run: call.run, node: call.node, private: call.private, own: t.slot, of: call}
		t.members = append(t.members, &member{gangTry: t, rank: k, c: c})
	}
	held := int(t.held.Swap(0))
	var all sync.WaitGroup
	for k, m := range t.members {
		m.holds = k < held
		all.Go(m.serve)
	}
	all.Wait()
	return t.err
}

// waits lends the slot of a rank that is about to wait in an operation. The function it returns takes it back.
func (t *gangTry) waits(rank int) (resume func()) {
	if t.slot == nil {
		return nil
	}
	c := t.members[rank].c
	l := &lending{slot: c.own, gets: &c.gets}
	l.Lend()
	return l.Reclaim
}

// serve is the life of a rank.
func (m *member) serve() {
	var err error
	returned := false
	defer func() {
		if !returned {
			err = newPanicError(m.name, recover())
		}
		m.end(err)
	}()
	if err = m.begin(); err == nil {
		m.hold(func() { err = m.run() })
	}
	returned = true
}

// begin waits for a slot if the rank needs one and has none.
func (m *member) begin() error {
	if m.slot != nil && !m.holds {
		_, _, err := m.from.TakeAll(m.ctx, 1)
		m.holds = err == nil
		return err
	}
	return m.ctx.Err()
}

// hold calls f, whose goroutine holds the rank's slot.
func (m *member) hold(f func()) {
	if m.slot == nil {
		f()
		return
	}
	executor.Holding(m.slot, f)
}

// run calls the function.
func (m *member) run() error {
	x := &execution{run: m.c.run, node: m.c.node, start: mono()}
	err := m.body(m.c, m.world.Comm(m.rank))
	if err == nil {
		err = x.changedOwn()
	}
	return err
}

// end ends the rank with what its function has come to.
func (m *member) end(err error) {
	m.c.end()
	if m.c.tainted.Load() {
		m.call.tainted.Store(true)
	}
	if err != nil {
		m.fail(m.rank, err)
	}
	m.world.Done(m.rank, err)
	if m.holds {
		m.slot.Lend()
	}
}

// fail ends the try because of a rank, unless it has ended.
func (t *gangTry) fail(rank int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return
	}
	t.err = &comm.RankError{Rank: rank, Err: err}
	dead, inside := (*comm.DeadlockError)(nil), (*Error)(nil)
	if errors.As(err, &dead) && !errors.As(err, &inside) { // no rank's alone; that of another gang, got inside, is
		t.err = dead
	}
	t.cancel(t.err)
}
