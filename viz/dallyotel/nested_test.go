package dallyotel_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/dallyotel"
)

// asks returns a call whose function runs get with its context.
func asks(name string, get func(ctx context.Context) (int, error)) lazy.Data[int] {
	return lazy.Wrap0(get, lazy.Name(name))()
}

// Gets inside calls: a slow one, a quick one, one below a span of the function's own, and one that has lost the
// context.
func TestSpansOfNestedGets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		w := newWorld(t, 2)
		outer := asks("Outer", func(ctx context.Context) (int, error) {
			lazy.Must(takes("Slow", 5*ms)(asks("Deep", func(ctx context.Context) (int, error) {
				return takes("Deepest", 2*ms).Of(1).Get(ctx, w.in)
			})).Get(ctx, w.in))
			lazy.Must(takes("Quick", ms/2).Of(1).Get(ctx, w.in))
			mine, span := w.begin(ctx, "mine")
			lazy.Must(takes("Below", 2*ms).Of(1).Get(mine, w.in))
			span.End()
			return takes("Lost", 2*ms).Of(1).Get(context.Background(), w.in)
		})
		ctx, get := w.begin(t.Context(), "GET /")
		lazy.Must(outer.Get(ctx, w.in))
		get.End()
		all := w.byName(t)
		require.Equal(t, map[string]string{
			"GET /": "", "dally get Outer": "GET /", "Outer": "dally get Outer",
			"dally get Slow": "Outer", "Slow": "dally get Slow", "Deep": "dally get Slow",
			"dally get Deepest": "Deep", "Deepest": "dally get Deepest",
			"mine": "GET /", "dally get Below": "mine", "Below": "dally get Below",
			"dally get Lost": "", "Lost": "dally get Lost",
		}, above(all))
		require.Equal(t, int64(1), value(t, all["dally get Outer"], "dally.runs.untraced"))
		require.Equal(t, []string{"Below", "Slow"}, linked(all, "Outer"), "what a call has got inside is an input of it")
		require.Equal(t, []string{"Deep"}, linked(all, "Slow"))
		require.True(t, all["Outer"].EndTime.Equal(all["dally get Outer"].EndTime))
	})
}

// A Get inside a call that has no span of its own is below the run; a failure inside is seen however quick it was.
func TestNestedBelowTheNearestSpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		w := newWorld(t, 1, dallyotel.MaxSpans(2))
		outer := asks("Outer", func(ctx context.Context) (int, error) {
			_, err := asks("Bad", func(context.Context) (int, error) { return 0, errors.New("boom") }).Get(ctx, w.in)
			require.Error(t, err)
			return 1, nil
		})
		lazy.Must(outer.Get(t.Context(), w.in))
		all := w.byName(t)
		require.Equal(t, map[string]string{
			"dally get Outer": "", "dally get Bad": "dally get Outer", "Bad": "dally get Bad",
		}, above(all))
		require.Equal(t, int64(1), value(t, all["dally get Outer"], "dally.calls.untraced"))
	})
}

// A call of a Get inside is kept, the Get itself and the call around it had no room: the call is below the outer run.
func TestNestedWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		w := newWorld(t, 1, dallyotel.MaxSpans(1))
		outer := asks("Outer", func(ctx context.Context) (int, error) {
			bad := asks("Bad", func(context.Context) (int, error) { time.Sleep(2 * ms); return 0, errors.New("boom") })
			_, err := bad.Get(ctx, w.in)
			require.Error(t, err)
			return 1, nil
		})
		lazy.Must(outer.Get(t.Context(), w.in))
		all := w.byName(t)
		require.Equal(t, map[string]string{"dally get Outer": "", "Bad": "dally get Outer"}, above(all))
		require.Equal(t, int64(1), value(t, all["dally get Outer"], "dally.runs.untraced"))
	})
}

// A function leaves a Get behind: the spans are made when that is over, too.
func TestNestedThatOutlivesItsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		w := newWorld(t, 2)
		begun, gone := make(chan struct{}), make(chan struct{})
		outer := asks("Outer", func(ctx context.Context) (int, error) {
			left := context.WithoutCancel(ctx)
			go func() {
				defer close(gone)
				_, _ = asks("Left", func(context.Context) (int, error) {
					close(begun)
					time.Sleep(50 * ms)
					return 1, nil
				}).Get(left, w.in)
			}()
			<-begun
			time.Sleep(2 * ms)
			return 1, nil
		})
		lazy.Must(outer.Get(t.Context(), w.in))
		<-gone
		synctest.Wait()
		require.Equal(t, map[string]string{
			"dally get Outer": "", "Outer": "dally get Outer", "dally get Left": "Outer", "Left": "dally get Left",
		}, above(w.byName(t)))
	})
}

// A tree of Gets inside calls, deep.
func TestNestedDeep(t *testing.T) {
	leak.Check(t)
	const depth = 300
	w := newWorld(t, 1, dallyotel.Threshold(0))
	var down func(ctx context.Context, left int) (int, error)
	down = func(ctx context.Context, left int) (int, error) {
		if left == 0 {
			return 0, nil
		}
		v, err := asks(fmt.Sprint("D", left), func(ctx context.Context) (int, error) { return down(ctx, left-1) }).Get(ctx, w.in)
		return v + 1, err
	}
	v, err := down(t.Context(), depth)
	require.NoError(t, err)
	require.Equal(t, depth, v)
	tree := above(w.byName(t))
	require.Len(t, tree, 2*depth)
	for i := 1; i < depth; i++ {
		require.Equal(t, fmt.Sprint("D", i+1), tree[fmt.Sprint("dally get D", i)])
		require.Equal(t, fmt.Sprint("dally get D", i), tree[fmt.Sprint("D", i)])
	}
}

// Many Gets at once with one Observer, some inside others: each trace is whole.
func TestManyRunsAtOnce(t *testing.T) {
	leak.Check(t)
	const gets, calls = 100, 20
	w := newWorld(t, 4, dallyotel.Threshold(0))
	one := lazy.Pure1(func(x int) int { return x }, lazy.Name("One"))
	all := lazy.Pure1(sum, lazy.Name("All"))
	nested := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
		return all(lazy.Gather(one.Each(make([]int, calls))...)).Get(ctx, w.in)
	}, lazy.Name("Nested"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range gets / 8 {
				ctx, span := w.begin(context.Background(), "get")
				if _, err := all(lazy.Gather(nested.Each([]int{1, 2, 3})...)).Get(ctx, w.in); err != nil {
					t.Error(err)
				}
				span.End()
			}
		})
	}
	wg.Wait()
	traces := map[trace.TraceID]tracetest.SpanStubs{}
	for _, s := range w.out.GetSpans() {
		traces[s.SpanContext.TraceID()] = append(traces[s.SpanContext.TraceID()], s)
	}
	require.Len(t, traces, gets/8*8)
	for _, spans := range traces {
		require.Len(t, spans, 1+1+2+3*(2+2+calls))
		ids, names := map[trace.SpanID]tracetest.SpanStub{}, map[string]int{}
		for _, s := range spans {
			ids[s.SpanContext.SpanID()] = s
			names[s.Name]++
		}
		require.Equal(t, map[string]int{
			"get": 1, "dally get All": 4, "All": 4, "Gather": 4, "Nested": 3, "One": 3 * calls,
		}, names)
		for _, s := range spans {
			up, ok := ids[s.Parent.SpanID()]
			require.Equal(t, s.Name != "get", ok)
			switch {
			case s.Name == "Gather":
				require.GreaterOrEqual(t, len(s.Links), 3)
				fallthrough
			case ok && s.Name != "dally get All":
				require.Equal(t, value(t, up, "dally.run.id"), value(t, s, "dally.run.id"))
			}
			for _, l := range s.Links {
				require.Contains(t, ids, l.SpanContext.SpanID())
			}
		}
	}
}
