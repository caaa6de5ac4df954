package lazy

import (
	"context"
	"iter"
)

// Stream calls f for the elements of in and yields the results, in the order of the elements, while in goes on: neither
// the elements nor the results are ever there all at once.
//
//	for page, err := range lazy.Stream(ctx, urls, fetch, lazy.LookAhead(100)) {
//		…
//	}
//
// f is any function of handles: a wrapped one, or one that records several calls. What it returns is computed as by a
// Get with [KeepGoing]: in parallel, with all that was said where the functions were wrapped. Cheap calls are put
// together; an element that comes alone does not wait for others.
//
// Nothing happens before the result is ranged over. It can be ranged over again if in can, and then all runs anew. in
// runs on a goroutine of its own, so an element that is slow to come holds no result back. [LookAhead] bounds how far
// it is ahead, and with that the memory, whatever the length of in. (Where f records calls itself, up to 63 results of
// each of its functions may stay a while longer.)
//
// Where f is what [Pure1] or [Wrap1] returned without an [Option] but [Name], and nobody observes, cheap elements do
// not have a call each: pictures show calls that make many.
//
// An element whose call fails yields a zero value and an [*Error] that says which element it was, counted from 0, and
// the stream goes on; break if you do not want that. A stream is never silently short: when ctx ends before all results
// were yielded, or in panics or calls runtime.Goexit, the last thing yielded is a zero value and an [*Error], which is
// ctx.Err() (at once) or holds a [*PanicError] (after all elements that came before it).
//
// When the loop is left – by break, return, a panic, or the end of ctx – the running calls are cancelled as by any Get
// that leaves, in is ended the next time it yields, and the loop is over when all goroutines are. A function that does
// not heed its context is left behind. in is not: one that waits for something for ever, and does not look at ctx,
// keeps the loop from ending.
//
// Inside a wrapped function, pass that function's context: the call gives its worker away while it waits for results,
// and what f takes from outside the stream counts as found by the call.
//
// Of run options, [In] and [Observe] can be given, too; an observer is told of as many runs as there are. Stream panics
// if ctx, in, f or an option is nil, or if an option is not for streams.
func Stream[A, R any](ctx context.Context, in iter.Seq[A], f Func1[A, R], opts ...StreamOption) iter.Seq2[R, error] {
	o := streamOptionsOf("Stream", ctx, in == nil, f == nil, opts)
	return resultsOf[A, R](ctx, o, func(s *stream) {
		w := intake[A, R]{s: s, f: f}
		in(func(a A) bool { return s.wantsMore() && w.take(a) })
	})
}

// TryStream is [Stream] for a source that can fail. An error that in yields comes out in its place, after the results
// of all elements before it, as an [*Error] that it can be found in with errors.Is and errors.As; it ends the stream,
// and in is not asked for more. The element beside an error means nothing.
func TryStream[A, R any](ctx context.Context, in iter.Seq2[A, error], f Func1[A, R], opts ...StreamOption) iter.Seq2[R, error] {
	o := streamOptionsOf("TryStream", ctx, in == nil, f == nil, opts)
	return resultsOf[A, R](ctx, o, func(s *stream) {
		w := intake[A, R]{s: s, f: f}
		in(func(a A, err error) bool {
			if err != nil {
				s.fail(err)
			}
			return s.wantsMore() && w.take(a)
		})
	})
}

// resultsOf makes the iterator of a stream. feed calls the source, with a yield that offers its elements to the stream.
func resultsOf[A, R any](ctx context.Context, o streamOptions, feed func(*stream)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var zero R
		s := newStream(ctx, o)
		defer s.stop()
		s.start(feed)
		for {
			items, err := s.next()
			if err != nil {
				yield(zero, err)
			}
			if items == nil {
				return
			}
			for k, it := range items {
				if k > 0 && ctx.Err() != nil {
					break // next says what that means
				}
				v, err := resultOf[A, R](it)
				items[k] = nil
				if !yield(v, err) {
					return
				}
				s.release()
			}
		}
	}
}

// resultOf takes the result out of an item. Nothing of it is kept.
func resultOf[A, R any](it *item) (v R, err error) {
	switch {
	case it.node == nil && it.value != nil:
		p := (*pair[A, R])(it.value)
		if err = it.err; err == nil {
			v = p.r
		}
		*p = pair[A, R]{}
	case it.err != nil:
		err = it.err
	default:
		v = *(*R)(it.value)
	}
	*it = item{}
	return v, err
}
