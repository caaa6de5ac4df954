package dallyotel

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// emitter makes the spans of one tree. Nobody else has the tree any more.
//
// A span's parent and the spans it links to must be there before it can name them, so all spans are begun, those above
// before those below; then they are linked, and ended in the opposite order.
type emitter struct {
	tracer trace.Tracer
	notes  []*note // in order of their start
	byID   map[graph.ID][]*note
	traced map[*run]int // how many calls of each run have spans
	begun  []ending
}

// ending is a span that is to be ended.
type ending struct {
	span trace.Span
	note *note // nil: that of the root
}

func (o *Observer) emit(t *tree) {
	e := &emitter{tracer: o.tracer, notes: t.notes, byID: map[graph.ID][]*note{}, traced: map[*run]int{}}
	slices.SortFunc(e.notes, func(a, b *note) int { return cmp.Or(a.start.Compare(b.start), cmp.Compare(a.id, b.id)) })
	for _, n := range e.notes {
		if n.nested != nil {
			n.nested.own = n
			continue
		}
		e.byID[n.id] = append(e.byID[n.id], n)
		e.traced[n.run]++
	}
	e.beginRun(t.root, t.root.info.Context(), nil)
	if !t.root.span.IsRecording() { // the sampler has no use for it
		t.root.span.End(trace.WithTimestamp(t.root.info.End))
		return
	}
	for _, n := range e.notes {
		e.begin(n)
	}
	for _, n := range e.notes {
		e.link(n)
	}
	for _, b := range slices.Backward(e.begun) {
		end := t.root.info.End
		if b.note != nil {
			end = b.note.end
		}
		b.span.End(trace.WithTimestamp(end))
	}
}

// begin begins the span of a note, unless it is begun.
func (e *emitter) begin(n *note) {
	switch {
	case n.span != nil:
	case n.nested != nil:
		e.beginRun(n.nested, e.above(n.nested), n)
		n.span = n.nested.span
	default:
		e.beginCall(n)
	}
}

// above returns the context with the span that a nested run's is below: one that the function has begun around its Get,
// else that of the call, else that of the run of the call.
func (e *emitter) above(r *run) context.Context {
	ctx := r.info.Context()
	if own := trace.SpanContextFromContext(ctx); !own.Equal(trace.SpanContextFromContext(r.outer.info.Context())) {
		return ctx
	}
	return trace.ContextWithSpan(ctx, e.spanAbove(r))
}

func (e *emitter) spanAbove(r *run) trace.Span {
	var call *note
	for _, n := range e.byID[r.within] { // several, if it was tried again
		if n.run == r.outer && (call == nil || !n.start.After(r.info.Start)) {
			call = n
		}
	}
	if call == nil {
		return e.spanOf(r.outer)
	}
	e.begin(call)
	return call.span
}

// spanOf returns the span of a run; if it has none, that of what it stands in.
func (e *emitter) spanOf(r *run) trace.Span {
	if r.span == nil {
		if r.own != nil {
			e.begin(r.own)
		} else {
			r.span = e.spanAbove(r)
		}
	}
	return r.span
}

func (e *emitter) beginRun(r *run, ctx context.Context, n *note) {
	i := &r.info
	function, _, _ := cutLast(i.Target, '#')
	attrs := []attribute.KeyValue{
		attribute.Int64("dally.run.id", int64(i.ID)),
		attribute.String("dally.op", clean(i.Op)),
		attribute.String("dally.target", clean(i.Target)),
		attribute.Int("dally.calls.planned", i.Calls),
	}
	if i.Workers > 0 {
		attrs = append(attrs, attribute.Int("dally.workers", i.Workers))
	}
	attrs = append(attrs, e.counted(r)...)
	_, r.span = e.tracer.Start(ctx, strings.TrimSpace(clean("dally "+i.Op+" "+function)),
		trace.WithTimestamp(i.Start), trace.WithAttributes(attrs...))
	e.begun = append(e.begun, ending{r.span, n})
	if r.failure != nil {
		r.span.SetStatus(codes.Error, r.failure.text)
	}
}

// counted are the attributes that count the calls of a run.
func (e *emitter) counted(r *run) (attrs []attribute.KeyValue) {
	all := 0
	for _, s := range []graph.State{graph.Done, graph.Cached, graph.Failed, graph.Skipped, graph.Pending} {
		sum := 0
		for i := range r.counts {
			sum += int(r.counts[i].ended[s].Load())
		}
		all += sum
		attrs = append(attrs, attribute.Int("dally.calls."+stateName(s), sum))
	}
	attrs = append(attrs, attribute.Int("dally.calls.untraced", all-e.traced[r]))
	if n := r.untracedRuns.Load(); n > 0 {
		attrs = append(attrs, attribute.Int64("dally.runs.untraced", n))
	}
	return attrs
}

func (e *emitter) beginCall(n *note) {
	attrs := []attribute.KeyValue{
		attribute.Int64("dally.call.id", int64(n.id)),
		attribute.String("dally.function", clean(n.name)),
		attribute.String("dally.state", stateName(n.state)),
		attribute.Int64("dally.run.id", int64(n.run.info.ID)),
	}
	if n.worker >= 0 {
		attrs = append(attrs, attribute.Int("dally.worker", n.worker))
	}
	parent := trace.ContextWithSpan(n.run.info.Context(), e.spanOf(n.run))
	_, n.span = e.tracer.Start(parent, clean(n.name), trace.WithTimestamp(n.start), trace.WithAttributes(attrs...))
	e.begun = append(e.begun, ending{n.span, n})
	if n.failure == nil {
		return
	}
	event := []attribute.KeyValue{
		attribute.String("exception.type", n.failure.kind),
		attribute.String("exception.message", n.failure.text),
	}
	if n.failure.stack != "" {
		event = append(event, attribute.String("exception.stacktrace", n.failure.stack))
	}
	n.span.AddEvent("exception", trace.WithTimestamp(n.end), trace.WithAttributes(event...))
	n.span.SetStatus(codes.Error, n.failure.text)
}

// link links a call to its inputs. One that was tried again is linked by its last try.
func (e *emitter) link(n *note) {
	for _, id := range n.inputs {
		if tries := e.byID[id]; len(tries) > 0 { // else there was no room for it
			n.span.AddLink(trace.Link{SpanContext: tries[len(tries)-1].span.SpanContext()})
		}
	}
}

// stateName is how operators know a state. Of a call that has ended, Pending says that it was cancelled.
func stateName(s graph.State) string {
	if s == graph.Pending {
		return "cancelled"
	}
	return s.String()
}

const nameMax = 100 // runes

func clean(s string) string { return label.Clean(s, nameMax) }

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}
