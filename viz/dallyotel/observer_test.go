package dallyotel_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/dallyotel"
)

const ms = time.Millisecond

// takes returns a function that takes d and returns its argument.
func takes(name string, d time.Duration) lazy.Func1[int, int] {
	return lazy.Pure1(func(x int) int { time.Sleep(d); return x }, lazy.Name(name))
}

func sum(xs []int) (s int) {
	for _, x := range xs {
		s += x
	}
	return s
}

// Report <- Gather <- {Load0, Load1, Load2 <- Quick, Quick…}
func TestSpansOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		w := newWorld(t, 3)
		quick := takes("Quick", ms-1)
		var parts []lazy.Data[int]
		for i := range 3 {
			parts = append(parts, takes(fmt.Sprint("Load", i), time.Duration(5+i)*ms)(quick.Of(i)))
		}
		parts = append(parts, quick.Of(3))
		report := lazy.Pure1(func(xs []int) int { time.Sleep(ms); return sum(xs) }, lazy.Name("Report"))(lazy.Gather(parts...))
		ctx, get := w.begin(t.Context(), "GET /")
		require.Equal(t, 6, lazy.Must(report.Get(ctx, w.in)))
		require.Len(t, w.out.GetSpans(), 5, "all are exported when Get has returned")
		get.End()

		all := w.byName(t)
		require.Equal(t, map[string]string{
			"GET /": "", "dally get Report": "GET /", "Load0": "dally get Report", "Load1": "dally get Report",
			"Load2": "dally get Report", "Report": "dally get Report",
		}, above(all))
		run := all["dally get Report"]
		i := w.told.runs[0]
		require.Equal(t, map[string]any{
			"dally.run.id": int64(i.ID), "dally.op": "get", "dally.target": i.Target, "dally.workers": int64(3),
			"dally.calls.planned": int64(9), "dally.calls.done": int64(9), "dally.calls.cached": int64(0),
			"dally.calls.failed": int64(0), "dally.calls.skipped": int64(0), "dally.calls.cancelled": int64(0),
			"dally.calls.untraced": int64(5),
		}, attributes(run.Attributes))
		require.True(t, run.StartTime.Equal(i.Start))
		require.True(t, run.EndTime.Equal(i.End))
		require.Equal(t, codes.Unset, run.Status.Code)
		require.Equal(t, dallyotel.Scope, run.InstrumentationScope.Name)
		for _, name := range []string{"Load0", "Load1", "Load2", "Report"} {
			c, s := w.told.call(t, name), all[name]
			require.True(t, s.StartTime.Equal(c.Start))
			require.True(t, s.EndTime.Equal(c.End))
			require.Equal(t, map[string]any{
				"dally.call.id": int64(c.ID), "dally.function": name, "dally.state": "done", "dally.worker": int64(c.Worker),
				"dally.run.id": int64(i.ID),
			}, attributes(s.Attributes))
		}
		require.Equal(t, 7*ms, all["Load2"].EndTime.Sub(all["Load2"].StartTime))
		require.Empty(t, all["Load0"].Links, "Quick has no span")
		require.Equal(t, []string{"Load0", "Load1", "Load2"}, linked(all, "Report"), "through Gather")
	})
}

// linked returns the names of what a span is linked to, in their order.
func linked(all map[string]tracetest.SpanStub, name string) (names []string) {
	for _, l := range all[name].Links {
		for other, s := range all {
			if s.SpanContext.Equal(l.SpanContext) {
				names = append(names, other)
			}
		}
	}
	slices.Sort(names)
	return names
}

// Skipped <- {Bad!, Panics!, Fine}
func TestSpansOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		w := newWorld(t, 1)
		bad := lazy.Wrap0(func(context.Context) (int, error) { return 0, fmt.Errorf("no \xff such file") }, lazy.Name("Bad"))
		panics := lazy.Wrap0(func(context.Context) (int, error) { panic("oh") }, lazy.Name("Panics"))
		skipped := lazy.Pure3(func(_, _, _ int) int { return 0 }, lazy.Name("Skipped"))
		_, err := skipped(bad(), panics(), takes("Fine", 2*ms).Of(1)).Get(t.Context(), w.in, lazy.KeepGoing())
		require.Error(t, err)
		all := w.byName(t)
		require.Len(t, all, 4)
		run := all["dally get Skipped"]
		require.Equal(t, codes.Error, run.Status.Code)
		require.Contains(t, run.Status.Description, "such file")
		require.Equal(t, int64(2), value(t, run, "dally.calls.failed"))
		require.Equal(t, int64(1), value(t, run, "dally.calls.skipped"))
		require.Equal(t, int64(1), value(t, run, "dally.calls.untraced"))
		require.Equal(t, codes.Unset, all["Fine"].Status.Code)
		require.Equal(t, sdk.Status{Code: codes.Error, Description: "no \uFFFD such file"}, all["Bad"].Status)
		require.Len(t, all["Bad"].Events, 1)
		event := all["Bad"].Events[0]
		require.Equal(t, "exception", event.Name)
		require.True(t, event.Time.Equal(all["Bad"].EndTime))
		require.Equal(t, map[string]any{
			"exception.type": "*errors.errorString", "exception.message": "no \uFFFD such file",
		}, attributes(event.Attributes))
		require.Equal(t, "failed", value(t, all["Panics"], "dally.state"))
		p := attributes(all["Panics"].Events[0].Attributes)
		require.Equal(t, "*lazy.PanicError", p["exception.type"])
		require.Contains(t, p["exception.stacktrace"], "TestSpansOfFailures")
	})
}

// A cancelled Get: its call was running, and ends when it sees to it.
func TestSpansOfACancelledRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		w := newWorld(t, 1)
		waits := lazy.Wrap0(func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, lazy.Name("Waits"))
		ctx, cancel := context.WithTimeout(t.Context(), 5*ms)
		defer cancel()
		_, err := waits().Get(ctx, w.in)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
		all := w.byName(t)
		require.Equal(t, codes.Error, all["dally get Waits"].Status.Code)
		require.Equal(t, int64(1), value(t, all["dally get Waits"], "dally.calls.cancelled"))
		require.Equal(t, "cancelled", value(t, all["Waits"], "dally.state"))
		require.Equal(t, codes.Unset, all["Waits"].Status.Code)
	})
}

// A call that is tried again has a span for each try that is worth one.
func TestSpansOfRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		w := newWorld(t, 1)
		tries := 0
		again := lazy.Wrap0(func(context.Context) (int, error) {
			if tries++; tries < 3 {
				return 0, errors.New("not yet")
			}
			time.Sleep(2 * ms)
			return 1, nil
		}, lazy.Name("Again"), lazy.Retry(5))
		user := lazy.Pure1(func(x int) int { time.Sleep(ms); return x }, lazy.Name("User"))
		require.Equal(t, 1, lazy.Must(user(again()).Get(t.Context(), w.in)))
		var ends []lazy.CallInfo
		for _, c := range w.told.calls {
			if c.Name == "Again" {
				ends = append(ends, c)
			}
		}
		var last tracetest.SpanStub
		n := 0
		for _, s := range w.spans() {
			if s.Name == "Again" {
				last = s
				n++
			}
		}
		require.Equal(t, len(ends), n, "as many as observers are told of")
		user1 := w.spans()[len(w.spans())-1]
		require.Equal(t, "User", user1.Name)
		require.Len(t, user1.Links, 1)
		require.Equal(t, last.SpanContext.SpanID(), user1.Links[0].SpanContext.SpanID())
		require.Equal(t, codes.Unset, last.Status.Code)
	})
}

func TestThreshold(t *testing.T) {
	for _, c := range []struct {
		opts []dallyotel.Option
		want []string
	}{
		{nil, []string{"dally get D", "B", "C", "D"}},
		{[]dallyotel.Option{dallyotel.Threshold(0)}, []string{"dally get D", "A", "B", "C", "D"}},
		{[]dallyotel.Option{dallyotel.Threshold(-1)}, []string{"dally get D", "A", "B", "C", "D"}},
		{[]dallyotel.Option{dallyotel.Threshold(3 * ms)}, []string{"dally get D", "C", "D"}},
		{[]dallyotel.Option{dallyotel.Threshold(time.Hour)}, []string{"dally get D"}},
		{[]dallyotel.Option{dallyotel.MaxSpans(1)}, []string{"dally get D", "D"}},
		{[]dallyotel.Option{dallyotel.MaxSpans(2)}, []string{"dally get D", "C", "D"}},
		{[]dallyotel.Option{dallyotel.MaxSpans(0)}, []string{"dally get D"}},
		{[]dallyotel.Option{dallyotel.MaxSpans(-3)}, []string{"dally get D"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			w := newWorld(t, 1, c.opts...)
			d := takes("D", 4*ms)(takes("C", 3*ms)(takes("B", ms)(takes("A", ms-1).Of(1))))
			require.Equal(t, 1, lazy.Must(d.Get(t.Context(), w.in)))
			all := w.byName(t)
			require.Len(t, all, len(c.want))
			for _, name := range c.want {
				require.Contains(t, all, name)
			}
			require.Equal(t, int64(5-len(c.want)), value(t, all["dally get D"], "dally.calls.untraced"))
		})
	}
}

// kept is wrapped once, as functions with Memo are to be.
var kept = lazy.Pure1(func(x int) int { return x }, lazy.Name("Kept"), lazy.Memo())

// Values from a store: a slow answer is worth a span, and says that nothing ran.
func TestSpansOfCachedCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		w := newWorld(t, 1, dallyotel.Threshold(0))
		store := cache.NewMemory(1 << 20)
		s := &lazy.Session{Cache: store}
		lazy.Must(kept.Of(4).Get(t.Context(), lazy.In(s)))
		s2 := &lazy.Session{Cache: store, Observer: dallyotel.New(w, dallyotel.Threshold(0))}
		require.Equal(t, 4, lazy.Must(kept.Of(4).Get(t.Context(), lazy.In(s2))))
		all := w.byName(t)
		require.Equal(t, "cached", value(t, all["Kept"], "dally.state"))
		require.Equal(t, int64(1), value(t, all["dally get Kept"], "dally.calls.cached"))
		require.Equal(t, int64(0), value(t, all["dally get Kept"], "dally.calls.done"))
	})
}

func TestHostileNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		w := newWorld(t, 1)
		name := "\xff\x1b[31m<b>\n#" + strings.Repeat("é", 500)
		lazy.Must(takes(name, 2*ms).Of(1).Get(t.Context(), w.in))
		spans := w.spans()
		require.Len(t, spans, 2)
		for _, s := range spans {
			texts := []string{s.Name}
			for _, v := range attributes(s.Attributes) {
				texts = append(texts, fmt.Sprint(v))
			}
			for _, text := range texts {
				require.True(t, utf8.ValidString(text))
				require.NotContains(t, text, "\x1b")
				require.NotContains(t, text, "\n")
				require.LessOrEqual(t, utf8.RuneCountInString(text), 101)
			}
		}
	})
}

// What the sampler has no use for costs no spans.
func TestUnsampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		out := tracetest.NewInMemoryExporter()
		begun := &counting{}
		tp := sdk.NewTracerProvider(sdk.WithSyncer(out), sdk.WithSampler(begun))
		for range 3 {
			lazy.Must(takes("Slow", 2*ms).Of(1).Get(t.Context(), lazy.Observe(dallyotel.New(tp))))
		}
		require.Empty(t, out.GetSpans())
		require.Equal(t, []string{"dally get Slow", "dally get Slow", "dally get Slow"}, begun.names)
	})
}

// counting is a sampler that samples nothing.
type counting struct{ names []string }

func (c *counting) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	c.names = append(c.names, p.Name)
	return sdk.SamplingResult{Decision: sdk.Drop, Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState()}
}

func (c *counting) Description() string { return "counting" }

// setGlobal sets the provider of the process: what was asked for before follows that once, not again.
var setGlobal = sync.OnceValue(func() *tracetest.InMemoryExporter {
	out := tracetest.NewInMemoryExporter()
	otel.SetTracerProvider(sdk.NewTracerProvider(sdk.WithSyncer(out)))
	return out
})

// Without a provider the spans go to the one that the program has set, also if it sets it later.
func TestGlobalProvider(t *testing.T) {
	o := dallyotel.New(nil)
	lazy.Must(takes("Early", 0).Of(1).Get(t.Context(), lazy.Observe(o)))
	out := setGlobal()
	out.Reset()
	lazy.Must(takes("Late", 0).Of(1).Get(t.Context(), lazy.Observe(o)))
	require.Len(t, out.GetSpans(), 1)
	require.Equal(t, "dally get Late", out.GetSpans()[0].Name)
}

// What nobody has told of before is left alone.
func TestStrayCalls(t *testing.T) {
	out := tracetest.NewInMemoryExporter()
	o := dallyotel.New(sdk.NewTracerProvider(sdk.WithSyncer(out)))
	o.CallDone(lazy.CallInfo{Run: 7, Worker: -1})
	o.RunDone(lazy.RunInfo{ID: 7})
	require.Empty(t, out.GetSpans())
	o.RunStarted(lazy.RunInfo{ID: 7, Op: "get", Target: "x\xff#1"})
	o.CallDone(lazy.CallInfo{Run: 7, Worker: -9, State: 200, Start: time.Unix(5, 0), End: time.Unix(3, 0)})
	o.RunDone(lazy.RunInfo{ID: 7, Op: "get"})
	require.Len(t, out.GetSpans(), 1)
	require.Equal(t, "dally get", out.GetSpans()[0].Name)
}

func TestMisuse(t *testing.T) {
	require.PanicsWithValue(t, "dallyotel: New: option 2 of 2 is nil: leave it out", func() { dallyotel.New(nil, dallyotel.MaxSpans(1), nil) })
}
