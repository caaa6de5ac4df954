package lazy_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dally-go/dally/lazy"
)

// A table is filled in ordinary loops. Reading a key runs what that key needs.
func ExampleTable() {
	ctx := context.Background()
	process := lazy.Pure2(func(lat, lon int) int { return 10*lat + lon }, lazy.Name("Process"))

	var results lazy.Table[[2]int, int]
	for lat := range 3 {
		for lon := range 3 {
			results.Set([2]int{lat, lon}, process.Of(lat, lon)) // recorded: nothing has run
		}
	}
	one, err := results.Get(ctx, [2]int{1, 2}) // one call
	fmt.Println(one, err)

	all, err := results.Map(ctx) // the others, in parallel
	fmt.Println(all[[2]int{2, 2}], len(all), err)
	// Output:
	// 12 <nil>
	// 22 9 <nil>
}

// The last assignment wins; what it replaces does not run.
func ExampleTable_Set() {
	ctx := context.Background()
	load := lazy.Pure1(func(name string) int { fmt.Println("loading", name); return len(name) }, lazy.Name("Load"))

	var sizes lazy.Table[string, int]
	sizes.Set("a", load.Of("old"))
	sizes.Set("a", load.Of("new"))
	fmt.Println(sizes.Get(ctx, "a"))
	// Output:
	// loading new
	// 3 <nil>
}

// Plain values and handles go side by side.
func ExampleTable_Put() {
	var t lazy.Table[string, int]
	t.Put("one", 1)
	t.Set("two", lazy.Const(2))
	fmt.Println(t.Map(context.Background()))
	// Output: map[one:1 two:2] <nil>
}

func ExampleTable_Get() {
	var t lazy.Table[string, int]
	t.Put("one", 1)
	_, err := t.Get(context.Background(), "two")
	fmt.Println(err, errors.Is(err, lazy.ErrNoKey))
	// Output: lazy: key "two": nothing was assigned to this key true
}

// A handle of a table is an argument like any other.
func ExampleTable_At() {
	double := lazy.Pure1(func(x int) int { return 2 * x }, lazy.Name("Double"))
	var t lazy.Table[string, int]
	t.Put("x", 21)
	t.Set("y", double(t.At("x")))
	fmt.Println(t.Get(context.Background(), "y"))
	// Output: 42 <nil>
}

func ExampleTable_Delete() {
	var t lazy.Table[string, int]
	t.Put("x", 1)
	t.Put("y", 2)
	t.Delete("x")
	fmt.Println(t.Keys(), t.Len())
	// Output: [y] 1
}

// A call that can never work is taken back, with all that was done after it.
func ExampleTable_Discard() {
	ctx := context.Background()
	pay := lazy.Write2(func(_ context.Context, v *lazy.View[string, int], who string, amount int) error {
		if v.At(who) < amount {
			return errors.New(who + " has not got that much")
		}
		v.Set(who, v.At(who)-amount)
		return nil
	})
	var t lazy.Table[string, int]
	t.Put("Ann", 10)
	pay.Of(&t, "Ann", 7)
	pay.Of(&t, "Ann", 7)
	err := t.Wait(ctx)
	fmt.Println(errors.Unwrap(err))

	t.Discard()
	fmt.Println(t.Map(ctx))
	// Output:
	// Ann has not got that much
	// map[Ann:3] <nil>
}

func ExampleTable_Len() {
	var t lazy.Table[string, int]
	t.Put("x", 1)
	t.Put("x", 2)
	fmt.Println(t.Len())
	// Output: 1
}

// Keys come in the order in which they were first assigned.
func ExampleTable_Keys() {
	var t lazy.Table[string, int]
	for _, k := range []string{"sun", "moon", "sun", "earth"} {
		t.Put(k, len(k))
	}
	fmt.Println(t.Keys())
	// Output: [sun moon earth]
}

func ExampleTable_All() {
	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	var t lazy.Table[int, int]
	for i := range 3 {
		t.Set(i, square.Of(i+2))
	}
	for k, d := range t.All() {
		fmt.Println(k, d.State(), lazy.Must(d.Get(context.Background())))
	}
	// Output:
	// 0 pending 4
	// 1 pending 9
	// 2 pending 16
}

func ExampleTable_Wait() {
	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	var t lazy.Table[int, int]
	for i := range 3 {
		t.Set(i, square.Of(i))
	}
	fmt.Println(t.Wait(context.Background()), t.At(2).State())
	// Output: <nil> done
}

// With KeepGoing there are the values that could be had, and an error per key that has none.
func ExampleTable_Map() {
	half := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		if x < 0 {
			return 0, errors.New("negative")
		}
		return x / 2, nil
	}, lazy.Name("Half"))
	var t lazy.Table[string, int]
	t.Set("a", half.Of(4))
	t.Set("b", half.Of(-4))
	all, err := t.Map(context.Background(), lazy.KeepGoing())

	var failed *lazy.KeyError[string]
	fmt.Println(all, errors.As(err, &failed), failed.Key)
	// Output: map[a:2] true b
}

// A table that is made of a slice, and a slice that is made of a table.
func ExampleTableOf() {
	t := lazy.TableOf([]string{"to", "have", "patience"})
	t.Put(1, "want")
	fmt.Println(lazy.Slice(context.Background(), t))
	_, err := t.Get(context.Background(), 3)
	fmt.Println(err)
	// Output:
	// [to want patience] <nil>
	// lazy: key 3: nothing was assigned to this key: index 3 is outside of the slice of 3 that the table was made of
}

func ExampleSlice() {
	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	var t lazy.Table[int, int]
	for i := range 4 {
		t.Set(i, square.Of(i))
	}
	fmt.Println(lazy.Slice(context.Background(), &t))
	// Output: [0 1 4 9] <nil>
}

// Calls that write to places of their own run in parallel.
func ExampleWrite1() {
	clean := lazy.Write1(func(_ context.Context, v *lazy.View[int, int], i int) error {
		v.Set(i, max(v.At(i), 0))
		return nil
	}, lazy.Name("Clean"))

	table := lazy.TableOf([]int{3, -1, 4, -1})
	for i := range table.Len() {
		clean.Of(table, i) // recorded: nothing has run
	}
	fmt.Println(lazy.Slice(context.Background(), table))
	// Output: [3 0 4 0] <nil>
}

// A call sees what the ones before it have written, as in a serial program.
func ExampleWriter1() {
	words := lazy.Source("words", []string{"the", "cat", "the", "hat"})
	count := lazy.Write1(func(_ context.Context, v *lazy.View[string, int], words []string) error {
		for _, w := range words {
			v.Set(w, v.At(w)+1)
		}
		return nil
	}, lazy.Name("Count"))

	var counts lazy.Table[string, int]
	count(&counts, words) // the argument is a handle
	count.Of(&counts, []string{"cat"})
	fmt.Println(counts.Map(context.Background()))
	// Output: map[cat:2 hat:1 the:2] <nil>
}

func ExampleWriter1_Of() {
	inc := lazy.Write1(func(_ context.Context, v *lazy.View[string, int], k string) error {
		v.Set(k, v.At(k)+1)
		return nil
	})
	var t lazy.Table[string, int]
	inc.Of(&t, "x")
	inc.Of(&t, "x")
	fmt.Println(t.Get(context.Background(), "x"))
	// Output: 2 <nil>
}

func ExampleWrite2() {
	scale := lazy.Write2(func(_ context.Context, next *lazy.View[int, float64], now []float64, i int) error {
		next.Set(i, now[i]*10)
		return nil
	}, lazy.Name("Scale"))

	now := []float64{1, 2, 3}
	next := lazy.TableOf(make([]float64, len(now)))
	for i := range now {
		scale.Of(next, now, i)
	}
	fmt.Println(lazy.Slice(context.Background(), next))
	// Output: [10 20 30] <nil>
}

func ExampleWriter2() {
	add := lazy.Write2(func(_ context.Context, v *lazy.View[string, int], k string, n int) error {
		v.Set(k, v.At(k)+n)
		return nil
	})
	var t lazy.Table[string, int]
	add(&t, lazy.Const("x"), lazy.Const(2))
	add.Of(&t, "x", 3)
	fmt.Println(t.Get(context.Background(), "x"))
	// Output: 5 <nil>
}

func ExampleWriter2_Of() {
	put := lazy.Write2(func(_ context.Context, v *lazy.View[string, int], k string, n int) error {
		v.Set(k, n)
		return nil
	})
	var t lazy.Table[string, int]
	put.Of(&t, "x", 7)
	fmt.Println(t.Get(context.Background(), "x"))
	// Output: 7 <nil>
}

func ExampleView() {
	normalise := lazy.Write1(func(_ context.Context, v *lazy.View[string, int], total int) error {
		sum := 0
		for _, n := range v.All() {
			sum += n
		}
		for k := range v.Keys() {
			v.Set(k, v.At(k)*total/sum)
		}
		if _, ok := v.Get("rest"); !ok {
			v.Set("rest", v.Len())
		}
		return nil
	})
	t := new(lazy.Table[string, int])
	t.Put("a", 1)
	t.Put("b", 3)
	normalise.Of(t, 100)
	fmt.Println(t.Map(context.Background()))
	// Output: map[a:25 b:75 rest:2] <nil>
}

func ExampleKeyError() {
	load := lazy.Wrap1(func(_ context.Context, file string) (int, error) {
		return 0, errors.New("no such file")
	}, lazy.Name("Load"))
	var t lazy.Table[string, int]
	t.Set("sales", load.Of("sales.csv"))
	err := t.Wait(context.Background())

	var failed *lazy.KeyError[string]
	var call *lazy.Error
	if errors.As(err, &failed) && errors.As(err, &call) {
		fmt.Println(failed.Key, call.Err)
	}
	// Output: sales no such file
}
