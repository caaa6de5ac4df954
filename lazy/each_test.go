package lazy_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// shape is what a snapshot shows, without numbers and times.
func shape(t *testing.T, targets ...lazy.Target) []string {
	t.Helper()
	s := lazy.Snapshot(targets...)
	require.NoError(t, s.Check())
	at := make(map[graph.ID]int)
	lines := make([]string, len(s.Nodes))
	for i, n := range s.Nodes {
		at[n.ID] = i
		in := make([]int, len(n.Inputs))
		for k, id := range n.Inputs {
			in[k] = at[id]
		}
		lines[i] = fmt.Sprint(n.Name, " ", n.State, " ", n.Value, " ", in)
	}
	return lines
}

func targets[T any](ds []lazy.Data[T]) []lazy.Target {
	ts := make([]lazy.Target, len(ds))
	for i, d := range ds {
		ts[i] = d
	}
	return ts
}

// Each is a call of Of for each element, in pictures, values and order of recording, however the constants are made.
func TestEachAgreesWithOf(t *testing.T) {
	type large [1000]int
	text := lazy.Pure1(func(x int) string { return fmt.Sprint(x) }, lazy.Name("Text"))
	size := lazy.Pure2(func(x large, s string) int { return x[0] + len(s) }, lazy.Name("Size"))
	for _, n := range []int{0, 1, 8, 15, 16, 17, 64, 511, 512, 513, 3000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			defer lazy.NeverChanged()()
			xs, larges, words := numbersTo(n), make([]large, n), make([]string, n)
			var texts []lazy.Data[string]
			var sizes []lazy.Data[int]
			for i := range xs {
				larges[i][0], words[i] = i, fmt.Sprint(i)
				texts, sizes = append(texts, text.Of(xs[i])), append(sizes, size.Of(larges[i], words[i]))
			}
			require.Equal(t, shape(t, targets(texts)...), shape(t, targets(text.Each(xs))...))
			require.Equal(t, shape(t, targets(sizes)...), shape(t, targets(size.Each(larges, words))...))
			for i, v := range lazy.Must(lazy.GetAll(t.Context(), text.Each(xs))) {
				require.Equal(t, words[i], v)
			}
			for i, v := range lazy.Must(lazy.GetAll(t.Context(), size.Each(larges, words))) {
				require.Equal(t, i+len(words[i]), v)
			}
		})
	}
}

// The constants of Each are like others for all that looks at inputs.
func TestConstantsOfEach(t *testing.T) {
	defer lazy.NeverChanged()()
	const n = 200
	t.Run("memo", func(t *testing.T) {
		s := &lazy.Session{Cache: cache.NewMemory(1 << 20)}
		runs := 0
		f := lazy.Pure1(func(x int) int { runs++; return x }, lazy.Memo(), lazy.Name("TestConstantsOfEach"))
		_, err := lazy.GetAll(t.Context(), f.Each(numbersTo(n)), lazy.In(s), lazy.Workers(1))
		require.NoError(t, err)
		require.Equal(t, 7, got(t, f.Of(7), lazy.In(s)))
		require.Equal(t, n, runs)
	})
	t.Run("inputs are checked", func(t *testing.T) {
		rows := make([][]int, n)
		for i := range rows {
			rows[i] = []int{i}
		}
		write := lazy.Pure1(func(x []int) int { x[0]++; return x[0] }, lazy.Name("Write"))
		err := failure(t, write.Each(rows)[5], lazy.In(&lazy.Session{CheckInputs: true}))
		var e *lazy.InputError
		require.ErrorAs(t, err, &e)
		require.Equal(t, "const", nameOnly(e.Input))
	})
	t.Run("after a change", func(t *testing.T) {
		by := lazy.Source("by", 2)
		times := lazy.Pure2(func(a, b int) int { return a * b })
		calls := make([]lazy.Data[int], 0, n)
		one := lazy.Pure1(func(x int) int { return x })
		for _, d := range one.Each(numbersTo(n)) {
			calls = append(calls, times(d, by))
		}
		require.Equal(t, 2*7, lazy.Must(lazy.GetAll(t.Context(), calls))[7])
		by.Set(3)
		require.Equal(t, 3*7, lazy.Must(lazy.GetAll(t.Context(), calls))[7])
		require.Equal(t, 3*7, lazy.Must(lazy.GetAll(t.Context(), calls, lazy.Refresh()))[7])
	})
	t.Run("trace", func(t *testing.T) {
		defer lazy.SetMaxTrace(lazy.SetMaxTrace(4))
		require.Equal(t, 8, lazy.Must(lazy.GetAll(t.Context(), inc.Each(numbersTo(n))))[7])
	})
}

func TestOuterOfMany(t *testing.T) {
	defer lazy.NeverChanged()()
	pair := lazy.Pure2(func(a, b int) int { return 1000*a + b })
	vs := lazy.Must(lazy.GetAll(t.Context(), pair.Outer(numbersTo(100), numbersTo(30))))
	for i, v := range vs {
		require.Equal(t, 1000*(i/30)+i%30, v)
	}
}
