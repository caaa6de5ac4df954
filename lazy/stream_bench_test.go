package lazy_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dally-go/dally/lazy"
)

// upTo yields 0 … n-1.
func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// spin computes for about the given number of steps, of 1 ns or so each.
func spin(steps int) func(int) int {
	return func(x int) int {
		h := uint64(x)
		for range steps {
			h = h*0x9e3779b97f4a7c15 + 1
		}
		return int(h >> 1)
	}
}

// BenchmarkStream compares a stream with a plain loop and with a pool of workers that gets and gives one item per send:
// all in one run, in turns, the medians as ns per item. The ratios are what to look at.
//
//	go test ./lazy -run xxx -bench Stream -benchtime 9x
func BenchmarkStream(b *testing.B) {
	for _, steps := range []int{50, 1000, 10000} {
		n := 1_000_000
		if steps > 50 {
			n = 50_000_000 / steps
		}
		b.Run(fmt.Sprintf("%d steps", steps), func(b *testing.B) { compareStreams(b, spin(steps), n) })
	}
}

func compareStreams(b *testing.B, f func(int) int, n int) {
	wrapped := lazy.Pure1(f, lazy.Name("Spin"))
	ways := []func() int{
		func() (sum int) {
			for x := range upTo(n) {
				sum += f(x)
			}
			return sum
		},
		func() int { return pooled(f, n) },
		func() (sum int) {
			for v, err := range lazy.Stream(context.Background(), upTo(n), wrapped) {
				if err != nil {
					panic(err)
				}
				sum += v
			}
			return sum
		},
		func() (sum int) {
			for v, err := range lazy.Stream(context.Background(), upTo(n), wrapped, lazy.Unordered()) {
				if err != nil {
					panic(err)
				}
				sum += v
			}
			return sum
		},
	}
	times := make([][]time.Duration, len(ways))
	want := ways[0]()
	for b.Loop() {
		for k, way := range ways {
			runtime.GC()
			began := time.Now()
			if got := way(); got != want {
				b.Fatalf("way %d: got %d, want %d", k, got, want)
			}
			times[k] = append(times[k], time.Since(began))
		}
	}
	var per [4]float64
	for k := range ways {
		slices.Sort(times[k])
		per[k] = float64(times[k][len(times[k])/2]) / float64(n)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(per[0], "loop-ns/item")
	b.ReportMetric(per[1], "pool-ns/item")
	b.ReportMetric(per[2], "stream-ns/item")
	b.ReportMetric(per[3], "unordered-ns/item")
	b.ReportMetric(per[2]/per[0], "x-loop")
	b.ReportMetric(per[2]/per[1], "x-pool")
}

// pooled is the sum of f over 0 … n-1, by workers that are handed one item per send; the order is not kept.
func pooled(f func(int) int, n int) (sum int) {
	in, out := make(chan int, 64), make(chan int, 64)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for x := range in {
				out <- f(x)
			}
		})
	}
	go func() {
		for x := range upTo(n) {
			in <- x
		}
		close(in)
		workers.Wait()
		close(out)
	}()
	for v := range out {
		sum += v
	}
	return sum
}
