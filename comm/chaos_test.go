package comm_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/comm"
)

var errGaveUp = errors.New("gave up")

// Programs whose ranks are out of step, fail, and are cancelled: what they end with is a matter of time, but they end,
// all of them, with errors that say why. In the bubble a rank that hangs fails the test.
func TestEverythingEnds(t *testing.T) {
	programs := 2000
	if testing.Short() {
		programs = 300
	}
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 1))
	kinds := map[string]int{}
	for i := range programs {
		data := make([]byte, 3+rng.IntN(60))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		prog := program(data)
		for r := range prog { // out of step
			for len(prog[r]) > 1 && rng.IntN(3) == 0 {
				i, j := rng.IntN(len(prog[r])), rng.IntN(len(prog[r]))
				prog[r][i], prog[r][j] = prog[r][j], prog[r][i]
			}
		}
		var errs []error
		synctest.Test(t, func(t *testing.T) { errs = wildly(t, prog, rng) })
		for _, err := range errs {
			kind := kindOf(err)
			require.NotEmpty(t, kind, "program %d of seed %d: %v", i, seed, err)
			kinds[kind]++
		}
	}
	for _, kind := range []string{"done", "gave up", "rank", "deadlock", "cancelled", "different"} {
		require.NotZero(t, kinds[kind], "ranks that end with %s, of %v", kind, kinds)
	}
}

// wildly runs a program in which some ranks fail at an error, others go on, and some are cancelled.
func wildly(t *testing.T, prog [][]step, rng *rand.Rand) []error {
	fails, cancelled := rng.IntN(2*len(prog)), rng.IntN(2*len(prog))
	last := make([]error, len(prog))
	ctx, cancel := context.WithCancel(bg)
	errs := run(t, len(prog), func(c *comm.Comm) error {
		mine := bg
		if c.Rank() == cancelled {
			mine = ctx
		}
		for i, s := range prog[c.Rank()] {
			if c.Rank() == fails && i == len(prog[c.Rank()])/2 {
				cancel()
				return errGaveUp
			}
			if _, err := do(mine, c, s); err != nil {
				last[c.Rank()] = err
				if i%2 == 0 {
					return err
				}
			}
		}
		cancel()
		return nil
	})
	for r, err := range last {
		if errs[r] == nil {
			errs[r] = err
		}
	}
	return errs
}

func kindOf(err error) string {
	var failed *comm.RankError
	var deadlock *comm.DeadlockError
	switch {
	case err == nil:
		return "done"
	case err == errGaveUp:
		return "gave up"
	case errors.As(err, &failed):
		return "rank"
	case errors.As(err, &deadlock):
		return "deadlock"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case strings.Contains(err.Error(), "must call the same collective"):
		return "different"
	}
	return ""
}
