package record_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// surly panics when it is asked what it is.
type surly struct{}

func (surly) Error() string   { return "surly" }
func (surly) Is(error) bool   { panic("surly") }
func (surly) As(any) bool     { panic("surly") }
func (surly) Unwrap() []error { return nil }

// Counts stay exact when runs and spans have long been dropped.
func TestCountsAreExact(t *testing.T) {
	leak.Check(t)
	const runs = 5000 // more than are kept
	rec := record.New(record.Spans(10))
	one := lazy.Pure1(func(x int) int { return x }, lazy.Name("one"))
	for i := range runs {
		_, err := one.Of(i).Get(t.Context(), lazy.Observe(rec))
		require.NoError(t, err)
	}
	c := rec.Counts()
	require.Equal(t, []int{runs, 0, 0, runs}, []int{c.Done, c.Failed, c.Cancelled, c.Planned})
	require.Equal(t, rec.Record().Dropped, c.Dropped)
	require.Positive(t, c.Dropped)
	require.Less(t, len(rec.Record().Runs), runs)
}

// Who asks for totals alone is not told that spans were dropped.
func TestCountsWithoutSpans(t *testing.T) {
	rec := record.New(record.Spans(0))
	one := lazy.Pure1(func(x int) int { return x }, lazy.Name("one"))
	lazy.Must(lazy.GetAll(t.Context(), one.Each(make([]int, 50)), lazy.Observe(rec)))
	require.Equal(t, record.Counts{Done: 1, Planned: 50}, rec.Counts())
}

func TestCountsOfResults(t *testing.T) {
	leak.Check(t)
	rec := record.New()
	require.Equal(t, record.Counts{}, rec.Counts())
	bad := lazy.Wrap0(func(context.Context) (int, error) { return 0, errors.New("boom") }, lazy.Name("bad"))
	late := lazy.Wrap0(func(context.Context) (int, error) {
		return 0, fmt.Errorf("asking: %w", context.DeadlineExceeded)
	}, lazy.Name("late"))
	for _, d := range []lazy.Data[int]{bad(), late()} { // a function's own time limit is a failure like any other
		_, err := d.Get(t.Context(), lazy.Observe(rec))
		require.Error(t, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	heeds := lazy.Wrap0(func(ctx context.Context) (int, error) {
		require.Equal(t, record.Counts{Failed: 2, Planned: 3}, rec.Counts(), "a run that goes on")
		cancel()
		<-ctx.Done()
		return 0, ctx.Err()
	}, lazy.Name("heeds"))
	over := make(chan struct{})
	_, err := heeds().Get(ctx, lazy.Observe(record.Tee(rec, whenOver(func() { close(over) }))))
	require.ErrorIs(t, err, context.Canceled)
	<-over
	require.Equal(t, record.Counts{Failed: 2, Cancelled: 1, Planned: 3}, rec.Counts())
	rec.RunDone(lazy.RunInfo{Err: surly{}, Calls: 1})
	require.Equal(t, record.Counts{Failed: 3, Cancelled: 1, Planned: 4}, rec.Counts())
}

// whenOver is told when a run is over.
type whenOver func()

func (whenOver) RunStarted(lazy.RunInfo)   {}
func (whenOver) CallStarted(lazy.CallInfo) {}
func (whenOver) CallDone(lazy.CallInfo)    {}
func (f whenOver) RunDone(lazy.RunInfo)    { f() }

func ExampleRecorder_Counts() {
	rec := record.New()
	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	lazy.Must(square.Of(6).Get(context.Background(), lazy.Observe(rec)))
	c := rec.Counts()
	fmt.Println(c.Done, "run done,", c.Failed, "failed,", c.Planned, "call planned")
	// Output: 1 run done, 0 failed, 1 call planned
}
