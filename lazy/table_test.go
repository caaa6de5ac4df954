package lazy

import (
	"context"
	"errors"
	"math"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
)

var bgTable = context.Background()

// countedTimes is a wrapped function that counts its runs.
func countedTimes(opts ...Option) (Func1[int, int], *atomic.Int32) {
	runs := new(atomic.Int32)
	return Pure1(func(x int) int { runs.Add(1); return 10 * x }, append([]Option{Name("Counted")}, opts...)...), runs
}

func TestTableReadsOneKeyAlone(t *testing.T) {
	leak.Check(t)
	f, runs := countedTimes()
	var table Table[[2]int, int]
	for i := range 5 {
		for k := range 5 {
			table.Set([2]int{i, k}, f.Of(5*i+k))
		}
	}
	require.Zero(t, runs.Load())
	v, err := table.Get(bgTable, [2]int{2, 3})
	require.NoError(t, err)
	require.Equal(t, 130, v)
	require.Equal(t, int32(1), runs.Load())

	all, err := table.Map(bgTable)
	require.NoError(t, err)
	require.Len(t, all, 25)
	require.Equal(t, int32(25), runs.Load(), "the rest, each once")
	require.NoError(t, table.Wait(bgTable))
	require.Equal(t, int32(25), runs.Load())
}

func TestTableSharesWhatHandlesShare(t *testing.T) {
	f, runs := countedTimes()
	inc := Pure1(func(x int) int { return x + 1 })
	shared := f.Of(1)
	var table Table[string, int]
	table.Set("a", inc(shared))
	table.Set("b", inc(shared))
	table.Set("c", shared)
	all, err := table.Map(bgTable)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"a": 11, "b": 11, "c": 10}, all)
	require.Equal(t, int32(1), runs.Load())
}

func TestTableLastAssignmentWins(t *testing.T) {
	f, runs := countedTimes()
	var table Table[string, int]
	table.Set("a", f.Of(1))
	table.Set("b", f.Of(2))
	table.Set("a", f.Of(3))
	table.Put("b", 4)
	all, err := table.Map(bgTable)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"a": 30, "b": 4}, all)
	require.Equal(t, int32(1), runs.Load(), "what was replaced does not run")
	require.Equal(t, []string{"a", "b"}, table.Keys())
}

func TestTableOrder(t *testing.T) {
	var table Table[int, int]
	var want []int
	for i := range 100 {
		k := i * 37 % 101
		table.Put(k, i)
		want = append(want, k)
	}
	table.Put(want[50], 7)
	require.Equal(t, want, table.Keys())
	for _, k := range want[:80] {
		table.Delete(k)
	}
	table.Delete(1000)
	require.Equal(t, want[80:], table.Keys())
	require.Equal(t, 20, table.Len())
	table.Put(want[0], 1)
	require.Equal(t, append(want[80:100:100], want[0]), table.Keys(), "who was deleted comes last")
	var seen []int
	for k, d := range table.All() {
		require.Equal(t, table.At(k).State(), d.State())
		seen = append(seen, k)
		if len(seen) == 3 {
			break
		}
	}
	require.Equal(t, want[80:83], seen)
}

func TestTableFollowsSources(t *testing.T) {
	f, _ := countedTimes()
	x := Source("x", 1)
	var table Table[string, int]
	table.Set("a", f(x))
	require.Equal(t, 10, Must(table.Get(bgTable, "a")))
	x.Set(2)
	require.Equal(t, 20, Must(table.Get(bgTable, "a")))
	require.Equal(t, f(x).State(), graph.Pending)
}

func TestTableInsideACall(t *testing.T) {
	leak.Check(t)
	f, runs := countedTimes()
	x := Source("x", 1)
	var table Table[string, int]
	table.Set("a", f(x))
	read := Wrap1(func(ctx context.Context, k string) (int, error) { return table.Get(ctx, k) })
	d := read.Of("a")
	one := In(&Session{Parallelism: 1})
	require.Equal(t, 10, Must(d.Get(bgTable, one)), "one worker is enough")
	x.Set(2)
	require.Equal(t, graph.Stale, d.State(), "what it has got is an input")
	require.Equal(t, 20, Must(d.Get(bgTable, one)))
	require.Equal(t, int32(2), runs.Load())
}

var errTable = errors.New("bad")

func failFor(bad ...int) Func1[int, int] {
	return Wrap1(func(_ context.Context, x int) (int, error) {
		for _, b := range bad {
			if x == b {
				return 0, errTable
			}
		}
		return x, nil
	}, Name("FailFor"))
}

func TestTableErrorsNameTheKey(t *testing.T) {
	leak.Check(t)
	f := failFor(1)
	var table Table[string, int]
	table.Set("good", f.Of(0))
	table.Set("bad", f.Of(1))
	for name, read := range map[string]func() error{
		"Get":  func() error { _, err := table.Get(bgTable, "bad"); return err },
		"Map":  func() error { _, err := table.Map(bgTable); return err },
		"Wait": func() error { return table.Wait(bgTable) },
	} {
		t.Run(name, func(t *testing.T) {
			err := read()
			require.ErrorIs(t, err, errTable)
			var key *KeyError[string]
			require.ErrorAs(t, err, &key)
			require.Equal(t, "bad", key.Key)
			var call *Error
			require.ErrorAs(t, err, &call)
			require.Contains(t, call.Where, "table_test.go:")
			require.Regexp(t, `^lazy: key "bad": get: FailFor#\d+ \(lazy/table_test.go:\d+\): bad$`, err.Error())
		})
	}
	require.Equal(t, 0, Must(table.Get(bgTable, "good")))
}

func TestTableKeepGoing(t *testing.T) {
	leak.Check(t)
	f := failFor(3, 5)
	var table Table[int, int]
	for _, k := range []int{5, 4, 3, 2} {
		table.Set(k, f.Of(k))
	}
	table.Put(9, 90)
	for range 2 {
		all, err := table.Map(bgTable, KeepGoing())
		require.Equal(t, map[int]int{4: 4, 2: 2, 9: 90}, all)
		var many interface{ Unwrap() []error }
		require.ErrorAs(t, err, &many)
		var keys []int
		for _, e := range many.Unwrap() {
			var key *KeyError[int]
			require.ErrorAs(t, e, &key)
			require.ErrorIs(t, e, errTable)
			keys = append(keys, key.Key)
		}
		require.Equal(t, []int{5, 3}, keys, "in order of assignment")
		require.ErrorContains(t, err, "2 keys of the table failed; the first: lazy: key 5: ")
		require.Error(t, table.Wait(bgTable, KeepGoing()))
	}
}

func TestTableOfZeroAndDonatedData(t *testing.T) {
	var table Table[string, int]
	d := failFor().Of(7)
	table.Put("plain", 1)
	table.Set("zero", Data[int]{})
	table.Set("donated", d)
	Donate(d)
	for key, want := range map[string]error{"zero": ErrZeroData, "donated": ErrDonated} {
		_, err := table.Get(bgTable, key)
		require.ErrorIs(t, err, want)
		require.ErrorContains(t, err, "key "+strconv.Quote(key))
		require.ErrorContains(t, err, "table_test.go:")
	}
	all, err := table.Map(bgTable, KeepGoing())
	require.ErrorIs(t, err, ErrZeroData)
	require.ErrorIs(t, err, ErrDonated)
	require.Equal(t, map[string]int{"plain": 1}, all)
	_, err = table.Map(bgTable)
	var key *KeyError[string]
	require.ErrorAs(t, err, &key)
}

func TestTableUnknownKey(t *testing.T) {
	var table Table[string, int]
	_, err := table.Get(bgTable, "x")
	require.ErrorIs(t, err, ErrNoKey)
	require.EqualError(t, err, `lazy: key "x": nothing was assigned to this key`)

	d := table.At("x")
	table.Put("x", 1)
	_, err = d.Get(bgTable)
	require.ErrorIs(t, err, ErrNoKey, "At is of the time of At")
	require.Regexp(t, `At#\d+ \(lazy/table_test.go:\d+\): lazy: key "x": nothing was assigned`, err.Error())
	require.Equal(t, 1, Must(table.At("x").Get(bgTable)))
}

func TestTableOfSlice(t *testing.T) {
	of := []int{1, 2, 3}
	table := TableOf(of)
	table.Put(2, 7)
	require.Equal(t, []int{1, 2, 3}, of, "the slice stays as it was")
	require.Equal(t, []int{1, 2, 7}, Must(Slice(bgTable, table)))
	for _, i := range []int{-1, 3} {
		_, err := table.Get(bgTable, i)
		require.ErrorIs(t, err, ErrNoKey)
		require.ErrorContains(t, err, "is outside of the slice of 3")
		_, err = table.At(i).Get(bgTable)
		require.ErrorContains(t, err, "is outside of the slice of 3")
		require.Panics(t, func() { table.Set(i, Const(1)) })
	}
	require.PanicsWithError(t, "lazy: Table.Put: index 3 is outside of the slice of 3 that the table was made of", func() { table.Put(3, 1) })
	require.PanicsWithValue(t, "lazy: Table.Delete(1): the table was made of a slice of 3, whose indices stay; Put a value",
		func() { table.Delete(1) })
	require.Equal(t, []string{}, Must(Slice(bgTable, TableOf([]string{}))))
}

func TestSliceOfOtherKeys(t *testing.T) {
	table := tableOf(map[int]int{0: 5, 2: 7, 3: 8})
	_, err := Slice(bgTable, table)
	require.ErrorIs(t, err, ErrNoKey)
	require.EqualError(t, err, "lazy: key 1: nothing was assigned to this key: a slice of 3 wants the keys 0 to 2")
	table.Set(1, failFor(6).Of(6))
	_, err = Slice(bgTable, table)
	require.ErrorIs(t, err, errTable)
	got, err := Slice(bgTable, table, KeepGoing())
	require.ErrorIs(t, err, errTable)
	require.Equal(t, []int{5, 0, 7, 8}, got)
}

func TestTableRefusesNaN(t *testing.T) {
	var table Table[float64, int]
	require.PanicsWithError(t, "lazy: Table.Put: the key NaN is not equal to itself: nobody could read it again",
		func() { table.Put(math.NaN(), 1) })
	require.Zero(t, table.Len())
}

func TestTableContext(t *testing.T) {
	leak.Check(t)
	f, runs := countedTimes()
	var table Table[int, int]
	table.Set(1, f.Of(1))
	table.Set(2, f.Of(2))
	ctx, cancel := context.WithCancel(bgTable)
	cancel()
	_, err := table.Map(ctx)
	require.ErrorIs(t, err, context.Canceled)
	_, err = table.Get(ctx, 1)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, runs.Load())
	_, err = table.Map(bgTable, Workers(0))
	require.ErrorContains(t, err, "Workers(0): want 1 or more")
	_, err = table.Map(bgTable, nil)
	require.ErrorContains(t, err, "run option 1 is nil")
}

func TestTableWithoutAnything(t *testing.T) {
	var table Table[string, int]
	require.NoError(t, table.Wait(bgTable))
	require.Equal(t, map[string]int{}, Must(table.Map(bgTable)))
	require.Empty(t, table.Keys())
}

// tableOf is a table of a copy of m, its keys in any order.
func tableOf[K comparable, V any](m map[K]V) *Table[K, V] {
	t := new(Table[K, V])
	for k, v := range m {
		t.Put(k, v)
	}
	return t
}
