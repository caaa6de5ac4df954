package lazy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// Functions that fail or panic somewhere, or get what changes: whatever happens, both ways come to the same.
func TestMapAgreesInRandomWorlds(t *testing.T) {
	leak.Check(t)
	rounds := 60
	if testing.Short() {
		rounds = 12
	}
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 6))
		s := &lazy.Session{Parallelism: 1 + rng.IntN(3)}
		t.Run(fmt.Sprintf("seed %d workers %d", seed, s.Parallelism), func(t *testing.T) {
			w := newMapWorld(rng)
			for range 6 {
				w.change(rng)
				a, b, c := w.get(t, w.parts, s), w.get(t, w.calls, s), w.model()
				require.Equal(t, c, a)
				require.Equal(t, c, b)
				for k, old := range w.handedOut {
					require.Equal(t, w.copies[k], old, "what was handed out does not change")
				}
			}
		})
	}
}

// mapWorld is a Map in both ways, over a slice and a source that its function gets, and the same as plain Go.
type mapWorld struct {
	xs, bad      []int // bad: elements for which the function fails
	how          int   // in which way it does
	add          int
	nested       int // every so manieth element gets add; the others do without
	slice        lazy.Data[[]int]
	source, fail lazy.Data[int]
	parts, calls lazy.Data[[]int]

	handedOut, copies [][]int
}

func newMapWorld(rng *rand.Rand) *mapWorld {
	w := &mapWorld{xs: numbersTo(900 + rng.IntN(5000)), nested: 1 + rng.IntN(2000), how: rng.IntN(3)}
	w.slice, w.source, w.fail = lazy.Source("xs", w.xs), lazy.Source("add", 0), lazy.Source("fail", -1)
	f := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
		if x%w.nested != 0 {
			return 3 * x, nil
		}
		bad, err := w.fail.Get(ctx)
		if err != nil {
			return 0, err
		}
		if bad == x {
			switch w.how {
			case 0:
				return 0, errBoom
			case 1:
				panic(errBoom)
			default:
				runtime.Goexit()
			}
		}
		add, err := w.source.Get(ctx)
		return 3*x + add, err
	}, lazy.Name("F"))
	w.parts, w.calls = lazy.Map(f, w.slice), lazy.Map(oneByOne(f), w.slice)
	return w
}

func (w *mapWorld) change(rng *rand.Rand) {
	switch rng.IntN(4) {
	case 0:
		w.xs = numbersTo(900 + rng.IntN(5000))
		w.slice.Set(w.xs)
	case 1:
		w.add = rng.IntN(1000)
		w.source.Set(w.add)
	case 2:
		w.bad = nil
		w.fail.Set(-1)
	case 3:
		w.bad = []int{w.nested * rng.IntN(1+len(w.xs)/w.nested)}
		w.fail.Set(w.bad[0])
	}
}

// get returns what d comes to; of a failure, its cause.
func (w *mapWorld) get(t *testing.T, d lazy.Data[[]int], s *lazy.Session) any {
	t.Helper()
	vs, err := soon(t, func() ([]int, error) { return d.Get(t.Context(), lazy.In(s)) })
	if err == nil {
		w.handedOut, w.copies = append(w.handedOut, vs), append(w.copies, append([]int(nil), vs...))
		return vs
	}
	require.Nil(t, vs)
	var e *lazy.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "F", strings.TrimSuffix(nameOnly(e.Call), "[i:j]"))
	if w.how == 2 {
		require.ErrorIs(t, err, lazy.ErrGoexit)
	} else {
		require.ErrorIs(t, err, errBoom)
	}
	return "fails"
}

func (w *mapWorld) model() any {
	vs := make([]int, len(w.xs))
	for i, x := range w.xs {
		vs[i] = 3 * x
		if x%w.nested == 0 {
			vs[i] += w.add
			if len(w.bad) > 0 && w.bad[0] == x {
				return "fails"
			}
		}
	}
	return vs
}
