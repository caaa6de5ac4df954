package comm_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/comm"
)

// Every test here runs in a bubble of synctest: a rank that is left waiting, or a goroutine that is left behind, fails
// it.

var errWhy = errors.New("why")

// deadlock returns the report in err.
func deadlock(t *testing.T, err error) []string {
	t.Helper()
	var report *comm.DeadlockError
	require.ErrorAs(t, err, &report)
	return report.Waits
}

func TestDeadlockNamesWhoWaitsForWhom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := run(t, 5, func(c *comm.Comm) error {
			switch c.Rank() {
			case 0:
				for tag := range 3 {
					require.NoError(t, comm.Send(bg, c, 1, tag, 1))
				}
				return c.Barrier(bg)
			case 1:
				_, err := comm.Recv[int](bg, c, 0, 7)
				return err
			case 2:
				require.NoError(t, comm.Send(bg, c, 3, 1, 1))
				_, err := comm.Recv[int](bg, c, comm.AnySource, comm.AnyTag)
				return err
			case 3:
				_, err := comm.RecvInto[int](bg, c, comm.AnySource, 9, nil)
				return err
			}
			return c.Barrier(bg)
		})
		require.Equal(t, []string{
			"rank 0 waits in Barrier #1 for ranks 1, 2 and 3",
			"rank 1 waits for a message from rank 0 with tag 7 (3 others are there)",
			"rank 2 waits for a message from any rank",
			"rank 3 waits for a message from any rank with tag 9 (1 other is there)",
			"rank 4 waits in Barrier #1 for ranks 1, 2 and 3",
		}, deadlock(t, errs[0]))
		for _, err := range errs {
			require.Same(t, errs[0], err)
		}
	})
}

func TestDeadlockWhenTheLastOtherRankEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := run(t, 3, func(c *comm.Comm) error {
			if c.Rank() < 2 {
				time.Sleep(time.Duration(1+c.Rank()) * time.Second)
				return nil
			}
			start := time.Now()
			_, err := comm.Recv[int](bg, c, comm.AnySource, 0)
			require.Equal(t, 2*time.Second, time.Since(start))
			require.ErrorIs(t, comm.Send(bg, c, 2, 0, 0), err, "the world has failed")
			return err
		})
		require.EqualError(t, errs[2],
			"comm: deadlock: rank 0 has ended; rank 1 has ended; rank 2 waits for a message from any rank with tag 0")
	})
}

// A rank that waits for one that has ended need not wait until the others do.
func TestWaitingForARankThatHasEnded(t *testing.T) {
	for name, row := range map[string]struct {
		op   func(c *comm.Comm) error
		want string
	}{
		"message": {
			func(c *comm.Comm) error { _, err := comm.Recv[int](bg, c, 1, 3); return err },
			"rank 2 waits for a message from rank 1 with tag 3",
		},
		"barrier": {
			func(c *comm.Comm) error { return c.Barrier(bg) },
			"rank 2 waits in Barrier #1 for ranks 0 and 1",
		},
		"root": {
			func(c *comm.Comm) error { _, err := comm.Broadcast(bg, c, 1, 1); return err },
			"rank 2 waits in Broadcast #1 of int with root 1 for rank 1",
		},
		"gather": {
			func(c *comm.Comm) error { _, err := comm.Gather(bg, c, 2, 1); return err },
			"rank 2 waits in Gather #1 of int with root 2 for ranks 0 and 1",
		},
	} {
		for _, before := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, ended before: %t", name, before), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					start := time.Now()
					errs := run(t, 3, func(c *comm.Comm) error {
						switch c.Rank() {
						case 0:
							time.Sleep(time.Hour)
							return comm.Send(bg, c, 0, 0, 1) // the world goes on
						case 1:
							time.Sleep(time.Second)
							return nil
						}
						if before {
							time.Sleep(time.Minute)
						}
						err := row.op(c)
						require.Less(t, time.Since(start), time.Hour)
						require.Equal(t, []string{"rank 1 has ended", row.want}, deadlock(t, err))
						return nil
					})
					all(t, errs)
				})
			})
		}
	}
}

func TestWaitingForOneself(t *testing.T) {
	_, err := comm.Recv[int](bg, comm.NewLocal(2, comm.LocalOptions{}).Comm(0), 0, 1)
	require.EqualError(t, err, "comm: deadlock: rank 0 waits for a message from itself with tag 1")
	_, err = comm.Recv[int](bg, alone(), comm.AnySource, 1)
	require.EqualError(t, err, "comm: deadlock: rank 0 waits for a message from any rank with tag 1")
}

func TestARankThatComputesMayStillSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all(t, run(t, 3, func(c *comm.Comm) error {
			if c.Rank() == 0 {
				time.Sleep(time.Hour)
				return errors.Join(comm.Send(bg, c, 1, 0, 1), comm.Send(bg, c, 2, 0, 2))
			}
			v, err := comm.Recv[int](bg, c, 0, 0)
			require.Equal(t, c.Rank(), v)
			return err
		}))
	})
}

func TestFailureEndsAllOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := run(t, 4, func(c *comm.Comm) error {
			switch c.Rank() {
			case 0:
				_, err := comm.Recv[int](bg, c, comm.AnySource, 0)
				return err
			case 1:
				return c.Barrier(bg)
			case 2:
				time.Sleep(time.Second)
				return errWhy
			}
			time.Sleep(time.Hour)
			return comm.Send(bg, c, 0, 0, 1)
		})
		require.Equal(t, errWhy, errs[2])
		for _, r := range []int{0, 1, 3} {
			var failed *comm.RankError
			require.ErrorAs(t, errs[r], &failed)
			require.Equal(t, comm.RankError{Rank: 2, Err: errWhy}, *failed)
			require.ErrorIs(t, errs[r], errWhy)
			require.EqualError(t, errs[r], "comm: rank 2 failed: why")
		}
	})
}

func TestContextEndsAWait(t *testing.T) {
	for name, op := range map[string]func(ctx context.Context, c *comm.Comm) error{
		"comm: rank 1: Recv": func(ctx context.Context, c *comm.Comm) error { _, err := comm.Recv[int](ctx, c, 0, 0); return err },
		"comm: rank 1: RecvInto": func(ctx context.Context, c *comm.Comm) error {
			_, err := comm.RecvInto[int](ctx, c, 0, 0, nil)
			return err
		},
		"comm: rank 1: Barrier #1": func(ctx context.Context, c *comm.Comm) error { return c.Barrier(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all(t, run(t, 2, func(c *comm.Comm) error {
					if c.Rank() == 0 {
						time.Sleep(time.Hour)
						return comm.Send(bg, c, 1, 0, 1)
					}
					start := time.Now()
					ctx, cancel := context.WithTimeout(bg, time.Second)
					defer cancel()
					require.EqualError(t, op(ctx, c), name+": context deadline exceeded")
					require.Equal(t, time.Second, time.Since(start))
					_, err := comm.Recv[int](bg, c, 0, 0) // what came later is for the next
					return err
				}))
			})
		})
	}
}

func TestContextThatIsDoneBegins(t *testing.T) {
	ctx, cancel := context.WithCancelCause(bg)
	cancel(errWhy)
	c := alone()
	for _, err := range []error{
		comm.Send(ctx, c, 0, 0, 1),
		c.Barrier(ctx),
		func() error { _, err := comm.Recv[int](ctx, c, 0, 0); return err }(),
	} {
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, errWhy)
	}
	require.NoError(t, c.Barrier(bg))
}

// A rank whose context is done goes on by itself: others that wait for it are in no deadlock.
func TestContextThatIsDoneIsNoDeadlock(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(bg)
			all(t, run(t, 2, func(c *comm.Comm) error {
				if c.Rank() == 0 {
					_, err := comm.Recv[int](ctx, c, 1, 0)
					require.ErrorIs(t, err, context.Canceled)
					return comm.Send(bg, c, 1, 0, 1)
				}
				synctest.Wait()
				cancel()
				_, err := comm.Recv[int](bg, c, 0, 0)
				return err
			}))
		})
	}
}

// A message that comes as the context is done is either received or still there.
func TestContextAgainstMessage(t *testing.T) {
	for i := range 300 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(bg)
			all(t, run(t, 3, func(c *comm.Comm) error {
				switch c.Rank() {
				case 0:
					v, err := comm.Recv[int](ctx, c, 1, 0)
					if err != nil {
						require.ErrorIs(t, err, context.Canceled)
						v, err = comm.Recv[int](bg, c, 1, 0)
					}
					require.Equal(t, i, v)
					return err
				case 1:
					return comm.Send(bg, c, 0, 0, i)
				}
				if i%3 == 0 {
					runtime.Gosched()
				}
				cancel()
				return nil
			}))
		})
	}
}

func TestWaitsAndResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log [3][]string
		world := comm.NewLocal(3, comm.LocalOptions{Waits: func(rank int) func() {
			log[rank] = append(log[rank], "waits")
			if rank == 2 {
				return nil
			}
			return func() { log[rank] = append(log[rank], "resumes") }
		}})
		ctx, cancel := context.WithCancel(bg)
		all(t, runWith(world, 3, func(c *comm.Comm) error {
			switch c.Rank() {
			case 0:
				for i := range 5 {
					require.NoError(t, comm.Send(bg, c, 1, i, i)) // wakes nobody but with tag 4
				}
				return c.Barrier(bg)
			case 1:
				_, err := comm.Recv[int](bg, c, 0, 4)
				require.NoError(t, err)
				_, err = comm.Recv[int](bg, c, 0, 0) // is there
				require.NoError(t, err)
				time.Sleep(time.Second)
				cancel()
				return c.Barrier(bg)
			}
			_, err := comm.Recv[int](ctx, c, 0, 0)
			require.ErrorIs(t, err, context.Canceled)
			time.Sleep(time.Second)
			return c.Barrier(bg)
		}))
		once := []string{"waits", "resumes"}
		require.Equal(t, once, log[0])
		require.Subset(t, [][]string{once, slices.Concat(once, once)}, [][]string{log[1]}) // if rank 0 was first
		require.Equal(t, []string{"waits"}, log[2])
	})
}

func TestDoneOfARankThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := comm.NewLocal(2, comm.LocalOptions{})
		ended := make(chan error)
		go func() { ended <- world.Comm(0).Barrier(bg) }()
		synctest.Wait()
		world.Done(0, nil) // given up
		require.EqualError(t, <-ended, "comm: rank 0: its function has returned: its Comm is of no use any more")
		world.Done(1, nil)
	})
}

func TestLongDeadlockIsShortened(t *testing.T) {
	const n = 30
	err := run(t, n, func(c *comm.Comm) error {
		if c.Rank() < 3 {
			return c.Barrier(bg)
		}
		_, err := comm.Recv[int](bg, c, comm.AnySource, 1)
		return err
	})[0]
	waits := deadlock(t, err)
	require.Len(t, waits, n)
	require.Equal(t, "rank 0 waits in Barrier #1 for ranks 3, 4, 5, 6, 7, 8, 9, 10 and 19 more", waits[0])
	require.Contains(t, err.Error(), "rank 19 waits")
	require.NotContains(t, err.Error(), "rank 20 waits")
	require.Contains(t, err.Error(), "; and 10 more ranks")
}
