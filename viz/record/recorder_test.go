package record_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// A zero Recorder is one without options.
func TestZeroRecorder(t *testing.T) {
	var unused record.Recorder
	require.Empty(t, unused.Record().Spans)
	require.Zero(t, new(record.Recorder).Now().Planned)
	require.Empty(t, new(record.Recorder).Failures(0))
	require.Empty(t, new(record.Recorder).Runs(time.Time{}))
	require.Empty(t, new(record.Recorder).Graph().Nodes)
	require.False(t, new(record.Recorder).Start().IsZero())
	var c record.Cursor
	new(record.Recorder).Skip(&c)
	var rec record.Recorder
	require.Equal(t, 5, lazy.Must(sum2(square.Of(1), square.Of(2)).Get(t.Context(), lazy.Observe(&rec))))
	got := rec.Record()
	require.Len(t, got.Spans, 3)
	for _, s := range got.Spans {
		require.Less(t, s.Start, time.Hour)
		require.GreaterOrEqual(t, s.Start, time.Duration(0))
	}
	var told record.Recorder // by who does not tell of the run first
	told.CallStarted(lazy.CallInfo{ID: 1, Worker: 3, Start: time.Now()})
	told.CallDone(lazy.CallInfo{ID: 1, Worker: 3, Start: time.Now(), End: time.Now(), State: graph.Done})
	require.Equal(t, 1, told.Now().Ended())
}

func TestMisuse(t *testing.T) {
	var none *record.Recorder
	a, b := record.New(), record.New()
	var c record.Cursor
	a.Read(&c, nil)
	for want, f := range map[string]func(){
		"record: the *Recorder is nil: make one with record.New()":                               func() { none.Record() },
		"record: New: option 2 of 2 is nil: leave it out":                                        func() { record.New(record.Graphs(), nil) },
		"record: Read: the Cursor has been used with another Recorder: use one Cursor for each":  func() { b.Read(&c, nil) },
		"record: Skip: the Cursor has been used with another Recorder: use one Cursor for each":  func() { b.Skip(&c) },
		"record: Read: the *Cursor is nil: give the address of a Cursor, which is zero at first": func() { a.Read(nil, nil) },
	} {
		require.PanicsWithValue(t, want, f)
	}
	for want, obs := range map[string]lazy.Observer{"make one with record.New()": none, "is told of run": record.Tee(a, a)} {
		_, err := square.Of(3).Get(t.Context(), lazy.Observe(obs))
		require.ErrorContains(t, err, want)
	}
	require.Zero(t, a.Now().Active)
	require.Equal(t, 9, lazy.Must(square.Of(3).Get(t.Context(), lazy.Observe(a))))
	require.Zero(t, a.Now().Active)
}

// A copy of a cursor is a cursor of its own.
func TestCursorMayBeCopied(t *testing.T) {
	m := newModel(t, 100)
	var c record.Cursor
	m.done(graph.Span{Call: 1, Worker: 0, State: graph.Done})
	m.rec.Read(&c, nil)
	saved := c
	m.done(graph.Span{Call: 2, Worker: 0, State: graph.Done})
	for _, cursor := range []*record.Cursor{&c, &saved} {
		spans, lost := m.rec.Read(cursor, make([]graph.Span, 1, 50))
		require.Zero(t, lost)
		require.Len(t, spans, 2, "appended to what was there")
		require.EqualValues(t, 2, spans[1].Call)
	}
}

// Few open calls are found in another way than many; between the two there is some room.
func TestOpenCallsComeAndGo(t *testing.T) {
	m := newModel(t, 10)
	r := rand.New(rand.NewPCG(1, 2))
	for most := range 24 {
		for range 100 {
			if n := len(m.open); n == 0 || n <= most && r.IntN(2) == 0 {
				m.start(uint64(r.IntN(3)), -1, "wait")
			} else {
				m.end(r.IntN(n), -1, graph.Done)
			}
			require.Len(t, m.rec.Now().Running, len(m.open))
		}
		m.checkNow()
	}
}

func TestTenThousandOpenCalls(t *testing.T) {
	const n = 10_000
	m := newModel(t, 100)
	for range n {
		m.start(1, -1, "wait")
	}
	m.checkNow()
	for i := range n - 3 {
		m.end(i*7919, 2, graph.Done)
	}
	m.start(1, -1, "wait")
	m.checkNow()
	m.end(3, -1, graph.Done)
	m.runDone(1)
	m.checkNow()
	m.checkRecord()
}

// Runs are kept to a bound; those that go on always.
func TestRunsAreBounded(t *testing.T) {
	rec := record.New()
	at := rec.Start()
	rec.RunStarted(lazy.RunInfo{ID: 1, Start: at, Calls: 3})
	for id := uint64(2); id < 6000; id++ {
		i := lazy.RunInfo{ID: id, Start: at.Add(time.Duration(id)), Calls: 1}
		rec.RunStarted(i)
		i.End = i.Start.Add(1)
		rec.RunDone(i)
	}
	runs := rec.Runs(time.Time{})
	require.Len(t, runs, 4096+1)
	require.EqualValues(t, 1, runs[0].ID)
	for i, run := range runs[1:] {
		require.EqualValues(t, 6000-4096+i, run.ID)
	}
	require.Equal(t, 3+5998, rec.Now().Planned, "also of runs that have gone")
}

// Whoever asks again and again misses no end, however late it is told.
func TestRunsSinceMissesNoEnd(t *testing.T) {
	rec := record.New()
	i := lazy.RunInfo{ID: 7, Start: rec.Start()}
	rec.RunStarted(i)
	i.End = time.Now() // what ends, ends before it is told
	asked := time.Now()
	require.Len(t, rec.Runs(rec.Start()), 1)
	require.Zero(t, rec.Runs(rec.Start())[0].End)
	rec.RunDone(i)
	require.Len(t, rec.Runs(asked), 1)
	require.NotZero(t, rec.Runs(asked)[0].End)
	require.Empty(t, rec.Runs(time.Now().Add(time.Hour)))
}

type rude struct{ how string }

func (r *rude) Error() string {
	if r.how == "error" {
		panic("no text")
	}
	return strings.Repeat("ü", 3000)
}

func (r *rude) Unwrap() error {
	if r.how == "unwrap" {
		panic("no")
	}
	return nil
}

func TestErrorsThatPanic(t *testing.T) {
	for how, want := range map[string]string{
		"error": "*record_test.rude, whose Error method panics", "unwrap": strings.Repeat("ü", 2048) + "…",
	} {
		rec := record.New()
		rec.CallDone(lazy.CallInfo{ID: 1, State: graph.Failed, Err: &rude{how}})
		i := lazy.RunInfo{ID: 1, Err: &rude{how}}
		rec.RunStarted(i)
		rec.RunDone(i)
		require.Equal(t, want, rec.Failures(0)[0].Err)
		require.Equal(t, want, rec.Runs(time.Time{})[0].Err)
		require.True(t, utf8.ValidString(want))
	}
	var none *rude
	rec := record.New()
	rec.CallDone(lazy.CallInfo{ID: 1, State: graph.Failed, Err: none})
	require.Contains(t, rec.Failures(0)[0].Err, "whose Error method panics")
}

func TestFailuresAreBounded(t *testing.T) {
	rec := record.New()
	for i := range 1500 {
		at := rec.Start().Add(time.Duration(5000 - i))
		rec.CallDone(lazy.CallInfo{ID: graph.ID(i), State: graph.Failed, Start: at, End: at, Err: fmt.Errorf("no %d", i)})
	}
	require.Len(t, rec.Failures(0), 1000)
	require.Equal(t, "no 990", rec.Failures(990)[0].Err)
	require.Len(t, rec.Failures(-3), 1000)
	require.Empty(t, rec.Failures(1000))
	require.Empty(t, rec.Failures(2000))
	require.Equal(t, "no 999", rec.Record().Failures[0].Err, "a Record has them in order of time")
	require.Equal(t, 1500, rec.Now().Count()[graph.Failed])
}

// rowdy panics when it is told of something.
type rowdy struct {
	*witness
	at string
}

func (r *rowdy) RunStarted(i lazy.RunInfo)   { r.told("RunStarted"); r.witness.RunStarted(i) }
func (r *rowdy) CallStarted(i lazy.CallInfo) { r.told("CallStarted"); r.witness.CallStarted(i) }
func (r *rowdy) CallDone(i lazy.CallInfo)    { r.told("CallDone"); r.witness.CallDone(i) }
func (r *rowdy) RunDone(i lazy.RunInfo)      { r.told("RunDone"); r.witness.RunDone(i) }

func (r *rowdy) told(what string) {
	if what == r.at {
		panic("rowdy in " + what)
	}
}

// One that panics makes the Get fail; its neighbours are told of everything all the same.
func TestTeeOfOneThatPanics(t *testing.T) {
	for _, at := range []string{"RunStarted", "CallStarted", "CallDone", "RunDone"} {
		before, after := record.New(), record.New()
		tee := record.Tee(before, nil, &rowdy{witness: newWitness(), at: at}, after)
		_, err := sum2(square.Of(1), square.Of(2)).Get(t.Context(), lazy.Observe(tee))
		require.ErrorContains(t, err, "rowdy in "+at)
		for _, rec := range []*record.Recorder{before, after} {
			now := rec.Now()
			require.Zero(t, now.Active, at)
			require.Empty(t, now.Running, at)
			if at != "RunStarted" {
				require.Equal(t, 3, now.Ended(), at)
			}
		}
		require.Len(t, before.Runs(time.Time{}), 1)
		require.Len(t, after.Runs(time.Time{}), map[bool]int{true: 0, false: 1}[at == "RunStarted"])
	}
}

func TestTee(t *testing.T) {
	a, b := record.New(), record.New()
	require.Nil(t, record.Tee())
	require.Nil(t, record.Tee(nil, nil))
	require.Same(t, a, record.Tee(nil, a))
	sad := lazy.Wrap0(func(context.Context) (int, error) { return 0, errors.New("sad") }, lazy.Name("sad"))
	_, err := sad().Get(t.Context(), lazy.Observe(record.Tee(a, b)))
	require.Error(t, err)
	for _, rec := range []*record.Recorder{a, b} {
		require.Len(t, rec.Failures(0), 1)
		require.Len(t, rec.Runs(time.Time{}), 1)
		require.Equal(t, 1, rec.Now().Ended())
	}
}

// What nobody ended is not open when its run is over.
func TestRunDoneClosesCalls(t *testing.T) {
	m := newModel(t, 10)
	m.runStarted(1)
	m.runStarted(2)
	for i := range 40 {
		m.start(1, i%4-1, "a")
		m.start(2, i%4-1, "b")
	}
	m.runDone(1)
	m.checkNow()
	for len(m.open) > 0 {
		m.end(0, m.open[0].Worker, graph.Done)
	}
	m.checkNow()
	m.runDone(2)
	m.checkRecord()
}
