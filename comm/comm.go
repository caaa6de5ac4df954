package comm

import (
	"context"
	"fmt"
	"sync/atomic"
)

// AnySource and AnyTag are what a receive may give instead of a rank and a tag: it then takes the oldest message that
// fits the rest.
const (
	AnySource = -1
	AnyTag    = -1
)

// Comm is one rank's end of the talk between ranks. It belongs to the goroutine that runs the rank: an operation that
// begins while another of the same Comm goes on panics.
type Comm struct {
	end Transport

	// rank and size are those of end, which never change.
	rank, size int

	// busy is set while an operation goes on.
	busy atomic.Bool

	// collectives counts the collective operations that were begun. Only the operation that has set busy touches it.
	collectives int
}

// New returns a Comm that talks through t, which it takes over. It is for those who write a Transport; ranks that are
// goroutines get theirs from Local.Comm.
func New(t Transport) *Comm {
	if t == nil {
		panic("comm: New needs a Transport, got nil")
	}
	return &Comm{end: t, rank: t.Rank(), size: t.Size()}
}

// Rank is the number of this rank, from 0 to Size()-1.
func (c *Comm) Rank() int { return c.rank }

// Size is how many ranks there are.
func (c *Comm) Size() int { return c.size }

// Name says where this rank runs, as MPI's processor name does: the name of the host, if nothing more is known. Ranks
// of one process have one name; what tells them apart is Rank.
func (c *Comm) Name() string { return c.end.Name() }

// String returns the likes of "rank 2 of 4".
func (c *Comm) String() string { return fmt.Sprintf("rank %d of %d", c.rank, c.size) }

// begin starts an operation, which end must follow unless there is an error. It does not wait.
func (c *Comm) begin(ctx context.Context, op string) error {
	if c == nil {
		panic("comm: " + op + " needs the rank's Comm, got nil")
	}
	if ctx == nil {
		panic("comm: " + op + " needs a context, got nil: use context.Background()")
	}
	if err := ctx.Err(); err != nil {
		return cancelled(ctx, c.rank, op)
	}
	if !c.busy.CompareAndSwap(false, true) {
		panic(fmt.Sprintf("comm: %s of rank %d began while another operation of that rank goes on: a Comm is for one "+
			"goroutine; let the others of the rank hand their values to it", op, c.rank))
	}
	return nil
}

// done ends what begin has started.
func (c *Comm) done() { c.busy.Store(false) }

// cancelled is the error of an operation that ctx has ended.
func cancelled(ctx context.Context, rank int, op string) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == err {
		return fmt.Errorf("comm: rank %d: %s: %w", rank, op, err)
	}
	return fmt.Errorf("comm: rank %d: %s: %w: %w", rank, op, err, cause)
}

// checkRank refuses a rank that is not one of size.
func (c *Comm) checkRank(op, what string, rank int) error {
	if rank < 0 || rank >= c.size {
		return fmt.Errorf("comm: rank %d: %s: %s is rank %d, want 0 to %d", c.rank, op, what, rank, c.size-1)
	}
	return nil
}
