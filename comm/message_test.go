package comm_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/comm"
)

var bg = context.Background()

// alone returns the only rank of a world of one, which can talk to itself.
func alone() *comm.Comm { return comm.NewLocal(1, comm.LocalOptions{}).Comm(0) }

func TestRing(t *testing.T) {
	const n = 4
	all(t, run(t, n, func(c *comm.Comm) error {
		token := 0
		if c.Rank() > 0 {
			var err error
			if token, err = comm.Recv[int](bg, c, c.Rank()-1, 0); err != nil {
				return err
			}
		}
		if err := comm.Send(bg, c, (c.Rank()+1)%n, 0, token+1); err != nil || c.Rank() > 0 {
			return err
		}
		token, err := comm.Recv[int](bg, c, n-1, 0)
		require.Equal(t, n, token)
		return err
	}))
}

// all requires that no rank has failed.
func all(t testing.TB, errs []error) {
	t.Helper()
	require.NoError(t, errors.Join(errs...))
}

func TestWhoAmI(t *testing.T) {
	world := comm.NewLocal(3, comm.LocalOptions{})
	c := world.Comm(2)
	require.Equal(t, 2, c.Rank())
	require.Equal(t, 3, c.Size())
	require.Equal(t, "rank 2 of 3", c.String())
	require.NotEmpty(t, c.Name())
	require.Equal(t, c.Name(), world.Comm(0).Name())
	require.Same(t, c, world.Comm(2))
}

func TestMessagesComeInOrder(t *testing.T) {
	const n = 1000
	all(t, run(t, 2, func(c *comm.Comm) error {
		for i := range n {
			if c.Rank() == 0 {
				if err := comm.Send(bg, c, 1, i%3, i); err != nil {
					return err
				}
				continue
			}
			// tag 2 first of all, then 1, then 0: what waits is passed by
			per := []int{(n + 2) / 3, (n + 1) / 3, n / 3}
			tag, k := 2, i
			for k >= per[tag] {
				k -= per[tag]
				tag--
			}
			got, err := comm.Recv[int](bg, c, 0, tag)
			require.NoError(t, err)
			require.Equal(t, 3*k+tag, got)
		}
		return nil
	}))
}

func TestAnySourceTakesTheOldest(t *testing.T) {
	world := comm.NewLocal(4, comm.LocalOptions{})
	for _, from := range []int{2, 0, 3, 1, 2} {
		require.NoError(t, comm.Send(bg, world.Comm(from), 0, 10+from, from))
	}
	c := world.Comm(0)
	for _, row := range []struct{ from, tag, want int }{
		{comm.AnySource, comm.AnyTag, 2},
		{comm.AnySource, 13, 3}, // 0 is older, but has another tag
		{1, comm.AnyTag, 1},
		{comm.AnySource, comm.AnyTag, 0},
		{2, 12, 2},
	} {
		v, e, err := comm.RecvFrom[int](bg, c, row.from, row.tag)
		require.NoError(t, err)
		require.Equal(t, row.want, v)
		require.Equal(t, comm.Envelope{From: row.want, Tag: 10 + row.want}, e)
	}
}

func TestWrongTypeIsAnErrorAndTheMessageStays(t *testing.T) {
	c := alone()
	require.NoError(t, comm.Send(bg, c, 0, 7, 1.5))
	_, err := comm.Recv[int](bg, c, 0, 7)
	require.EqualError(t, err, "comm: rank 0: the message from rank 0 with tag 7 is of type float64, want int: "+
		"it stays until it is received as what it is")
	v, err := comm.Recv[float64](bg, c, 0, 7)
	require.NoError(t, err)
	require.Equal(t, 1.5, v)
}

func TestWrongTypeEndsAReceiveThatWaits(t *testing.T) {
	waits := make(chan struct{})
	world := comm.NewLocal(2, comm.LocalOptions{Waits: func(int) func() { close(waits); return nil }})
	all(t, runWith(world, 2, func(c *comm.Comm) error {
		if c.Rank() == 1 {
			<-waits
			return comm.Send(bg, c, 0, 7, []byte("four"))
		}
		_, err := comm.RecvInto(bg, c, 1, 7, make([]byte, 3))
		require.EqualError(t, err, "comm: rank 0: the message from rank 1 with tag 7 has 4 elements, the buffer has room "+
			"for 3: it stays until it is received with more room, or with Recv")
		_, err = comm.Recv[string](bg, c, 1, 7)
		require.ErrorContains(t, err, "is of type []uint8, want string")
		v, err := comm.Recv[[]byte](bg, c, 1, 7)
		require.Equal(t, "four", string(v))
		return err
	}))
}

func TestRecvInto(t *testing.T) {
	c := alone()
	for _, row := range []struct {
		send []int
		buf  []int
		want []int
		n    int
	}{
		{[]int{1, 2}, []int{9, 9, 9}, []int{1, 2, 9}, 2},
		{[]int{1, 2, 3}, []int{9, 9, 9}, []int{1, 2, 3}, 3},
		{nil, []int{9}, []int{9}, 0},
		{[]int{}, nil, nil, 0},
	} {
		require.NoError(t, comm.Send(bg, c, 0, 0, row.send))
		n, err := comm.RecvInto(bg, c, comm.AnySource, comm.AnyTag, row.buf)
		require.NoError(t, err)
		require.Equal(t, row.n, n)
		require.Equal(t, row.want, row.buf)
	}
	require.NoError(t, comm.Send(bg, c, 0, 0, []int{1, 2}))
	buf := []int{9}
	_, err := comm.RecvInto(bg, c, 0, 0, buf)
	require.ErrorContains(t, err, "has 2 elements, the buffer has room for 1")
	require.Equal(t, []int{9}, buf)
}

func TestTypesThatAreInterfaces(t *testing.T) {
	c := alone()
	require.NoError(t, comm.Send[error](bg, c, 0, 0, nil))
	got, err := comm.Recv[error](bg, c, 0, 0)
	require.NoError(t, err)
	require.NoError(t, got)

	require.NoError(t, comm.Send[any](bg, c, 0, 0, 5)) // an int, but not sent as one
	_, err = comm.Recv[int](bg, c, 0, 0)
	require.ErrorContains(t, err, "is of type interface {}, want int")
	v, err := comm.Recv[any](bg, c, 0, 0)
	require.NoError(t, err)
	require.Equal(t, 5, v)
}

func TestSendHandsOverWithoutACopy(t *testing.T) {
	all(t, run(t, 2, func(c *comm.Comm) error {
		if c.Rank() == 0 {
			v := make([]int, 4)
			v[3] = 3 // the race detector sees that this is before the receiver's read
			return comm.Send(bg, c, 1, 0, v)
		}
		v, err := comm.Recv[[]int](bg, c, 0, 0)
		v[3]++
		require.Equal(t, 4, v[3])
		return err
	}))
}

func TestMessagesToARankThatHasEndedAreDropped(t *testing.T) {
	world := comm.NewLocal(2, comm.LocalOptions{})
	world.Done(1, nil)
	require.NoError(t, comm.Send(bg, world.Comm(0), 1, 0, "nobody reads this"))
	require.NoError(t, comm.Send(bg, world.Comm(0), 0, 0, "nor this"))
	world.Done(0, nil)
}
