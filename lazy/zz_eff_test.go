package lazy

import (
	"context"
	"testing"
	"time"
)

var spinSink int

func spinFor(n int, seed int) int {
	x := seed | 1
	for range n {
		x = x*1664525 + 1013904223
	}
	return x
}

func TestEff(t *testing.T) {
	// calibrate
	t0 := time.Now()
	spinSink = spinFor(50_000_000, 3)
	perNs := 50_000_000 / float64(time.Since(t0).Nanoseconds())
	for _, us := range []float64{0.5, 1, 10, 1000} {
		k := int(us * 1000 * perNs)
		n := 100_000
		if us >= 10 {
			n = 20_000
		}
		if us >= 1000 {
			n = 500
		}
		for _, shape := range []string{"fan", "tree", "wave", "chain"} {
			build := func() Data[int] {
				f1 := Pure1(func(x int) int { return spinFor(k, x) })
				f2 := Pure2(func(x, y int) int { return spinFor(k, x+y) })
				switch shape {
				case "fan":
					ds := make([]Data[int], n)
					c := Const(2)
					for i := range ds {
						ds[i] = f1(c)
					}
					return Pure1(func(v []int) int { return len(v) })(Gather(ds...))
				case "tree":
					ds := make([]Data[int], n/2)
					c := Const(2)
					for i := range ds {
						ds[i] = f1(c)
					}
					return Reduce(f2, ds...)
				case "chain":
					d := Const(1)
					for range n {
						d = f1(d)
					}
					return d
				}
				w := 1
				for w*w < n {
					w++
				}
				row := make([]Data[int], w)
				c := Const(1)
				for i := range row {
					row[i] = c
				}
				for range w {
					prev := c
					for i := range row {
						row[i] = f2(prev, row[i])
						prev = row[i]
					}
				}
				return row[w-1]
			}
			best := func(p int) time.Duration {
				b := time.Hour
				for range 4 {
					t0 := time.Now()
					_, err := build().Get(context.Background(), In(&Session{Parallelism: p}))
					if err != nil {
						t.Fatal(err)
					}
					b = min(b, time.Since(t0))
				}
				return b
			}
			loop := time.Hour
			for range 3 {
				t0 = time.Now()
				for i := range n {
					spinSink += spinFor(k, i)
				}
				loop = min(loop, time.Since(t0))
			}
			b1, b2 := best(1), best(2)
			t.Logf("%6.1fus %-6s loop %8.1f ns/node serial %8.1f two %8.1f  eff %.2f", us, shape, float64(loop.Nanoseconds())/float64(n), float64(b1.Nanoseconds())/float64(n), float64(b2.Nanoseconds())/float64(n), float64(loop)/2/float64(b2))
		}
	}
}
