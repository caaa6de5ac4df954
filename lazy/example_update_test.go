package lazy_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dally-go/dally/lazy"
)

// put returns a function for Update that writes v to slot i.
func put(i, v int) func(context.Context, []int) ([]int, error) {
	return func(_ context.Context, out []int) ([]int, error) {
		out[i] = v
		return out, nil
	}
}

func ExampleUpdate() {
	ctx := context.Background()
	zeros := lazy.Pure0(func() []int { return make([]int, 3) })()
	ones := lazy.Update(zeros, put(1, 1))

	fmt.Println(lazy.Must(ones.Get(ctx)), lazy.Must(zeros.Get(ctx)))
	// Output: [0 1 0] [0 0 0]
}

// Slots of one container are filled one after another, as out[i] = f(x) would: every slot shows, and where two write the
// same one, the later in the program wins. The slices are one slice, for each version is given away to the next.
func ExampleUpdate_slots() {
	ctx := context.Background()
	square := func(i, x int) func(context.Context, []int) ([]int, error) { return put(i, x*x) }

	out := lazy.Pure0(func() []int { return make([]int, 4) })()
	for i, x := range []int{2, 3, 4} {
		out = lazy.Update(lazy.Donate(out), square(i, x))
	}
	out = lazy.Update(lazy.Donate(out), square(1, 10))

	fmt.Println(lazy.Must(out.Get(ctx)))
	// Output: [4 100 16 0]
}

func ExampleDonate() {
	ctx := context.Background()
	load := lazy.Pure0(func() []int { return []int{3, 1, 2} }, lazy.Name("Load"))
	first := lazy.Pure1(func(xs []int) int { return xs[0] }, lazy.Name("First"))

	big := load()
	before := first(big) // recorded before: reads what Load returned
	changed := lazy.Update(lazy.Donate(big), put(0, 7))

	fmt.Println(lazy.Must(changed.Get(ctx)), lazy.Must(before.Get(ctx)))
	_, err := big.Get(ctx)
	fmt.Println(errors.Is(err, lazy.ErrDonated))
	// Output:
	// [7 1 2] 3
	// true
}

func ExampleInputError() {
	ctx := context.Background()
	s := &lazy.Session{CheckInputs: true}
	xs := lazy.Const([]int{1, 2, 3})
	double := lazy.Pure1(func(xs []int) []int {
		for i := range xs {
			xs[i] *= 2 // of its argument
		}
		return xs
	}, lazy.Name("Double"))

	_, err := double(xs).Get(ctx, lazy.In(s))
	var e *lazy.InputError
	if errors.As(err, &e) {
		fmt.Println("argument", e.Argument, "was changed by a function wrapped at", e.Where)
	}
	// Output: argument 1 was changed by a function wrapped at lazy/example_update_test.go:65
}
