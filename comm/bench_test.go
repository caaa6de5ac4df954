package comm_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/comm"
)

// Each benchmark has the same work done by hand with channels beside it, with a context that can be cancelled, as a
// program would have it: compare the two of one run.

// plus adds two numbers.
func plus(a, b int) int { return a + b }

// byHand are ranks that talk over channels: one per pair, and one per rank for what goes through rank 0.
type byHand struct {
	ctx  context.Context
	n    int
	pair [2]chan int
	in   chan int
	out  []chan int
}

func newByHand(ctx context.Context, n int) *byHand {
	h := &byHand{ctx: ctx, n: n, in: make(chan int, n), out: make([]chan int, n)}
	h.pair = [2]chan int{make(chan int), make(chan int)}
	for i := range h.out {
		h.out[i] = make(chan int, 1)
	}
	return h
}

func (h *byHand) send(to, v int) {
	select {
	case h.pair[to] <- v:
	case <-h.ctx.Done():
	}
}

func (h *byHand) recv(rank int) int {
	select {
	case v := <-h.pair[rank]:
		return v
	case <-h.ctx.Done():
		return -1
	}
}

// allReduce sums v over all ranks, in the order of arrival; as a barrier it sums nothing.
func (h *byHand) allReduce(rank, v int) int {
	if rank > 0 {
		h.in <- v
		select {
		case v := <-h.out[rank]:
			return v
		case <-h.ctx.Done():
			return -1
		}
	}
	for range h.n - 1 {
		select {
		case w := <-h.in:
			v += w
		case <-h.ctx.Done():
			return -1
		}
	}
	for _, c := range h.out[1:] {
		c <- v
	}
	return v
}

// together runs op b.N times at each of n ranks. b.Loop is of no use here: it counts for one goroutine.
func together(b *testing.B, n int, op func(c *comm.Comm, i int) error) {
	b.ReportAllocs()
	times := b.N
	for _, err := range run(b, n, func(c *comm.Comm) error {
		for i := range times {
			if err := op(c, i); err != nil {
				return err
			}
		}
		return nil
	}) {
		require.NoError(b, err)
	}
}

func BenchmarkPingPong(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.Run("comm", func(b *testing.B) {
		together(b, 2, func(c *comm.Comm, i int) error {
			if c.Rank() == 0 {
				if err := comm.Send(ctx, c, 1, 0, i); err != nil {
					return err
				}
				_, err := comm.Recv[int](ctx, c, 1, 0)
				return err
			}
			v, err := comm.Recv[int](ctx, c, 0, 0)
			if err != nil {
				return err
			}
			return comm.Send(ctx, c, 0, 0, v)
		})
	})
	b.Run("channels", func(b *testing.B) {
		h := newByHand(ctx, 2)
		together(b, 2, func(c *comm.Comm, i int) error {
			if c.Rank() == 0 {
				h.send(1, i)
				h.recv(0)
			} else {
				h.send(0, h.recv(1))
			}
			return nil
		})
	})
}

// BenchmarkToItself is a Send and a Recv without any waiting.
func BenchmarkToItself(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	together(b, 1, func(c *comm.Comm, i int) error {
		if err := comm.Send(ctx, c, 0, 0, i); err != nil {
			return err
		}
		_, err := comm.Recv[int](ctx, c, 0, 0)
		return err
	})
}

// BenchmarkStream sends without waiting for answers.
func BenchmarkStream(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.Run("comm", func(b *testing.B) {
		together(b, 2, func(c *comm.Comm, i int) error {
			if c.Rank() == 0 {
				return comm.Send(ctx, c, 1, 0, i)
			}
			_, err := comm.Recv[int](ctx, c, 0, 0)
			return err
		})
	})
	b.Run("channels", func(b *testing.B) {
		h := newByHand(ctx, 2)
		together(b, 2, func(c *comm.Comm, i int) error {
			if c.Rank() == 0 {
				h.send(1, i)
			} else {
				h.recv(1)
			}
			return nil
		})
	})
}

func BenchmarkBarrier(b *testing.B) {
	collective(b, func(ctx context.Context, c *comm.Comm) error { return c.Barrier(ctx) })
}

// BenchmarkTree is a barrier by messages, up a binary tree and down again, as ranks would have it that share no memory:
// what Local's Meet saves.
func BenchmarkTree(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, n := range []int{2, 4, 16} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			together(b, n, func(c *comm.Comm, _ int) error { return treeBarrier(ctx, c) })
		})
	}
}

func treeBarrier(ctx context.Context, c *comm.Comm) error {
	below := []int{}
	for r := 2*c.Rank() + 1; r <= 2*c.Rank()+2 && r < c.Size(); r++ {
		below = append(below, r)
	}
	for _, r := range below {
		if _, err := comm.Recv[struct{}](ctx, c, r, 0); err != nil {
			return err
		}
	}
	if above := (c.Rank() - 1) / 2; c.Rank() > 0 {
		if err := comm.Send(ctx, c, above, 0, struct{}{}); err != nil {
			return err
		}
		if _, err := comm.Recv[struct{}](ctx, c, above, 1); err != nil {
			return err
		}
	}
	for _, r := range below {
		if err := comm.Send(ctx, c, r, 1, struct{}{}); err != nil {
			return err
		}
	}
	return nil
}

func BenchmarkAllReduce(b *testing.B) {
	collective(b, func(ctx context.Context, c *comm.Comm) error {
		_, err := comm.AllReduce(ctx, c, c.Rank(), plus)
		return err
	})
}

func collective(b *testing.B, op func(ctx context.Context, c *comm.Comm) error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, n := range []int{2, 4, 16} {
		b.Run(fmt.Sprintf("comm/%d", n), func(b *testing.B) {
			together(b, n, func(c *comm.Comm, _ int) error { return op(ctx, c) })
		})
		b.Run(fmt.Sprintf("channels/%d", n), func(b *testing.B) {
			h := newByHand(ctx, n)
			together(b, n, func(c *comm.Comm, _ int) error {
				h.allReduce(c.Rank(), c.Rank())
				return nil
			})
		})
	}
}
