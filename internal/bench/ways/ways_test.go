package ways

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/bench/shape"
)

// Every way computes what the plain loop computes, on every shape; and again, if it can, each time the sources change.
func TestAgree(t *testing.T) {
	for _, w := range All(1, 2, 3) {
		for _, name := range shape.Names() {
			for _, n := range []int{1, 2, 7, 100, 1000} {
				t.Run(fmt.Sprintf("%s/%s/%d", w.Name, name, n), func(t *testing.T) { agree(t, w, name, n, 0) })
			}
			t.Run(w.Name+"/"+name+"/work", func(t *testing.T) { agree(t, w, name, 100, time.Microsecond) })
		}
	}
}

func agree(t *testing.T, w Way, name string, n int, work time.Duration) {
	g, err := shape.New(name, n)
	require.NoError(t, err)
	calc := shape.NewCalc(work)
	record, done := w.Open(g, calc)
	defer done()
	for range 2 { // recordings share nothing
		p := record()
		sources := slices.Clone(g.Sources)
		got, err := p.Run(context.Background())
		require.NoError(t, err)
		require.Equal(t, computed(g, calc, sources), got)
		c, ok := p.(Changer)
		require.Equal(t, w.Name != "sync.OnceValue", ok)
		for range 3 {
			if !ok {
				break
			}
			for i := range sources {
				sources[i] += 1000
			}
			c.Set(sources)
			got, err := p.Run(context.Background())
			require.NoError(t, err)
			require.Equal(t, computed(g, calc, sources), got)
		}
	}
}

func computed(g *shape.Graph, calc shape.Calc, sources []uint64) []uint64 {
	values := make([]uint64, len(g.Sources)+len(g.Calls))
	copy(values, sources)
	calc.Values(g, values)
	return g.Pick(values)
}

func TestNames(t *testing.T) {
	var names []string
	for _, w := range All(2, 1) {
		names = append(names, w.Name)
	}
	require.Equal(t, []string{
		"plain loop", "sync.OnceValue", "goroutine per ready call", "errgroup + counters",
		"pond v2, 1 worker", "pond v2, 2 workers", "ants v2, 1 worker", "ants v2, 2 workers",
		"conc, 1 worker", "conc, 2 workers", "workerpool, 1 worker", "workerpool, 2 workers",
		"limit, 1 worker", "limit, 2 workers", "limit behind handles, 1 worker", "limit behind handles, 2 workers",
		"dally, 1 worker", "dally, 2 workers",
	}, names)
}

// Blocks of every size run every call once, after its inputs.
func TestBlocks(t *testing.T) {
	g, err := shape.New("random", 500)
	require.NoError(t, err)
	for _, size := range []int{1, 3, 256, 1000} {
		a := recordArrays(g, shape.NewCalc(0), 3)
		a.blocks = newBlocks(len(g.Calls), size, a.inputs)
		for range 3 {
			got, err := a.Run(context.Background())
			require.NoError(t, err)
			require.Equal(t, computed(g, a.calc, g.Sources), got)
		}
	}
}

func TestBlockSize(t *testing.T) {
	require.Equal(t, 256, blockSize(0))
	require.Equal(t, 19, blockSize(100))
	require.Equal(t, 1, blockSize(time.Microsecond))
	require.Equal(t, 1, blockSize(time.Second))
}

func TestErrGroupStops(t *testing.T) {
	g, err := shape.New("chain", 10)
	require.NoError(t, err)
	record, done := errGroup().Open(g, shape.NewCalc(0))
	defer done()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = record().Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
}
