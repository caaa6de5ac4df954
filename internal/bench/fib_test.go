package main

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
)

// fib is the n-th Fibonacci number, as slowly as it can be had.
func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

// fibWays compute the numbers of a list: one after another, on two goroutines that take the next one as soon as they have
// ended one, which is the best that can be done without knowing more, and on two workers of the library.
var fibWays = []struct {
	name string
	run  func(list []int) ([]int, error)
}{
	{"serial", func(list []int) ([]int, error) {
		values := make([]int, len(list))
		for i, n := range list {
			values[i] = fib(n)
		}
		return values, nil
	}},
	{"goroutines", func(list []int) ([]int, error) {
		values := make([]int, len(list))
		var next atomic.Int64
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for i := int(next.Add(1)) - 1; i < len(list); i = int(next.Add(1)) - 1 {
					values[i] = fib(list[i])
				}
			})
		}
		wg.Wait()
		return values, nil
	}},
	{"dally", func(list []int) ([]int, error) {
		return lazy.GetAll(ctx, lazy.Pure1(fib).Each(list), lazy.Workers(2))
	}},
}

func TestFib(t *testing.T) {
	for _, w := range fibWays {
		values, err := w.run([]int{20, 3, 1, 0})
		require.NoError(t, err)
		require.Equal(t, []int{6765, 2, 1, 0}, values, w.name)
	}
}

// BenchmarkFib computes the Fibonacci numbers from 38 down to 33 naively, in every way by turns, and reports how often as
// quick as the serial way the others are: medians. Whoever takes them in the order of the list can be twice as quick, for
// 38 and 35 take as long as 37, 36, 34 and 33.
func BenchmarkFib(b *testing.B) {
	list := []int{38, 37, 36, 35, 34, 33}
	took := make([][]time.Duration, len(fibWays))
	var want []int
	for b.Loop() {
		for i, w := range fibWays {
			start := time.Now()
			values, err := w.run(list)
			took[i] = append(took[i], time.Since(start))
			require.NoError(b, err)
			if want == nil {
				want = values
			}
			require.Equal(b, want, values)
		}
	}
	middle := func(i int) float64 { return slices.Sorted(slices.Values(took[i]))[len(took[i])/2].Seconds() }
	for i, w := range fibWays[1:] {
		b.ReportMetric(middle(0)/middle(i+1), "×serial-"+w.name)
	}
}
