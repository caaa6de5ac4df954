package trace_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/trace"
)

// recorder keeps everything, as simply as can be.
type recorder struct {
	mu sync.Mutex
	r  graph.Record
}

func (o *recorder) RunStarted(lazy.RunInfo)   {}
func (o *recorder) CallStarted(lazy.CallInfo) {}

func (o *recorder) RunDone(i lazy.RunInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	run := graph.Run{ID: i.ID, Op: i.Op, Target: i.Target, Start: i.Start, End: i.End, Calls: i.Planned(), Workers: i.Workers}
	if i.Err != nil {
		run.Err = i.Err.Error()
	}
	o.r.Runs = append(o.r.Runs, run)
}

func (o *recorder) CallDone(i lazy.CallInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	span := graph.Span{
		Call: i.ID, Run: i.Run, Name: i.Name, Worker: i.Worker, State: i.State,
		Start: i.Start.Sub(o.r.Start), End: i.End.Sub(o.r.Start),
	}
	o.r.Spans = append(o.r.Spans, span)
	if i.State == graph.Failed {
		o.r.Failures = append(o.r.Failures, graph.Failure{Call: i.ID, Run: i.Run, Name: i.Name, At: span.End, Err: i.Err.Error()})
	}
}

// What a real run leaves: a Get inside of a call, a Bind whose rest runs elsewhere, calls that wait outside, a failure.
func TestRealRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		rec := &recorder{r: graph.Record{Start: time.Now()}}
		wait := lazy.Pure2(func(x, y int) int { time.Sleep(time.Duration(x) * ms); return x }, lazy.Name("Wait"))
		outside := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
			time.Sleep(time.Duration(x) * ms)
			return x, nil
		}, lazy.Name("Outside"), lazy.Blocking(10))
		nest := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
			time.Sleep(ms)
			v, err := wait.Of(x, 0).Get(ctx)
			time.Sleep(ms)
			return v, err
		}, lazy.Name("Nest"))
		bind := lazy.Bind1(func(ctx context.Context, x int) (lazy.Data[int], error) {
			time.Sleep(5 * ms)
			return wait.Of(x, 1), nil
		}, lazy.Name("Bind"))
		sum := lazy.Wrap1(func(ctx context.Context, xs []int) (int, error) {
			time.Sleep(3 * ms)
			return 0, errors.New("no luck")
		}, lazy.Name("Sum"))
		top := sum(lazy.Gather(nest.Of(10), bind.Of(20), outside.Of(9), outside.Of(40), wait.Of(7, 2)))
		_, err := top.Get(ctx, lazy.Observe(rec), lazy.Workers(2))
		require.ErrorContains(t, err, "no luck")

		s := lazy.Snapshot(top)
		f := write(t, rec.r, s)
		require.Len(t, f.calls(), len(rec.r.Spans))
		require.Len(t, f.withCat("run"), 1)
		require.True(t, slices.Contains(f.lanes, "blocking 2"), f.lanes)
		var path []string
		for _, c := range trace.Critical(trace.Timed(s, rec.r)).Calls {
			path = append(path, c.Node.Name)
		}
		require.Equal(t, "Outside", path[0], path)
		require.Equal(t, "Sum", path[len(path)-1], path)
		require.Len(t, f.withCat("critical path"), len(path))
		for _, d := range f.calls() {
			if d.Name == "Sum" {
				require.Contains(t, d.Args.Error, "no luck")
			}
		}
		require.Len(t, f.arrows, len(expected(rec.r, s)))
		require.NotEmpty(t, f.arrows)
	})
}

// The times that a snapshot has by itself are enough for the path.
func TestCriticalOfARealSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		step := lazy.Pure1(func(x int) int { time.Sleep(time.Duration(x) * ms); return x + 1 }, lazy.Name("Step"))
		add := lazy.Pure2(func(x, y int) int { time.Sleep(10 * ms); return x + y }, lazy.Name("Add"))
		short, long := step(step.Of(1)), step(step(step.Of(20)))
		top := add(short, long)
		_, err := top.Get(t.Context(), lazy.Workers(2))
		require.NoError(t, err)
		p := trace.Critical(lazy.Snapshot(top))
		require.Len(t, p.Calls, 4)
		require.Equal(t, 73*ms, p.Ran)
		require.Equal(t, 73*ms, p.Wall)
		require.Equal(t, `critical path: 4 calls, 73 ms of 73 ms (100 %)
   waited        ran   share
        –      63 ms    86 %  Step ×3
        –      10 ms    14 %  Add#`, p.String()[:len(p.String())-len(label(p))])
	})
}

// label is what stands at the end of the text: the number of the last call, and a line break.
func label(p trace.Path) string {
	s := p.String()
	return s[slices.Index([]byte(s), '#')+1:]
}
