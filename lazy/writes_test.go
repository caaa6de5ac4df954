package lazy

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

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
				table := tableOf(map[string]int{"y": 2, "z": 3})
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
