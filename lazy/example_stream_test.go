package lazy_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dally-go/dally/lazy"
)

func ExampleStream() {
	ctx := context.Background()
	square := lazy.Pure1(func(x int) int { return x * x })

	for v, err := range lazy.Stream(ctx, slices.Values([]int{2, 3, 4}), square) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(v)
	}
	// Output:
	// 4
	// 9
	// 16
}

// lines yields the lines of a text, and the error if reading them fails.
func lines(text string) func(yield func(string, error) bool) {
	return func(yield func(string, error) bool) {
		in := bufio.NewScanner(strings.NewReader(text))
		for in.Scan() {
			if !yield(in.Text(), nil) {
				return
			}
		}
		if err := in.Err(); err != nil {
			yield("", err)
		}
	}
}

func ExampleTryStream() {
	ctx := context.Background()
	countWords := lazy.Wrap1(func(_ context.Context, line string) (int, error) {
		if line == "" {
			return 0, errors.New("empty line")
		}
		return len(strings.Fields(line)), nil
	}, lazy.Name("CountWords"))

	for n, err := range lazy.TryStream(ctx, lines("to have\npatience\n\nis good"), countWords) {
		if err != nil {
			fmt.Println("skipped:", errors.Unwrap(err))
			continue
		}
		fmt.Println(n)
	}
	// Output:
	// 2
	// 1
	// skipped: empty line
	// 2
}

func ExampleLookAhead() {
	ctx := context.Background()
	pulled := 0
	source := func(yield func(int) bool) {
		for i := range 1000 {
			if pulled++; !yield(i) {
				return
			}
		}
	}
	identity := lazy.Pure1(func(x int) int { return x })
	for v := range lazy.Stream(ctx, source, identity, lazy.LookAhead(10)) {
		if v == 4 {
			break
		}
	}
	fmt.Println(pulled <= 4+10)
	// Output: true
}

func ExampleUnordered() {
	ctx := context.Background()
	release := make(chan struct{})
	load := lazy.Pure1(func(name string) string {
		if name == "slow" {
			<-release
		}
		return name
	}, lazy.Blocking(0))

	names := slices.Values([]string{"slow", "fast"})
	for name := range lazy.Stream(ctx, names, load, lazy.Unordered()) {
		fmt.Println(name)
		if name == "fast" {
			close(release)
		}
	}
	// Output:
	// fast
	// slow
}
