package lazy_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/comm"
	"github.com/dally-go/dally/lazy"
)

// This file is what the tests of gangs share.

// none is the argument of gangs that take none.
type none struct{}

// together returns a gang of n whose ranks meet outside their Comm, which needs all n to run at once.
func together(n int) lazy.Data[[]int] {
	b := newBarrier(n)
	return lazy.Gang(n, func(_ context.Context, c *comm.Comm, _ none) (int, error) {
		b.meet()
		return c.Rank(), nil
	}).Of(none{})
}

// allRun requires that the session still runs n functions at once, in calls and in a gang: that no slot was lost.
func allRun(t *testing.T, s *lazy.Session, n int) {
	t.Helper()
	b := newBarrier(n)
	meet := lazy.Pure1(func(k int) int { b.meet(); return k })
	ks := make([]int, n)
	for k := range ks {
		ks[k] = k
	}
	ctx := t.Context()
	_, err := soon(t, func() ([]int, error) { return lazy.GetAll(ctx, meet.Each(ks), lazy.In(s)) })
	require.NoError(t, err)
	require.Equal(t, ks, got(t, together(n), lazy.In(s)))
}

// turn passes a token round all ranks, and returns how often it has been passed when it comes by: from the rank itself for
// rank 0.
func turn(ctx context.Context, c *comm.Comm) (int, error) {
	next, last := (c.Rank()+1)%c.Size(), (c.Rank()+c.Size()-1)%c.Size()
	if c.Size() == 1 {
		return 1, nil
	}
	if c.Rank() == 0 {
		if err := comm.Send(ctx, c, next, 0, 1); err != nil {
			return 0, err
		}
		return comm.Recv[int](ctx, c, last, 0)
	}
	k, err := comm.Recv[int](ctx, c, last, 0)
	if err == nil {
		err = comm.Send(ctx, c, next, 0, k+1)
	}
	return k, err
}

// turns is what turn returns by rank.
func turns(n int) []int {
	ks := make([]int, n)
	for k := range ks {
		ks[k] = k
	}
	ks[0] = n
	return ks
}
