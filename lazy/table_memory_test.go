package lazy

import (
	"context"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

// A table that is written to and read again and again does not grow: neither its own memory, nor what it has refer to
// calls of writers and their arguments.
func TestTableDoesNotGrow(t *testing.T) {
	rounds := 40_000
	if testing.Short() {
		rounds = 10_000
	}
	add, _ := addTo()
	inc := Pure1(func(x int) int { return x + 1 })
	var table Table[string, int]
	table.Put("x", 0)
	table.Put("y", 0)
	round := func(n int) {
		for k := range n {
			add(&table, Const("x"), inc.Of(0))
			if k%4 == 0 {
				table.Set("y", inc(table.At("x")))
				table.Put("z", 1)
				table.Delete("z")
			}
			if _, err := table.Get(bgTable, "x"); err != nil {
				require.NoError(t, err)
			}
		}
		Must(table.Get(bgTable, "y"))
	}
	round(1000)
	before := liveMemory()
	round(rounds)
	require.Less(t, liveMemory(), before+int64(20*rounds), "less than a few words each")
	require.Equal(t, rounds+1000, Must(table.Get(bgTable, "x")))
	require.Empty(t, table.log)
	require.Empty(t, table.inUse)
	require.Empty(t, table.rows.removed)
	require.LessOrEqual(t, len(table.rows.list), 8)
	require.LessOrEqual(t, len(table.rows.handles), 32)
}

func liveMemory() int64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What a writer was given is collected when it is applied, or discarded.
func TestTableLetsGoOfArguments(t *testing.T) {
	for name, end := range map[string]func(*Table[int, int]){
		"applied":   func(table *Table[int, int]) { require.NoError(t, table.Wait(bgTable)) },
		"discarded": func(table *Table[int, int]) { table.Discard() },
	} {
		t.Run(name, func(t *testing.T) {
			write := Write1(func(_ context.Context, v *View[int, int], xs *[1000]int) error { v.Set(0, len(xs)); return nil })
			table := TableOf(make([]int, 1))
			gone := func() weak.Pointer[[1000]int] {
				argument := new([1000]int)
				write.Of(table, argument)
				return weak.Make(argument)
			}()
			end(table)
			write.Of(TableOf([]int{0}), nil) // the function's slab goes on
			for deadline := time.Now().Add(10 * time.Second); gone.Value() != nil && time.Now().Before(deadline); {
				runtime.GC()
			}
			require.Nil(t, gone.Value())
			runtime.KeepAlive(table)
		})
	}
}

func TestTableDiscard(t *testing.T) {
	leak.Check(t)
	add, _ := addTo()
	fail := Write1(func(context.Context, *View[string, int], int) error { return errTable })
	var table Table[string, int]
	table.Discard()
	add.Of(&table, "x", 1)
	fail.Of(&table, 0)
	table.Put("y", 2)
	add.Of(&table, "x", 1)
	look := table.At("x")
	table.Put("z", 3)
	require.Equal(t, []string{"y", "z"}, table.Keys())
	require.ErrorIs(t, table.Wait(bgTable), errTable)
	table.Discard()
	require.Equal(t, map[string]int{"x": 1}, Must(table.Map(bgTable)), "what came before the failure is applied")
	_, err := look.Get(bgTable)
	require.ErrorContains(t, err, `key "x": what was to be applied before was discarded`)
	add.Of(&table, "x", 5)
	table.Put("y", 1)
	require.Equal(t, map[string]int{"x": 6, "y": 1}, Must(table.Map(bgTable)))
}

// While functions run, what they write to is discarded: they disturb nobody.
func TestTableDiscardMeanwhile(t *testing.T) {
	leak.Check(t)
	for _, keep := range []bool{false, true} {
		table := TableOf(make([]int, 4))
		begun, goOn := make(chan struct{}), make(chan struct{})
		slow := Write1(func(_ context.Context, v *View[int, int], i int) error {
			begun <- struct{}{}
			<-goOn
			v.Set(i, v.At(i)+1)
			return nil
		})
		slow.Of(table, 0)
		slow.Of(table, 1)
		over := make(chan error)
		go func() {
			var opts []RunOption
			if keep {
				opts = append(opts, KeepGoing())
			}
			_, err := Slice(bgTable, table, append(opts, In(&Session{Parallelism: 2}))...)
			over <- err
		}()
		<-begun
		<-begun
		table.Discard()
		table.Put(2, 7)
		close(goOn)
		require.NoError(t, <-over)
		require.Equal(t, []int{0, 0, 7, 0}, Must(Slice(bgTable, table)))
	}
}

// A function that gives up when its context ends, and leaves goroutines behind that go on with its view, does not end the
// process: nothing is written of it anyway.
func TestViewAfterACallThatHasFailed(t *testing.T) {
	leak.Check(t)
	var left *View[int, int]
	fail := Write1(func(_ context.Context, v *View[int, int], _ int) error { left = v; v.Set(0, 1); return errTable })
	table := TableOf(make([]int, 2))
	fail.Of(table, 0)
	require.ErrorIs(t, table.Wait(bgTable), errTable)
	left.Set(1, 5)
	require.Zero(t, left.At(1))
	require.Zero(t, left.Len())
	for range left.All() {
		t.Error("a key")
	}
	table.Discard()
	require.Equal(t, []int{0, 0}, Must(Slice(bgTable, table)))
}

func TestWritersOfTimes(t *testing.T) {
	type event struct {
		At   time.Time
		Name string
	}
	write := Write1(func(_ context.Context, v *View[string, event], k string) error {
		v.Set(k, event{v.At(k).At.Add(time.Hour), k})
		return nil
	})
	var table Table[string, event]
	table.Put("x", event{At: time.Unix(0, 0)})
	write.Of(&table, "x")
	require.Equal(t, time.Unix(3600, 0), Must(table.Get(bgTable, "x")).At)
}

// Len of a table with calls pending costs no copy of the table.
func TestTableLenWhilePending(t *testing.T) {
	add, _ := addTo()
	var table Table[string, int]
	table.Put("a", 1)
	table.Put("b", 2)
	add.Of(&table, "a", 1)
	for _, step := range []struct {
		do   func()
		want int
	}{
		{func() {}, 2},
		{func() { table.Put("c", 1) }, 3},
		{func() { table.Put("c", 2) }, 3},
		{func() { table.Delete("a") }, 2},
		{func() { table.Delete("a") }, 2},
		{func() { table.Delete("nobody") }, 2},
		{func() { table.Put("a", 1) }, 3},
	} {
		step.do()
		require.Equal(t, step.want, table.Len())
		require.Len(t, table.Keys(), step.want)
	}
	require.Len(t, Must(table.Map(bgTable)), 3)
}
