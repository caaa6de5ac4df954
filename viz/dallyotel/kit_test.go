package dallyotel_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/dallyotel"
	"github.com/dally-go/dally/viz/record"
)

// world is an SDK that exports to memory, an Observer that feeds it, and what other observers are told.
type world struct {
	*sdk.TracerProvider
	out  *tracetest.InMemoryExporter
	told told
	in   lazy.RunOption
}

func newWorld(t *testing.T, workers int, opts ...dallyotel.Option) *world {
	w := &world{out: tracetest.NewInMemoryExporter()}
	w.TracerProvider = sdk.NewTracerProvider(sdk.WithSyncer(w.out))
	t.Cleanup(func() { require.NoError(t, w.Shutdown(context.Background())) })
	o := record.Tee(dallyotel.New(w, opts...), &w.told)
	w.in = lazy.In(&lazy.Session{Parallelism: workers, Observer: o})
	return w
}

// begin begins a span of the program's own.
func (w *world) begin(ctx context.Context, name string) (context.Context, trace.Span) {
	return w.Tracer("test").Start(ctx, name)
}

// spans are what was exported, in order of their start, those above before those below.
func (w *world) spans() tracetest.SpanStubs {
	all := w.out.GetSpans()
	slices.SortStableFunc(all, func(a, b tracetest.SpanStub) int {
		return cmp.Or(a.StartTime.Compare(b.StartTime), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// byName returns spans with different names by them.
func (w *world) byName(t *testing.T) map[string]tracetest.SpanStub {
	all := map[string]tracetest.SpanStub{}
	for _, s := range w.spans() {
		require.NotContains(t, all, s.Name)
		all[s.Name] = s
	}
	return all
}

// above returns for each span's name that of the span above it; "" for none.
func above(all map[string]tracetest.SpanStub) map[string]string {
	names := map[trace.SpanID]string{}
	for name, s := range all {
		names[s.SpanContext.SpanID()] = name
	}
	tree := map[string]string{}
	for name, s := range all {
		tree[name] = names[s.Parent.SpanID()]
	}
	return tree
}

func value(t *testing.T, s tracetest.SpanStub, key string) any {
	for _, a := range s.Attributes {
		if string(a.Key) == key {
			return a.Value.AsInterface()
		}
	}
	require.Fail(t, "no attribute "+key, "%v has %v", s.Name, s.Attributes)
	return nil
}

func attributes(kvs []attribute.KeyValue) map[string]any {
	m := map[string]any{}
	for _, a := range kvs {
		m[string(a.Key)] = a.Value.AsInterface()
	}
	return m
}

// told is what an observer is told.
type told struct {
	mu    sync.Mutex
	runs  []lazy.RunInfo  // that are over
	calls []lazy.CallInfo // that have ended
}

func (o *told) RunStarted(lazy.RunInfo)   {}
func (o *told) CallStarted(lazy.CallInfo) {}

func (o *told) CallDone(i lazy.CallInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls = append(o.calls, i)
}

func (o *told) RunDone(i lazy.RunInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.runs = append(o.runs, i)
}

func (o *told) call(t *testing.T, name string) lazy.CallInfo {
	for _, c := range o.calls {
		if c.Name == name {
			return c
		}
	}
	require.Fail(t, "no call "+name)
	return lazy.CallInfo{}
}
