package lazy

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

// t["b"] = t["a"] + 1, where t["a"] is yet to be written.
func TestWriterTakesWhatItsTableHolds(t *testing.T) {
	leak.Check(t)
	for _, workers := range []int{1, 2} {
		add, _ := addTo()
		var table Table[string, int]
		add.Of(&table, "a", 1)
		add(&table, Const("b"), table.At("a")) // a 1, b 1
		add(&table, Const("a"), table.At("b")) // a 2
		add.Of(&table, "c", 7)
		add(&table, Const("b"), table.At("a")) // b 3
		got, err := table.Map(bgTable, In(&Session{Parallelism: workers}))
		require.NoError(t, err)
		require.Equal(t, map[string]int{"a": 2, "b": 3, "c": 7}, got)
	}
}

// A handle that is assigned between writers, and is made of what the first has written.
func TestHandleOfItsTableBetweenWriters(t *testing.T) {
	leak.Check(t)
	add, _ := addTo()
	f, runs := countedTimes()
	var table Table[string, int]
	add.Of(&table, "a", 1)
	table.Set("x", f(table.At("a"))) // 10
	add.Of(&table, "a", 1)
	table.Set("y", f(table.At("a"))) // 20
	add.Of(&table, "x", 1)
	require.Equal(t, map[string]int{"a": 2, "x": 11, "y": 20}, Must(table.Map(bgTable, In(&Session{Parallelism: 1}))))
	require.Equal(t, int32(2), runs.Load())
}

// A long chain through a table: each call takes what the one before it has written.
func TestWritersInAChainOfLooks(t *testing.T) {
	leak.Check(t)
	const n = 60
	next := Write2(func(_ context.Context, v *View[int, int], i, before int) error { v.Set(i, before+1); return nil })
	table := TableOf(make([]int, n))
	for i := 1; i < n; i++ {
		next(table, Const(i), table.At(i-1))
		next.Of(table, 0, -1) // independent of all
	}
	require.Equal(t, n-1, Must(table.Get(bgTable, n-1)))
}

// What a function gets from the table inside a handle that a writer takes includes that writer: it waits for itself.
func TestWriterTakesWhatWaitsForIt(t *testing.T) {
	leak.Check(t)
	add, _ := addTo()
	var table Table[string, int]
	table.Put("a", 1)
	get := Wrap0(func(ctx context.Context) (int, error) { return table.Get(ctx, "a") }, Name("Inside"))
	add(&table, Const("a"), get())
	var cycle *CycleError
	require.ErrorAs(t, table.Wait(bgTable, In(&Session{Parallelism: 1})), &cycle)
}

// Edits that no read can apply do not pile up: the last assignment to a key is the one that stays.
func TestFailingReadsKeepNothing(t *testing.T) {
	fail := Write1(func(_ context.Context, v *View[string, int], _ int) error { return errTable })
	var table Table[string, int]
	fail.Of(&table, 1)
	for i := range 1000 {
		table.Put("k"+strconv.Itoa(i%3), i)
		require.ErrorIs(t, table.Wait(bgTable), errTable)
	}
	require.LessOrEqual(t, len(table.log), 4)
	require.Equal(t, 3, table.Len())
}

// Options that only say which values stand in are refused; so the message is about writers.
func TestWriterRefusesOrElse(t *testing.T) {
	defer func() {
		require.Contains(t, recover(), "a writer has no result for which OrElse could stand in")
	}()
	Write1(func(context.Context, *View[int, int], int) error { return nil }, OrElse(func(error) int { return 0 }))
}

// With MaxTrace, recording a call may compute its inputs there and then: also where a call is recorded again.
func TestWritersWithMaxTrace(t *testing.T) {
	leak.Check(t)
	defer SetMaxTrace(SetMaxTrace(8))
	add, _ := addTo()
	var runs atomic.Int32
	inc := Pure1(func(x int) int { runs.Add(1); return x + 1 })
	var table Table[string, int]
	d := Const(0)
	for range 100 {
		d = inc(d)
		add(&table, Const("n"), d)
	}
	require.Equal(t, 5050, Must(table.Get(bgTable, "n")))
	require.Equal(t, int32(100), runs.Load())
}
