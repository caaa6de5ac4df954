package proc

import (
	"context"
	"fmt"
	"sync"
)

// started are the commands that have been started and have not ended.
var started struct {
	mu   sync.Mutex
	n    int           // guarded by mu
	none chan struct{} // closed when n is 0 again; nil: nobody waits. Guarded by mu
}

// begin counts a command, and end counts it out.
func begin() (end func()) {
	started.mu.Lock()
	defer started.mu.Unlock()
	started.n++
	return func() {
		started.mu.Lock()
		defer started.mu.Unlock()
		if started.n--; started.n == 0 && started.none != nil {
			close(started.none)
			started.none = nil
		}
	}
}

// Wait waits until no command of this process is running any more, whichever Get has started it, or until ctx ends: then
// it says how many are left. A Get returns as soon as its context has ended, while the commands that it has stopped
// are still ending, each with [Program].Grace for that; a program that ends at this moment would leave them behind. So
// one that ends after a Get was stopped waits first:
//
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
//	defer stop()
//	r, err := report.Get(ctx)
//	if err != nil {
//		_ = proc.Wait(context.Background()) // before log.Fatal, which runs no deferred functions
//		log.Fatal(err)
//	}
//
// Wait stops nothing by itself. It may be called at any time, by many goroutines.
func Wait(ctx context.Context) error {
	started.mu.Lock()
	if started.n == 0 {
		started.mu.Unlock()
		return nil
	}
	if started.none == nil {
		started.none = make(chan struct{})
	}
	none := started.none
	started.mu.Unlock()
	select {
	case <-none:
		return nil
	case <-ctx.Done():
	}
	started.mu.Lock()
	defer started.mu.Unlock()
	return fmt.Errorf("proc: Wait: %d commands are still running: %w", started.n, ctx.Err())
}
