package lazy

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestMineStress(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		n := 50 + rng.IntN(300)
		var runs [400]atomic.Int32
		var at [400]atomic.Int32
		spin := rng.IntN(3)
		var hs []Data[int]
		want := make([]int, 0, n)
		body := func(k int) {
			if at[k].Add(1) > 1 {
				t.Error("twice at once")
			}
			runs[k].Add(1)
			if spin == 1 {
				runtime.Gosched()
			}
			if spin == 2 {
				for t0 := time.Now(); time.Since(t0) < 2*time.Microsecond; {
				}
			}
			at[k].Add(-1)
		}
		f := Pure3(func(k, a, b int) int { body(k); return a + b + 1 })
		g := Wrap2(func(_ context.Context, k, a int) (int, error) { body(k); return a * 3 % 1000, nil })
		bl := Wrap2(func(_ context.Context, k, a int) (int, error) { body(k); return a + 7, nil }, Blocking(3))
		for k := range n {
			if k < 3 {
				hs = append(hs, Pure1(func(k int) int { body(k); return k }).Of(k))
				want = append(want, k)
				continue
			}
			i, j := rng.IntN(k), max(0, k-1-rng.IntN(min(k, 10)))
			switch rng.IntN(8) {
			case 0:
				hs = append(hs, bl(Const(k), hs[i]))
				want = append(want, want[i]+7)
			case 1, 2, 3:
				hs = append(hs, g(Const(k), hs[j]))
				want = append(want, want[j]*3%1000)
			default:
				hs = append(hs, f(Const(k), hs[i], hs[j]))
				want = append(want, want[i]+want[j]+1)
			}
		}
		s := &Session{Parallelism: 1 + rng.IntN(4)}
		var wg sync.WaitGroup
		for gi := range 6 {
			r2 := rand.New(rand.NewPCG(seed, uint64(gi)))
			wg.Go(func() {
				for range 5 {
					k := r2.IntN(n)
					ctx, cancel := context.WithCancel(context.Background())
					if r2.IntN(4) == 0 {
						go func() { runtime.Gosched(); cancel() }()
					}
					v, err := hs[k].Get(ctx, In(s))
					if err == nil && v != want[k] {
						t.Errorf("seed %d: %d != %d", seed, v, want[k])
					}
					if err != nil && ctx.Err() == nil {
						t.Errorf("seed %d: %v", seed, err)
					}
					cancel()
				}
			})
		}
		wg.Wait()
		vs, err := GetAll(context.Background(), hs, In(s))
		if err != nil {
			t.Fatal(err)
		}
		for k := range vs {
			if vs[k] != want[k] {
				t.Fatalf("seed %d call %d", seed, k)
			}
			if runs[k].Load() != 1 {
				t.Fatalf("seed %d call %d ran %d", seed, k, runs[k].Load())
			}
		}
	}
}

func BenchmarkMine(b *testing.B) {
	ctx := context.Background()
	for _, p := range []int{1, 2} {
		s := &Session{Parallelism: p}
		for _, n := range []int{1000, 100_000, 1_000_000} {
			run := func(name string, build func(n int) Data[int]) {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					var m0, m1 runtime.MemStats
					runtime.ReadMemStats(&m0)
					for b.Loop() {
						d := build(n)
						if _, err := d.Get(ctx, In(s)); err != nil {
							b.Fatal(err)
						}
					}
					runtime.ReadMemStats(&m1)
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/node")
					b.ReportMetric(float64(m1.TotalAlloc-m0.TotalAlloc)/float64(b.N)/float64(n), "B/node")
				})
			}
			name := func(s string) string {
				return s + "/" + map[int]string{1: "serial", 2: "two"}[p] + "/" + map[int]string{1000: "1e3", 100_000: "1e5", 1_000_000: "1e6"}[n]
			}
			inc := Pure1(func(x int) int { return x + 1 })
			add := Pure2(func(x, y int) int { return x + y })
			add3 := Pure3(func(x, y, z int) int { return x + y + z })
			run(name("chain"), func(n int) Data[int] {
				d := Const(1)
				for range n {
					d = inc(d)
				}
				return d
			})
			run(name("tree"), func(n int) Data[int] {
				c := Const(1)
				ds := make([]Data[int], n/2)
				for i := range ds {
					ds[i] = inc(c)
				}
				return Reduce(add, ds...)
			})
			run(name("random"), func(n int) Data[int] {
				rng := rand.New(rand.NewPCG(1, 1))
				ds := make([]Data[int], n)
				for i := range ds {
					if i < 3 {
						ds[i] = Const(i)
						continue
					}
					ds[i] = add3(ds[rng.IntN(i)], ds[rng.IntN(i)], ds[i-1])
				}
				return ds[n-1]
			})
		}
	}
}
