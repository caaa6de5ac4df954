package lazy_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

type traceKey struct{}

// A run tells what the caller's context carries, but not its end.
func TestRunInfoContext(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var r recorder
		s.Observer = &r
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), traceKey{}, "mine"))
		v, err := inc.Of(1).Get(ctx, lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, 2, v)
		cancel()
		require.Len(t, r.over, 1)
		for _, i := range []lazy.RunInfo{r.runs[0], r.over[0]} {
			require.Equal(t, "mine", i.Context().Value(traceKey{}))
			require.NoError(t, i.Context().Err())
			require.Nil(t, i.Context().Done())
			require.Nil(t, executor.SlotOf(i.Context()))
			run, call := i.Within()
			require.Zero(t, run)
			require.Zero(t, call)
		}
	})
	require.Equal(t, context.Background(), lazy.RunInfo{}.Context())
	run, call := lazy.RunInfo{ID: 3}.Within()
	require.Zero(t, run)
	require.Zero(t, call)
}

// outer asks for inner with a context made from its own; stranger asks with another.
func TestRunInfoWithin(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var r recorder
		s.Observer = &r
		inner := func(ctx context.Context) (int, error) {
			return inc.Of(1).Get(context.WithValue(ctx, traceKey{}, "inside"), lazy.In(s))
		}
		got(t, lazy.Wrap0(inner, lazy.Name("outer"))(), lazy.In(s))
		require.Len(t, r.over, 2)
		nested, whole := r.over[0], r.over[1]
		run, call := nested.Within()
		require.Equal(t, whole.ID, run)
		require.Equal(t, r.done[1].ID, call)
		require.Equal(t, "outer", r.done[1].Name)
		require.Equal(t, "inside", nested.Context().Value(traceKey{}))
		require.Nil(t, executor.SlotOf(nested.Context()), "the slot is the call's alone")

		r = recorder{}
		stranger := func(context.Context) (int, error) { return inner(context.Background()) }
		got(t, lazy.Wrap0(stranger, lazy.Name("stranger"))(), lazy.In(s))
		require.Len(t, r.over, 2)
		run, call = r.over[0].Within()
		require.Zero(t, run)
		require.Zero(t, call)
	})
}

// ancestry notes what Ancestors tells of each call, through those calls that are not named "end".
type ancestry struct {
	recorder
	limit int
	names map[graph.ID]string
	seen  map[string][]string
}

func (a *ancestry) CallDone(i lazy.CallInfo) {
	a.note("done "+i.Name, func() {
		a.names[i.ID] = i.Name
		a.seen[i.Name] = []string{}
		i.Ancestors(a.limit, func(id graph.ID) bool {
			a.seen[i.Name] = append(a.seen[i.Name], a.names[id])
			return a.names[id] != "end"
		})
	})
}

// top <- {Gather <- {left <- end <- deep, right <- end}, left, a source}
func TestCallInfoAncestors(t *testing.T) {
	leak.Check(t)
	one := func(name string) lazy.Func1[int, int] {
		return lazy.Pure1(func(x int) int { return x }, lazy.Name(name))
	}
	top := lazy.Pure3(func(xs []int, x, y int) int { return len(xs) + x + y }, lazy.Name("top"))
	for _, c := range []struct {
		limit int
		want  []string
	}{{0, nil}, {1, []string{"Gather"}}, {2, []string{"Gather", "left"}}, {100, []string{"Gather", "left", "right", "end"}}} {
		t.Run(fmt.Sprint(c.limit), func(t *testing.T) {
			a := &ancestry{limit: c.limit, names: map[graph.ID]string{}, seen: map[string][]string{}}
			end := one("end")(one("deep").Of(1))
			left := one("left")(end)
			d := top(lazy.Gather(left, one("right")(end)), left, lazy.Const(4))
			v, err := d.Get(t.Context(), lazy.Observe(a), lazy.In(&lazy.Session{Parallelism: 1}))
			require.NoError(t, err)
			require.Equal(t, 7, v)
			require.ElementsMatch(t, c.want, a.seen["top"])
			if c.limit == 100 {
				require.Equal(t, c.want, a.seen["top"])
			}
			require.Empty(t, a.seen["deep"])
		})
	}
	lazy.CallInfo{ID: 4}.Ancestors(100, func(graph.ID) bool { t.Error("asked"); return true })
}

func BenchmarkAncestors(b *testing.B) {
	leaf := lazy.Pure1(func(x int) int { return x }, lazy.Name("leaf"))
	sum := lazy.Pure1(func(xs []int) int { return len(xs) }, lazy.Name("sum"))
	for _, limit := range []int{32, 256} {
		b.Run(fmt.Sprint(limit), func(b *testing.B) {
			obs := &recorder{}
			total := sum(lazy.Gather(leaf.Each(make([]int, 1000))...))
			lazy.Must(total.Get(b.Context(), lazy.Observe(obs)))
			last := obs.done[len(obs.done)-1]
			for b.Loop() {
				last.Ancestors(limit, func(graph.ID) bool { return true })
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*limit), "ns/call")
		})
	}
}
