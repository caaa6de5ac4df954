package lazy_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dally-go/dally/comm"
	"github.com/dally-go/dally/lazy"
)

// Four ranks share the work on one slice, and each gets to know the sum.
func ExampleGang() {
	ctx := context.Background()
	add := func(a, b int) int { return a + b }

	sum := lazy.Gang(4, func(ctx context.Context, c *comm.Comm, xs []int) (int, error) {
		part := 0
		for _, x := range xs[len(xs)*c.Rank()/c.Size() : len(xs)*(c.Rank()+1)/c.Size()] {
			part += x
		}
		return comm.AllReduce(ctx, c, part, add)
	})

	xs := lazy.Source("xs", []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	sums := sum(xs)
	fmt.Println(sums.Get(ctx))

	xs.Set([]int{1, 1, 1})
	fmt.Println(sums.Get(ctx))
	// Output:
	// [55 55 55 55] <nil>
	// [3 3 3 3] <nil>
}

// The first failure of a rank is the call's; ranks that wait for each other are told from a program that is slow.
func ExampleGang_failure() {
	wait := lazy.Gang(2, func(ctx context.Context, c *comm.Comm, fails bool) (string, error) {
		if fails && c.Rank() == 1 {
			return "", fmt.Errorf("no disk")
		}
		return comm.Recv[string](ctx, c, 1-c.Rank(), 7)
	}, lazy.Name("wait"))

	for _, fails := range []bool{true, false} {
		_, err := wait.Of(fails).Get(context.Background())
		var e *lazy.Error
		if errors.As(err, &e) {
			fmt.Println(e.Err)
		}
	}
	// Output:
	// comm: rank 1 failed: no disk
	// comm: deadlock: rank 0 waits for a message from rank 1 with tag 7; rank 1 waits for a message from rank 0 with tag 7
}
