package comm_test

import (
	"sync"
	"testing"

	"github.com/dally-go/dally/comm"
)

// run runs body as n ranks and returns what they returned, when all have.
func run(t testing.TB, n int, body func(c *comm.Comm) error) []error {
	t.Helper()
	return runWith(comm.NewLocal(n, comm.LocalOptions{}), n, body)
}

func runWith(world *comm.Local, n int, body func(c *comm.Comm) error) []error {
	errs := make([]error, n)
	var ranks sync.WaitGroup
	for r := range n {
		ranks.Go(func() {
			errs[r] = body(world.Comm(r))
			world.Done(r, errs[r])
		})
	}
	ranks.Wait()
	return errs
}
