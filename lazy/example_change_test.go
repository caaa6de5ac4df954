package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dally-go/dally/lazy"
)

// Sources change, and a Get pays for what the change really affects.
func Example_change() {
	ctx := context.Background()
	mul := lazy.Pure2(func(x, y int) int { fmt.Println("Mul"); return x * y }, lazy.Name("Mul"))
	isLarge := lazy.Pure1(func(area int) bool { fmt.Println("IsLarge"); return area > 100 }, lazy.Name("IsLarge"))
	draw := lazy.Pure1(func(large bool) string {
		fmt.Println("Draw")
		if large {
			return "a poster"
		}
		return "a card"
	}, lazy.Name("Draw"))

	width, height := lazy.Source("width", 4), lazy.Source("height", 5)
	picture := draw(isLarge(mul(width, height)))

	v, err := picture.Get(ctx) // a card: Mul, IsLarge, Draw
	width.Set(6)               // what depends on the width is stale; nothing runs
	w, err := picture.Get(ctx) // a card: Mul, IsLarge, and not Draw: still not large

	fmt.Println(v, w, err)
	// Output:
	// Mul
	// IsLarge
	// Draw
	// Mul
	// IsLarge
	// a card a card <nil>
}

// A source gets a new value; a call can be given one, too, which holds until one of its inputs changes.
func ExampleData_Set() {
	ctx := context.Background()
	double := lazy.Pure1(func(x int) int { return 2 * x }, lazy.Name("Double"))
	inc := lazy.Pure1(func(x int) int { return x + 1 }, lazy.Name("Inc"))

	x := lazy.Source("x", 5)
	twice := double(x)
	result := inc(twice)
	fmt.Println(lazy.Must(result.Get(ctx)))

	x.Set(7)
	fmt.Println(result.State(), lazy.Must(result.Get(ctx)))

	twice.Set(100) // as though Double had returned it
	fmt.Println(lazy.Must(result.Get(ctx)))

	x.Set(8) // an input of twice has changed
	fmt.Println(lazy.Must(result.Get(ctx)))
	// Output:
	// 11
	// stale 15
	// 101
	// 17
}

// What a function reads besides its arguments, nobody can see: Invalidate says that it has changed.
func ExampleData_Invalidate() {
	ctx := context.Background()
	file := "to have patience"
	read := lazy.Pure0(func() string { return file }, lazy.Name("Read"))
	words := lazy.Pure1(func(s string) []string { return strings.Fields(s) }, lazy.Name("Words"))

	text := read()
	list := words(text)
	fmt.Println(lazy.Must(list.Get(ctx)))

	file = "to have"
	fmt.Println(lazy.Must(list.Get(ctx)), "is what was kept")
	text.Invalidate()
	fmt.Println(lazy.Must(list.Get(ctx)))
	// Output:
	// [to have patience]
	// [to have patience] is what was kept
	// [to have]
}

// Slices cannot be compared by ==. With Equal, a call that comes to the same slice again hides the change.
func ExampleEqual() {
	ctx := context.Background()
	sorted := lazy.Pure1(func(xs []int) []int { return slices.Sorted(slices.Values(xs)) }, lazy.Equal(slices.Equal[[]int]))
	median := lazy.Pure1(func(xs []int) int { fmt.Println("looking for the median"); return xs[len(xs)/2] })

	xs := lazy.Source("xs", []int{3, 1, 2})
	m := median(sorted(xs))
	fmt.Println(lazy.Must(m.Get(ctx)))

	xs.Set([]int{2, 3, 1}) // sorted again, to the same
	fmt.Println(lazy.Must(m.Get(ctx)))
	// Output:
	// looking for the median
	// 2
	// 2
}

// An error that trying again will not mend is kept until an input changes.
func ExamplePermanent() {
	ctx := context.Background()
	parse := lazy.Wrap1(func(_ context.Context, s string) (n int, err error) {
		fmt.Println("parsing", s)
		if _, err = fmt.Sscan(s, &n); err != nil {
			return 0, lazy.Permanent(errors.New("not a number"))
		}
		return n, nil
	}, lazy.Name("Parse"))

	text := lazy.Source("text", "two")
	number := parse(text)
	for range 3 {
		_, err := number.Get(ctx)
		fmt.Println(errors.Unwrap(err))
	}
	text.Set("2")
	fmt.Println(number.Get(ctx))
	// Output:
	// parsing two
	// not a number
	// not a number
	// not a number
	// parsing 2
	// 2 <nil>
}

func ExampleRefresh() {
	ctx := context.Background()
	runs := 0
	load := lazy.Pure0(func() string { runs++; return fmt.Sprint("load ", runs) }, lazy.Name("Load"))

	text := load()
	fmt.Println(lazy.Must(text.Get(ctx)))
	fmt.Println(lazy.Must(text.Get(ctx)))
	fmt.Println(lazy.Must(text.Get(ctx, lazy.Refresh())))
	fmt.Println(lazy.Must(text.Get(ctx)))
	// Output:
	// load 1
	// load 1
	// load 2
	// load 2
}

// The values of Load are large: each is released as soon as its size is known, and loaded again if somebody wants it.
func ExampleTransient() {
	ctx := context.Background()
	load := lazy.Pure1(func(name string) []byte {
		fmt.Println("loading", name)
		return make([]byte, 1<<20)
	}, lazy.Name("Load"), lazy.Transient())
	size := lazy.Pure1(func(b []byte) int { return len(b) }, lazy.Name("Size"))

	data := load.Of("a.raw")
	n := size(data)
	fmt.Println(lazy.Must(n.Get(ctx)), data.State())
	fmt.Println(lazy.Must(n.Get(ctx)), "is kept")
	fmt.Println(len(lazy.Must(data.Get(ctx))))
	// Output:
	// loading a.raw
	// 1048576 pending
	// 1048576 is kept
	// loading a.raw
	// 1048576
}
