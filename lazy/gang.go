package lazy

import (
	"context"
	"fmt"

	"github.com/dally-go/dally/comm"
)

// Gang wraps a function that runs as n ranks at once, which talk to each other through their [comm.Comm]: one call, whose
// value is what each rank has returned, by rank.
//
//	norm := lazy.Gang(4, func(ctx context.Context, c *comm.Comm, v []float64) (float64, error) {
//		part := v[len(v)*c.Rank()/c.Size() : len(v)*(c.Rank()+1)/c.Size()]
//		return comm.AllReduce(ctx, c, sumOfSquares(part), func(a, b float64) float64 { return a + b })
//	})
//	norms, err := norm(v).Get(ctx) // four times the same
//
// All ranks are given the same argument: they share what it points to, and none may write to it.
//
// Ranks are functions that run, so they are counted in the session's Parallelism and in [Workers]. A gang gets workers for
// all its ranks together, or for none: it waits until it has collected n, or all there are if that is less. It comes
// before calls that have not begun, and gangs come one after another, whatever their [Priority]. What has been collected
// lies idle until the rest is there, so next to a gang no call should take longer than the gang can wait.
//
// If there are more ranks than workers, the ranks take turns: a rank that waits in an operation of its Comm, or in a Get
// that is given its context, lends its worker, and takes one back when it goes on. So a gang of 16 runs on one worker,
// too – unless a rank waits for others in a loop of its own, which nobody can see.
//
// Each rank's context is the call's: a Get inside counts as an input of the call. It ends, too, when a rank fails, and
// its cause is that failure. A rank fails by an error, a panic or runtime.Goexit. The others' operations and contexts
// end then, all are waited for, and the call fails with a [*comm.RankError] that tells the rank and why; what the others
// have returned meanwhile does not matter. If no rank can go on, since all that have not ended wait for each other, the
// call fails with a [*comm.DeadlockError] that tells who waits for whom.
//
// Options are as for other calls. [Retry] runs all ranks again, in a new world. [Timeout] begins when all have their
// workers. The ranks of a [Blocking] gang need no workers, and no gang's [OrElse] does. [RunsOn] an executor.NewPool
// collects workers there; on executors of others, of which nothing can be collected, ranks are goroutines that nobody
// counts.
//
// Gang panics if n < 1 and if fn is nil.
func Gang[A, R any](n int, fn func(ctx context.Context, c *comm.Comm, a A) (R, error), opts ...Option) Func1[A, []R] {
	if n < 1 {
		panic(fmt.Sprintf("lazy: Gang at %s: the number of ranks is %d: want 1 or more", userLine(), n))
	}
	f := newFunction[[]R](fn, opts)
	f.ranks, f.wantsContext, f.detached, f.plain = n, true, true, false
	f.call = func(call *node, ctx context.Context, at *frame) error {
		a := take[A](call, 0, at)
		values := make([]R, n)
		err := runGang(ctx, func(ctx context.Context, c *comm.Comm) (err error) {
			values[c.Rank()], err = fn(ctx, c, a)
			return err
		})
		if err == nil {
			put(call, at, values)
		}
		return err
	}
	return recorder1[A, []R](f)
}
