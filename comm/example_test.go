package comm_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/dally-go/dally/comm"
)

// ranks runs body as n ranks and returns when all have ended. Package lazy has this as a Gang, with workers.
func ranks(n int, body func(ctx context.Context, c *comm.Comm) error) {
	world := comm.NewLocal(n, comm.LocalOptions{})
	var wg sync.WaitGroup
	for r := range n {
		wg.Go(func() {
			err := errors.New("it panicked")
			defer func() { world.Done(r, err) }()
			err = body(context.Background(), world.Comm(r))
		})
	}
	wg.Wait()
}

// A token goes round: each rank adds one to it.
func Example() {
	world := comm.NewLocal(4, comm.LocalOptions{})
	rank := func(ctx context.Context, c *comm.Comm) error {
		next, before := (c.Rank()+1)%c.Size(), (c.Rank()+c.Size()-1)%c.Size()
		if c.Rank() == 0 {
			if err := comm.Send(ctx, c, next, 0, 1); err != nil {
				return err
			}
			token, err := comm.Recv[int](ctx, c, before, 0)
			fmt.Println("the token is", token)
			return err
		}
		token, err := comm.Recv[int](ctx, c, before, 0)
		if err != nil {
			return err
		}
		return comm.Send(ctx, c, next, 0, token+1)
	}

	var wg sync.WaitGroup
	for r := range 4 {
		wg.Go(func() { world.Done(r, rank(context.Background(), world.Comm(r))) })
	}
	wg.Wait()
	// Output: the token is 4
}

func ExampleSend() {
	ranks(2, func(ctx context.Context, c *comm.Comm) error {
		if c.Rank() == 0 {
			return comm.Send(ctx, c, 1, 7, []string{"to", "you"})
		}
		words, err := comm.Recv[[]string](ctx, c, 0, 7)
		fmt.Println(words)
		return err
	})
	// Output: [to you]
}

// A message of another type is an error, and stays.
func ExampleRecv() {
	ranks(2, func(ctx context.Context, c *comm.Comm) error {
		if c.Rank() == 0 {
			return comm.Send(ctx, c, 1, 7, 2.5)
		}
		_, err := comm.Recv[int](ctx, c, 0, 7)
		fmt.Println(err)
		x, err := comm.Recv[float64](ctx, c, 0, 7)
		fmt.Println(x)
		return err
	})
	// Output:
	// comm: rank 1: the message from rank 0 with tag 7 is of type float64, want int: it stays until it is received as what it is
	// 2.5
}

// Rank 0 hands out tasks to whoever asks.
func ExampleRecvFrom() {
	const tasks, stop = 6, -1
	ranks(3, func(ctx context.Context, c *comm.Comm) error {
		if c.Rank() == 0 {
			sum := 0
			for given := 1; given < tasks+c.Size(); given++ {
				done, asks, err := comm.RecvFrom[int](ctx, c, comm.AnySource, comm.AnyTag)
				if err != nil {
					return err
				}
				sum += done
				task := given
				if given > tasks {
					task = stop
				}
				if err := comm.Send(ctx, c, asks.From, 0, task); err != nil {
					return err
				}
			}
			fmt.Println("the squares of 1 to 6 add up to", sum)
			return nil
		}
		for done := 0; ; {
			if err := comm.Send(ctx, c, 0, 0, done); err != nil {
				return err
			}
			task, err := comm.Recv[int](ctx, c, 0, 0)
			if err != nil || task == stop {
				return err
			}
			done = task * task
		}
	})
	// Output: the squares of 1 to 6 add up to 91
}

func ExampleRecvInto() {
	ranks(2, func(ctx context.Context, c *comm.Comm) error {
		if c.Rank() == 0 {
			return comm.Send(ctx, c, 1, 0, []float64{1, 2, 3})
		}
		_, err := comm.RecvInto(ctx, c, 0, 0, make([]float64, 2))
		fmt.Println(err)
		buf := make([]float64, 10)
		n, err := comm.RecvInto(ctx, c, 0, 0, buf)
		fmt.Println(buf[:n])
		return err
	})
	// Output:
	// comm: rank 1: the message from rank 0 with tag 0 has 3 elements, the buffer has room for 2: it stays until it is received with more room, or with Recv
	// [1 2 3]
}

func ExampleComm_Barrier() {
	var prepared [4]bool
	ranks(4, func(ctx context.Context, c *comm.Comm) error {
		prepared[c.Rank()] = true
		if err := c.Barrier(ctx); err != nil {
			return err
		}
		if c.Rank() == 3 {
			fmt.Println(prepared)
		}
		return nil
	})
	// Output: [true true true true]
}

func ExampleBroadcast() {
	var got [3]string
	ranks(3, func(ctx context.Context, c *comm.Comm) (err error) {
		word := ""
		if c.Rank() == 1 {
			word = "go"
		}
		got[c.Rank()], err = comm.Broadcast(ctx, c, 1, word)
		return err
	})
	fmt.Println(got)
	// Output: [go go go]
}

func ExampleScatter() {
	ranks(3, func(ctx context.Context, c *comm.Comm) error {
		var words []string
		if c.Rank() == 0 {
			words = []string{"one", "two", "three"}
		}
		word, err := comm.Scatter(ctx, c, 0, words)
		if err != nil {
			return err
		}
		lengths, err := comm.Gather(ctx, c, 0, len(word))
		if c.Rank() == 0 {
			fmt.Println(lengths)
		}
		return err
	})
	// Output: [3 3 5]
}

func ExampleGather() {
	ranks(4, func(ctx context.Context, c *comm.Comm) error {
		squares, err := comm.Gather(ctx, c, 2, c.Rank()*c.Rank())
		if c.Rank() == 2 {
			fmt.Println(squares)
		}
		return err
	})
	// Output: [0 1 4 9]
}

func ExampleAllGather() {
	ranks(3, func(ctx context.Context, c *comm.Comm) error {
		names, err := comm.AllGather(ctx, c, c.String())
		if c.Rank() == 1 {
			fmt.Printf("%q\n", names)
		}
		return err
	})
	// Output: ["rank 0 of 3" "rank 1 of 3" "rank 2 of 3"]
}

func ExampleReduce() {
	ranks(4, func(ctx context.Context, c *comm.Comm) error {
		largest, err := comm.Reduce(ctx, c, 0, c.Rank()*(5-c.Rank()), func(a, b int) int { return max(a, b) })
		if c.Rank() == 0 {
			fmt.Println(largest)
		}
		return err
	})
	// Output: 6
}

func ExampleAllReduce() {
	var shares [4]float64
	ranks(4, func(ctx context.Context, c *comm.Comm) error {
		mine := float64(c.Rank() + 1)
		total, err := comm.AllReduce(ctx, c, mine, func(a, b float64) float64 { return a + b })
		shares[c.Rank()] = mine / total
		return err
	})
	fmt.Println(shares)
	// Output: [0.1 0.2 0.3 0.4]
}

// Each rank waits for the other to speak first.
func ExampleDeadlockError() {
	var once sync.Once
	ranks(2, func(ctx context.Context, c *comm.Comm) error {
		other := 1 - c.Rank()
		_, err := comm.Recv[string](ctx, c, other, 7)
		var deadlock *comm.DeadlockError
		if errors.As(err, &deadlock) {
			once.Do(func() { // it is the same at both
				for _, wait := range deadlock.Waits {
					fmt.Println(wait)
				}
			})
		}
		return err
	})
	// Output:
	// rank 0 waits for a message from rank 1 with tag 7
	// rank 1 waits for a message from rank 0 with tag 7
}

func ExampleLocal_Done() {
	ranks(2, func(ctx context.Context, c *comm.Comm) error {
		if c.Rank() == 1 {
			return errors.New("no such file")
		}
		err := c.Barrier(ctx)
		fmt.Println(err)
		return err
	})
	// Output: comm: rank 1 failed: no such file
}

// What a rank computes with can be given away while it waits.
func ExampleNewLocal() {
	workers := make(chan int, 1) // one worker for two ranks
	workers <- 1
	take := func() { <-workers }
	give := func() { workers <- 1 }
	world := comm.NewLocal(2, comm.LocalOptions{Waits: func(int) func() {
		give()
		return take
	}})
	var wg sync.WaitGroup
	for r := range 2 {
		wg.Go(func() {
			take()
			defer give()
			sum, err := comm.AllReduce(context.Background(), world.Comm(r), r+1, func(a, b int) int { return a + b })
			if r == 0 {
				fmt.Println(sum, err)
			}
			world.Done(r, err)
		})
	}
	wg.Wait()
	// Output: 3 <nil>
}

// logged is a Transport that says what passes through another.
type logged struct{ comm.Transport }

func (l logged) Send(ctx context.Context, to int, m comm.Message) error {
	fmt.Printf("rank %d sends %v to rank %d with tag %d\n", m.From, m.Value, to, m.Tag)
	return l.Transport.Send(ctx, to, m)
}

func ExampleNew() {
	world := comm.NewLocal(2, comm.LocalOptions{})
	ctx, c := context.Background(), comm.New(logged{world.Transport(0)})
	fmt.Println(comm.Send(ctx, c, 1, 3, "a word"))
	// Output:
	// rank 0 sends a word to rank 1 with tag 3
	// <nil>
}
