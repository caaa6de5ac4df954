package ways

import (
	"context"

	"github.com/alitto/pond/v2"
	"github.com/gammazero/workerpool"
	"github.com/panjf2000/ants/v2"
	"github.com/sourcegraph/conc/pool"
)

// pondPool is alitto/pond: its queue has no bound, so tasks may submit.
func pondPool(workers int) Way {
	return countedWay(bounded("pond v2", workers), func() (func(context.Context, *counted) error, func()) {
		p := pond.NewPool(workers)
		return submitting(func(f func()) { _ = p.Go(f) }), p.StopAndWait // an error says that the pool has been stopped
	})
}

// antsPool is panjf2000/ants: Submit blocks while all workers are busy.
func antsPool(workers int) Way {
	return countedWay(bounded("ants v2", workers), func() (func(context.Context, *counted) error, func()) {
		p, err := ants.NewPool(workers)
		if err != nil {
			return func(context.Context, *counted) error { return err }, func() {}
		}
		return coordinating(p.Submit), p.Release
	})
}

// concPool is sourcegraph/conc: Go blocks while all workers are busy; a pool is made for each run and ends with it.
func concPool(workers int) Way {
	return countedWay(bounded("conc", workers), func() (func(context.Context, *counted) error, func()) {
		return func(ctx context.Context, c *counted) error {
			p := pool.New().WithMaxGoroutines(workers)
			defer p.Wait()
			return coordinating(func(f func()) error { p.Go(f); return nil })(ctx, c)
		}, func() {}
	})
}

// workerPool is gammazero/workerpool: its queue has no bound.
func workerPool(workers int) Way {
	return countedWay(bounded("workerpool", workers), func() (func(context.Context, *counted) error, func()) {
		p := workerpool.New(workers)
		return submitting(p.Submit), p.StopWait
	})
}
