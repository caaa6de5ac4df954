package lazy

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

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
		require.Empty(t, table.log)
	}
	require.Equal(t, int32(200), runs.Load())
	for range 1000 {
		table.Set("0", f.Of(0))
	}
	require.Less(t, len(table.rows.handles), 500, "what is replaced is not kept")
}

func TestWriteMisuse(t *testing.T) {
	type inner struct{ Ptr *int }
	type outer struct {
		N int
		A [2]inner
	}
	where := `lazy: wrap at lazy/writes_view_test.go:\d+: `
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
		"field":         {func() { writerOf[outer]() }, where + `.*lazy.outer.A\[\].Ptr is a ptr`},
		"memo":          {func() { writerOf[int](Memo()) }, where + `a writer cannot be Memo`},
		"equal":         {func() { writerOf[int](Equal(func(a, b int) bool { return a == b })) }, where + `a writer has no result for Equal`},
		"nil option":    {func() { writerOf[int](nil) }, where + `option \d is nil`},
		"nil table":     {func() { writerOf[int](Name("W")).Of(nil, 1) }, `lazy: W at lazy/writes_view_test.go:\d+: the table is nil: want`},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { require.Regexp(t, "^"+c.want, fmt.Sprint(recover())) }()
			c.f()
		})
	}
	require.NotPanics(t, func() { writerOf[outerFlat]() })
}

type outerFlat struct {
	Name string
	At   [3]struct{ X, Y float64 }
}

func writerOf[V any](opts ...Option) Writer1[int, V, int] {
	return Write1(func(context.Context, *View[int, V], int) error { return nil }, opts...)
}

// What replaces an assignment may depend on what was looked at between the two.
func TestReplacedByWhatWasLookedAt(t *testing.T) {
	leak.Check(t)
	add := Write2(func(_ context.Context, v *View[int, int], k, x int) error { v.Set(k, v.At(k)+x); return nil })
	double := Pure1(func(x int) int { return 2 * x })
	table := TableOf([]int{1, 2, 3})
	add.Of(table, 1, 10)
	table.Set(2, double(table.At(2)))
	table.Set(2, double(table.At(1)))
	add(table, Const(0), table.At(2))
	got, err := Slice(t.Context(), table)
	require.NoError(t, err)
	require.Equal(t, []int{25, 12, 24}, got)
}
