package comm_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/comm"
)

func TestOutOfRangeIsAnErrorAtOnce(t *testing.T) {
	c := comm.NewLocal(4, comm.LocalOptions{}).Comm(1)
	for name, row := range map[string]struct {
		op   func() error
		want string
	}{
		"to": {func() error { return comm.Send(bg, c, 4, 0, 0) }, "Send: the receiver is rank 4, want 0 to 3"},
		"to any": {
			func() error { return comm.Send(bg, c, comm.AnySource, 0, 0) },
			"Send: the receiver is rank -1, want 0 to 3",
		},
		"tag": {
			func() error { return comm.Send(bg, c, 0, comm.AnyTag, 0) },
			"Send to rank 0: the tag is -1, want 0 or more",
		},
		"from": {
			func() error { _, err := comm.Recv[int](bg, c, 7, 0); return err },
			"Recv: the sender is rank 7, want 0 to 3, or AnySource",
		},
		"from -2": {
			func() error { _, err := comm.RecvInto(bg, c, -2, 0, []int{}); return err },
			"RecvInto: the sender is rank -2, want 0 to 3, or AnySource",
		},
		"recv tag": {
			func() error { _, _, err := comm.RecvFrom[int](bg, c, 0, -2); return err },
			"Recv: the tag is -2, want 0 or more, or AnyTag",
		},
		"broadcast": {
			func() error { _, err := comm.Broadcast(bg, c, -1, 0); return err },
			"Broadcast: the root is rank -1, want 0 to 3",
		},
		"scatter": {
			func() error { _, err := comm.Scatter(bg, c, 4, []int{}); return err },
			"Scatter: the root is rank 4, want 0 to 3",
		},
		"gather": {
			func() error { _, err := comm.Gather(bg, c, -1, 0); return err },
			"Gather: the root is rank -1, want 0 to 3",
		},
		"reduce": {
			func() error { _, err := comm.Reduce(bg, c, 4, 0, plus); return err },
			"Reduce: the root is rank 4, want 0 to 3",
		},
	} {
		t.Run(name, func(t *testing.T) { require.EqualError(t, row.op(), "comm: rank 1: "+row.want) })
	}
}

func TestMisusePanics(t *testing.T) {
	world := comm.NewLocal(2, comm.LocalOptions{})
	c := world.Comm(0)
	var none context.Context
	for name, row := range map[string]struct {
		call func()
		want string
	}{
		"no ranks":  {func() { comm.NewLocal(0, comm.LocalOptions{}) }, "comm: NewLocal needs at least 1 rank, got 0"},
		"no rank 2": {func() { world.Comm(2) }, "comm: Local.Comm: rank is 2, want 0 to 1"},
		"done -1":   {func() { world.Done(-1, nil) }, "comm: Local.Done: rank is -1, want 0 to 1"},
		"transport": {func() { comm.New(nil) }, "comm: New needs a Transport, got nil"},
		"reduce": {
			func() { _, _ = comm.Reduce(bg, c, 0, 1, nil) },
			"comm: Reduce needs a function that makes one value of two, got nil",
		},
		"all reduce": {
			func() { _, _ = comm.AllReduce(bg, c, 1, nil) },
			"comm: AllReduce needs a function that makes one value of two, got nil",
		},
		"no context": {
			func() { _ = c.Barrier(none) },
			"comm: Barrier needs a context, got nil: use context.Background()",
		},
		"no comm":   {func() { _, _ = comm.Broadcast(bg, nil, 0, 1) }, "comm: Broadcast needs the rank's Comm, got nil"},
		"no comm 2": {func() { _ = comm.Send(bg, nil, 0, 0, 1) }, "comm: Send needs the rank's Comm, got nil"},
		"no comm 3": {func() { _, _ = comm.AllReduce(bg, nil, 1, plus) }, "comm: AllReduce needs the rank's Comm, got nil"},
	} {
		t.Run(name, func(t *testing.T) { require.PanicsWithValue(t, row.want, row.call) })
	}
}

func TestTwoGoroutinesOfOneRankPanic(t *testing.T) {
	ctx, cancel := context.WithCancel(bg)
	waits := make(chan struct{})
	world := comm.NewLocal(2, comm.LocalOptions{Waits: func(int) func() { close(waits); return nil }})
	all(t, runWith(world, 2, func(c *comm.Comm) error {
		if c.Rank() == 0 {
			_, err := comm.Recv[int](ctx, c, 1, 0)
			require.ErrorIs(t, err, context.Canceled)
			return nil
		}
		defer cancel()
		<-waits
		require.PanicsWithValue(t, "comm: Send of rank 0 began while another operation of that rank goes on: a Comm is for "+
			"one goroutine; let the others of the rank hand their values to it",
			func() { _ = comm.Send(bg, world.Comm(0), 1, 0, 1) })
		return nil
	}))
}

func TestAPanicInReduceLeavesTheCommUsable(t *testing.T) {
	world := comm.NewLocal(2, comm.LocalOptions{})
	_, err := comm.Reduce(bg, world.Comm(1), 0, 1, plus)
	require.NoError(t, err)
	c := world.Comm(0)
	require.PanicsWithValue(t, "no sum", func() {
		_, _ = comm.Reduce(bg, c, 0, 1, func(a, b int) int { panic("no sum") })
	})
	require.NoError(t, comm.Send(bg, c, 0, 0, 1))
}

func TestOperationsAfterDone(t *testing.T) {
	world := comm.NewLocal(2, comm.LocalOptions{})
	world.Done(0, nil)
	world.Done(0, errors.New("too late to matter"))
	c := world.Comm(0)
	const want = "comm: rank 0: its function has returned: its Comm is of no use any more"
	require.EqualError(t, comm.Send(bg, c, 1, 0, 1), want)
	require.EqualError(t, c.Barrier(bg), want)
	_, err := comm.Recv[int](bg, c, comm.AnySource, 0)
	require.EqualError(t, err, want)
	require.NoError(t, comm.Send(bg, world.Comm(1), 0, 0, 1), "the other rank goes on")
}
