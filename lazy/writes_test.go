package lazy

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

// addTo returns a writer that adds n to key k, and counts its runs.
func addTo(opts ...Option) (Writer2[string, int, string, int], *atomic.Int32) {
	runs := new(atomic.Int32)
	return Write2(func(_ context.Context, v *View[string, int], k string, n int) error {
		runs.Add(1)
		v.Set(k, v.At(k)+n)
		return nil
	}, append([]Option{Name("Add")}, opts...)...), runs
}

func TestWritesOfDifferentKeysRunOnce(t *testing.T) {
	leak.Check(t)
	var runs atomic.Int32
	write := Write1(func(_ context.Context, v *View[int, int], i int) error {
		runs.Add(1)
		v.Set(i, v.At(i)+v.Len())
		return nil
	})
	table := TableOf([]int{1, 2, 3, 4})
	for i := range 4 {
		write.Of(table, i)
	}
	require.Zero(t, runs.Load(), "nothing runs before the read")
	require.Equal(t, 7, Must(table.Get(bgTable, 2)), "a read sees its own")
	require.Equal(t, []int{5, 6, 7, 8}, Must(Slice(bgTable, table)), "and all others")
	require.Equal(t, int32(4), runs.Load(), "each once: the length of a slice does not change")
}

// The four calls meet: they could not, if one waited for another.
func TestWritesRunInParallel(t *testing.T) {
	leak.Check(t)
	var together sync.WaitGroup
	together.Add(4)
	write := Write1(func(_ context.Context, v *View[int, int], i int) error {
		together.Done()
		together.Wait()
		v.Set(i, i)
		return nil
	})
	table := TableOf(make([]int, 4))
	for i := range 4 {
		write.Of(table, i)
	}
	require.Equal(t, []int{0, 1, 2, 3}, Must(Slice(bgTable, table, In(&Session{Parallelism: 4}))))
}

func TestWritesToOneKeyAreInOrder(t *testing.T) {
	leak.Check(t)
	for _, workers := range []int{1, 2, 8} {
		s := In(&Session{Parallelism: workers})
		var runs atomic.Int32
		shift := Write1(func(_ context.Context, v *View[string, int], digit int) error {
			runs.Add(1)
			v.Set("n", v.At("n")*10+digit)
			return nil
		})
		last := Write1(func(_ context.Context, v *View[string, int], digit int) error { v.Set("last", digit); return nil })
		var table Table[string, int]
		for i := range 9 {
			shift.Of(&table, i+1)
			last.Of(&table, i+1)
		}
		require.Equal(t, 123456789, Must(table.Get(bgTable, "n", s)))
		require.Equal(t, 9, Must(table.Get(bgTable, "last", s)))
		require.Equal(t, int32(17), runs.Load(), "the first once, the others twice")
	}
}

// A call reads the keys, or the values, of which others change one or the other.
func TestWritesConflicts(t *testing.T) {
	leak.Check(t)
	reads := map[string]func(v *View[string, int]){
		"At":    func(v *View[string, int]) { v.At("x") },
		"Get":   func(v *View[string, int]) { v.Get("x") },
		"Len":   func(v *View[string, int]) { v.Len() },
		"Keys":  func(v *View[string, int]) { v.Keys()(func(string) bool { return false }) },
		"All":   func(v *View[string, int]) { v.All()(func(string, int) bool { return false }) },
		"other": func(v *View[string, int]) { v.At("y") },
		"own":   func(v *View[string, int]) { v.Set("x", 1); v.At("x") },
	}
	conflict := map[string]string{"At": "old new", "Get": "old new", "Len": "new", "Keys": "new", "All": "old new other"}
	for name, read := range reads {
		for kind, key := range map[string]string{"old": "x", "new": "x", "other": "z"} {
			t.Run(name+" "+kind, func(t *testing.T) {
				table := TableOfMap(map[string]int{"y": 2, "z": 3})
				if kind == "old" {
					table.Put("x", 1)
				}
				write := Write1(func(_ context.Context, v *View[string, int], k string) error { v.Set(k, 5); return nil })
				var runs atomic.Int32
				look := Write1(func(_ context.Context, v *View[string, int], _ int) error { runs.Add(1); read(v); return nil })
				write.Of(table, key)
				look.Of(table, 0)
				require.NoError(t, table.Wait(bgTable))
				again := slices.Contains(strings.Fields(conflict[name]), kind)
				require.Equal(t, again, runs.Load() == 2, "runs: %d", runs.Load())
			})
		}
	}
}

func TestWritesAreInProgramOrderWithAssignments(t *testing.T) {
	leak.Check(t)
	add, _ := addTo()
	f, runs := countedTimes()
	var table Table[string, int]
	table.Set("a", f.Of(1)) // 10
	add.Of(&table, "a", 1)  // 11
	before := table.At("a")
	table.Put("a", 100)
	add.Of(&table, "a", 2)
	table.Set("a", f.Of(7)) // replaced before anybody saw it
	table.Set("a", f.Of(2)) // 20
	add.Of(&table, "a", 3)  // 23
	table.Delete("b")
	add.Of(&table, "b", 5)
	table.Set("c", f.Of(9))
	require.Equal(t, []string{"a", "c"}, table.Keys())
	require.Equal(t, 11, Must(before.Get(bgTable)))
	require.Equal(t, 23, Must(table.Get(bgTable, "a")))
	require.Equal(t, int32(2), runs.Load(), "neither the one that was replaced, nor the one behind the last writer")
	require.Equal(t, map[string]int{"a": 23, "b": 5, "c": 90}, Must(table.Map(bgTable)))
	require.Equal(t, []string{"a", "b", "c"}, table.Keys())
}

func TestWriteWithHandleAsArgument(t *testing.T) {
	add, runs := addTo()
	f, _ := countedTimes()
	x := Source("x", 1)
	var table Table[string, int]
	add(&table, Const("a"), f(x))
	x.Set(2)
	require.Equal(t, 20, Must(table.Get(bgTable, "a")))
	x.Set(3)
	require.Equal(t, 20, Must(table.Get(bgTable, "a")), "what was written is a value")
	require.Equal(t, int32(1), runs.Load())
}

// A call has got from a table what a writer has written there from a source: that the source changes must not write again.
func TestWritesAreWrittenOnce(t *testing.T) {
	leak.Check(t)
	add, runs := addTo()
	x := Source("x", 1)
	var table Table[string, int]
	add(&table, Const("a"), x)
	get := Wrap0(func(ctx context.Context) (int, error) { return table.Get(ctx, "a") })()
	at := table.At("a")
	require.Equal(t, 1, Must(get.Get(bgTable)))
	require.Equal(t, 1, Must(at.Get(bgTable)))
	for i := range 3 {
		x.Set(10 + i)
		require.Equal(t, 1, Must(get.Get(bgTable)))
		require.Equal(t, 1, Must(at.Get(bgTable)))
	}
	require.Equal(t, 1, Must(table.Get(bgTable, "a")))
	require.Equal(t, int32(1), runs.Load())
}

func TestWriterThatFails(t *testing.T) {
	leak.Check(t)
	var mended atomic.Bool
	var runs atomic.Int32
	add := Write1(func(_ context.Context, v *View[string, int], n int) error {
		runs.Add(1)
		v.Set("n", v.At("n")+n)
		v.Set(fmt.Sprint(n), n)
		switch {
		case n == 2 && !mended.Load():
			return errTable
		case n == 3 && !mended.Load():
			panic("boom")
		}
		return nil
	}, Name("Add"))
	var table Table[string, int]
	table.Put("n", 0)
	for n := range 4 {
		add.Of(&table, n+1)
	}
	for range 2 {
		_, err := table.Get(bgTable, "n")
		require.ErrorIs(t, err, errTable)
		require.Regexp(t, `^lazy: key "n": get: Add#\d+ \(lazy/writes_test.go:\d+\): bad$`, err.Error())
		_, err = table.Map(bgTable)
		var call *Error
		require.ErrorAs(t, err, &call)
		require.Contains(t, call.Call, "Add#")

		all, err := table.Map(bgTable, KeepGoing())
		require.ErrorIs(t, err, errTable)
		require.Equal(t, map[string]int{"n": 1, "1": 1}, all, "what comes before it, and nothing else")
		v, err := table.Get(bgTable, "n", KeepGoing())
		require.ErrorIs(t, err, errTable)
		require.Equal(t, 1, v)
	}
	mended.Store(true)
	require.Equal(t, 10, Must(table.Get(bgTable, "n")))
	require.Equal(t, []string{"n", "1", "2", "3", "4"}, table.Keys())
}

func TestWriterThatPanics(t *testing.T) {
	leak.Check(t)
	write := Write1(func(_ context.Context, v *View[int, int], i int) error { v.Set(i, 1); return nil }, Name("Write"))
	table := TableOf(make([]int, 3))
	write.Of(table, 3)
	_, err := table.Get(bgTable, 0)
	var panicked *PanicError
	require.ErrorAs(t, err, &panicked)
	require.ErrorContains(t, err, "index 3 is outside of the slice of 3")

	read := Write1(func(_ context.Context, v *View[int, int], i int) error { v.At(i); return nil }, Name("Read"))
	table = TableOf(make([]int, 3))
	read.Of(table, -1)
	require.ErrorContains(t, table.Wait(bgTable), "View.At: nothing was assigned to this key: index -1 is outside of the slice of 3")
}

// On the table as it was, the second call fails; in its place it does not. A serial program would never show it that.
func TestFailureOnAnOldTableIsNone(t *testing.T) {
	leak.Check(t)
	var fails atomic.Int32
	open := Write1(func(_ context.Context, v *View[string, bool], k string) error { v.Set(k, true); return nil })
	enter := Write1(func(_ context.Context, v *View[string, bool], k string) error {
		if !v.At(k) {
			fails.Add(1)
			return Permanent(errTable)
		}
		v.Set("entered", true)
		return nil
	})
	var table Table[string, bool]
	open.Of(&table, "door")
	enter.Of(&table, "door")
	require.True(t, Must(table.Get(bgTable, "entered")))
	require.Equal(t, int32(1), fails.Load())
}

// The same, where the read before has failed at an earlier call: the failure for good was none all the same.
func TestFailureForGoodOnAnOldTableIsNone(t *testing.T) {
	leak.Check(t)
	var closed atomic.Bool
	closed.Store(true)
	open := Write1(func(_ context.Context, v *View[string, bool], k string) error {
		if closed.Load() {
			return errTable
		}
		v.Set(k, true)
		return nil
	})
	errPermanent := errors.New("for good")
	enter := Write1(func(_ context.Context, v *View[string, bool], k string) error {
		if !v.At(k) {
			return Permanent(errPermanent)
		}
		v.Set("entered", true)
		return nil
	})
	var table Table[string, bool]
	open.Of(&table, "door")
	enter.Of(&table, "door")
	require.ErrorIs(t, table.Wait(bgTable), errTable)
	closed.Store(false)
	require.True(t, Must(table.Get(bgTable, "entered")))
}

func TestWriterHandleFails(t *testing.T) {
	leak.Check(t)
	add, runs := addTo()
	f := failFor(1, 2)
	var table Table[string, int]
	table.Set("x", f.Of(1))
	table.Set("y", f.Of(2))
	table.Set("z", f.Of(3))
	add.Of(&table, "z", 1)
	_, err := table.Get(bgTable, "z")
	var key *KeyError[string]
	require.ErrorAs(t, err, &key)
	require.Equal(t, "x", key.Key, "the key that has failed")
	require.ErrorIs(t, err, errTable)
	all, err := table.Map(bgTable, KeepGoing())
	require.ErrorContains(t, err, "2 keys of the table failed")
	require.Equal(t, map[string]int{"z": 3}, all)
	require.Zero(t, runs.Load())
	table.Put("x", 1) // behind the writer: it does not help
	require.Error(t, table.Wait(bgTable))
}

func TestWriterArgumentIsZero(t *testing.T) {
	add, _ := addTo()
	var table Table[string, int]
	add(&table, Const("a"), Data[int]{})
	err := table.Wait(bgTable)
	require.ErrorIs(t, err, ErrZeroData)
	require.ErrorContains(t, err, "argument 3 of Add, recorded at lazy/writes_test.go:")
}

func TestWriterOptions(t *testing.T) {
	leak.Check(t)
	var tries atomic.Int32
	write := Write1(func(_ context.Context, v *View[string, int], k string) error {
		if tries.Add(1) < 3 {
			v.Set("wrong", 1)
			return errTable
		}
		v.Set(k, 1)
		return nil
	}, Retry(2), Blocking(1), Name("Write"))
	var table Table[string, int]
	write.Of(&table, "x")
	require.Equal(t, map[string]int{"x": 1}, Must(table.Map(bgTable)))
}

// A function that is abandoned goes on with its view, and disturbs nobody.
func TestWriterTimeout(t *testing.T) {
	leak.Check(t)
	synctest.Test(t, func(t *testing.T) {
		var over, slow atomic.Bool
		slow.Store(true)
		write := Write1(func(_ context.Context, v *View[int, int], i int) error {
			for k := range 10 {
				if i == 1 && slow.Load() {
					time.Sleep(time.Second)
				}
				v.Set(k, v.At(k)+1)
				v.At(i)
			}
			if i == 1 {
				over.Store(true)
			}
			return nil
		}, Timeout(2*time.Second))
		table := TableOf(make([]int, 10))
		write.Of(table, 0)
		write.Of(table, 1)
		got, err := Slice(bgTable, table, KeepGoing())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, got)
		slow.Store(false)
		got, err = Slice(bgTable, table)
		require.NoError(t, err)
		require.Equal(t, []int{2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, got)
		require.True(t, over.Load())
	})
}

func TestWriterCancelled(t *testing.T) {
	leak.Check(t)
	for range 20 {
		begun := make(chan struct{}, 8)
		var slow atomic.Bool
		slow.Store(true)
		write := Write1(func(ctx context.Context, v *View[int, int], i int) error {
			v.Set(0, v.At(0)*10+i)
			begun <- struct{}{}
			if slow.Load() {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		table := TableOf([]int{0})
		write.Of(table, 1)
		write.Of(table, 2)
		ctx, cancel := context.WithCancel(bgTable)
		go func() { <-begun; cancel() }()
		_, err := table.Get(ctx, 0)
		require.ErrorIs(t, err, context.Canceled)
		slow.Store(false)
		require.Equal(t, 12, Must(table.Get(bgTable, 0)))
	}
}

func TestViewAfterItsCall(t *testing.T) {
	var kept *View[string, int]
	keep := Write1(func(_ context.Context, v *View[string, int], _ int) error { kept = v; v.Set("x", 1); return nil })
	var table Table[string, int]
	keep.Of(&table, 0)
	require.NoError(t, table.Wait(bgTable))
	const want = "lazy: a View is used after its call has ended: it is for the function it was given to, until that returns"
	require.PanicsWithValue(t, want, func() { kept.Set("x", 2) })
	require.PanicsWithValue(t, want, func() { kept.At("x") })
	require.PanicsWithValue(t, want, func() { kept.Len() })
	require.PanicsWithValue(t, want, func() { kept.Keys()(nil) })
	require.PanicsWithValue(t, want, func() { kept.All()(nil) })
	require.Panics(t, func() { new(View[string, int]).Get("x") })
	require.Equal(t, 1, Must(table.Get(bgTable, "x")))
}

func TestViewFromSeveralGoroutines(t *testing.T) {
	leak.Check(t)
	write := Write1(func(_ context.Context, v *View[int, int], n int) error {
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				v.Set(i, v.At(i)+v.Len())
				runtime.Gosched()
				for range v.All() {
				}
			})
		}
		wg.Wait()
		return nil
	})
	table := TableOf(make([]int, 8))
	write.Of(table, 8)
	write.Of(table, 8)
	require.Equal(t, []int{16, 16, 16, 16, 16, 16, 16, 16}, Must(Slice(bgTable, table)))
}

// A writer that gets from its own table waits for itself.
func TestWriterGetsFromItsTable(t *testing.T) {
	leak.Check(t)
	var table Table[string, int]
	table.Put("x", 1)
	get := Write1(func(ctx context.Context, v *View[string, int], k string) error {
		x, err := table.Get(ctx, k)
		v.Set(k, x)
		return err
	}, Name("Selfish"))
	get.Of(&table, "x")
	err := table.Wait(bgTable)
	var cycle *CycleError
	require.ErrorAs(t, err, &cycle)
	require.ErrorContains(t, err, "Selfish#")
}

func TestTableFromManyGoroutines(t *testing.T) {
	leak.Check(t)
	add, _ := addTo()
	var table Table[string, int]
	const goroutines, each = 8, 30
	for range goroutines {
		table.Put("n", 0)
	}
	s := &Session{Parallelism: 2}
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			own := fmt.Sprint("own ", g)
			for i := range each {
				add.Of(&table, "n", 1)
				add.Of(&table, own, i)
				switch (i + g) % 5 {
				case 0:
					_, err := table.Get(bgTable, own, In(s))
					require.NoError(t, err)
				case 1:
					d := table.At("n")
					v, err := d.Get(bgTable, In(s))
					require.NoError(t, err)
					require.Greater(t, v, i)
				case 2:
					table.Put(own+" put", i)
					table.Delete(own + " put")
					table.Len()
				case 3:
					require.NoError(t, table.Wait(bgTable, In(s)))
				}
			}
			require.Equal(t, each*(each-1)/2, Must(table.Get(bgTable, own)))
		})
	}
	wg.Wait()
	require.Equal(t, goroutines*each, Must(table.Get(bgTable, "n")))
	require.Equal(t, goroutines+1, table.Len())
}

// Two calls that read the same table that has to be applied first: one worker is enough.
func TestTableReadInsideCallsWithOneWorker(t *testing.T) {
	leak.Check(t)
	add, runs := addTo()
	var table Table[string, int]
	for range 10 {
		add.Of(&table, "n", 1)
	}
	read := Wrap1(func(ctx context.Context, _ int) (int, error) { return table.Get(ctx, "n") })
	for _, v := range Must(GetAll(bgTable, read.Each([]int{1, 2, 3, 4}), In(&Session{Parallelism: 1}))) {
		require.Equal(t, 10, v)
	}
	require.Equal(t, int32(19), runs.Load())
}

func TestWritesWithCheckInputs(t *testing.T) {
	add, _ := addTo()
	var table Table[string, int]
	for range 3 {
		add.Of(&table, "n", 1)
	}
	require.Equal(t, 3, Must(table.Get(bgTable, "n", In(&Session{CheckInputs: true, Parallelism: 2}))))
}

// Reads between writes pay for what is new, not for the size of the table: counted in what a view and a batch touch, a
// table of 2,000 keys takes no longer than one of 20. Here the handles are counted that are made values.
func TestReadsBetweenWritesSettleHandlesOnce(t *testing.T) {
	add, _ := addTo()
	f, runs := countedTimes()
	var table Table[string, int]
	for i := range 200 {
		k := fmt.Sprint(i)
		table.Set(k, f.Of(i))
		add.Of(&table, k, 1)
		require.Equal(t, 10*i+1, Must(table.Get(bgTable, k)))
		require.Empty(t, table.rows.handles)
		require.Empty(t, table.sealed)
	}
	require.Equal(t, int32(200), runs.Load())
	for range 1000 {
		table.Set("0", f.Of(0))
	}
	require.Less(t, len(table.rows.handles), 500, "what is replaced is not kept")
}

func TestWriteMisuse(t *testing.T) {
	type inner struct{ ptr *int }
	type outer struct {
		n int
		a [2]inner
	}
	where := `lazy: wrap at lazy/writes_test.go:\d+: `
	for name, c := range map[string]struct {
		f    func()
		want string
	}{
		"nil function":  {func() { Write1[int, int, int](nil) }, where + `the function is nil`},
		"nil function2": {func() { Write2[int, int, int, int](nil) }, where + `the function is nil`},
		"pointer":       {func() { writerOf[*int]() }, where + `writes to a table of \*int cannot be followed: \*int is a ptr, and who has it`},
		"slice":         {func() { writerOf[[]int]() }, where + `.*\[\]int is a slice.*use a type without`},
		"map":           {func() { writerOf[map[int]int]() }, where + `.*is a map`},
		"chan":          {func() { writerOf[chan int]() }, where + `.*is a chan`},
		"func":          {func() { writerOf[func()]() }, where + `.*is a func`},
		"any":           {func() { writerOf[any]() }, where + `.*is a interface`},
		"field":         {func() { writerOf[outer]() }, where + `.*lazy.outer.a\[\].ptr is a ptr`},
		"memo":          {func() { writerOf[int](Memo()) }, where + `a writer cannot be Memo`},
		"equal":         {func() { writerOf[int](Equal(func(a, b int) bool { return a == b })) }, where + `a writer has no result for Equal`},
		"nil option":    {func() { writerOf[int](nil) }, where + `option \d is nil`},
		"nil table":     {func() { writerOf[int](Name("W")).Of(nil, 1) }, `lazy: W at lazy/writes_test.go:\d+: the table is nil: want`},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { require.Regexp(t, "^"+c.want, fmt.Sprint(recover())) }()
			c.f()
		})
	}
	require.NotPanics(t, func() { writerOf[outerFlat]() })
}

type outerFlat struct {
	name string
	at   [3]struct{ x, y float64 }
}

func writerOf[V any](opts ...Option) Writer1[int, V, int] {
	return Write1(func(context.Context, *View[int, V], int) error { return nil }, opts...)
}
