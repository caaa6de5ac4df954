package lazy

import (
	"context"
	"testing"
	"time"
)

// Benchmarks of change. Except for the first, each measures the library and the same written by hand over arrays
// (bench_hand_test.go) in turn, after they have agreed on the answers: ns/op is the library's median.

// BenchmarkNeverChanged records graphs and gets them in a process in which nothing was ever Set, and again after something
// that has nothing to do with them was: what it costs to be able to change. It must be the first to run in the process:
//
//	go test -run '^$' -bench NeverChanged ./lazy
func BenchmarkNeverChanged(b *testing.B) {
	if changes.state.Load() != 0 {
		b.Skip("something was Set in this process: run this benchmark alone, without tests")
	}
	const n = 10_000
	took := map[string]float64{}
	measure := func(suffix string) {
		for _, s := range shapes {
			b.Run(s.name+suffix, func(b *testing.B) {
				var times []float64
				for b.Loop() {
					began := time.Now()
					if v, err := s.record(n).Get(context.Background()); err != nil || v != s.plain(n) {
						b.Fatal(v, err)
					}
					times = append(times, float64(time.Since(began))/n)
				}
				now := median(times)
				b.ReportMetric(now, "ns/node")
				if before, known := took[s.name]; known {
					b.ReportMetric(now/before, "ratio")
				} else {
					took[s.name] = now
				}
			})
		}
	}
	measure("")
	s := Const(0)
	d := benchInc(s)
	benchGet(b, d)
	s.Set(1)
	benchGet(b, d)
	measure("/after-a-Set")
}

func benchGet(b *testing.B, d Data[int]) int {
	v, err := d.Get(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	return v
}

// t <- s, clean, in a process in which things change
func BenchmarkChangeCleanGet(b *testing.B) {
	var g twins
	s := g.source()
	t := g.call("add", s, s)
	g.agree(b, []int32{s}, []int32{t})
	ctx, d := context.Background(), g.calls[t]
	sum := 0
	duel(b, 10_000, func(n int) {
		for range n {
			v, _ := d.Get(ctx)
			sum += v
		}
	}, func(n int) {
		for range n {
			sum += g.hand.get(t)
		}
	})
}

// A source is Set. Now and then something else is got, which has all that was Set applied.
func BenchmarkChangeSet(b *testing.B) {
	for _, between := range []int{0, 1000, 10, 1} {
		name := map[int]string{0: "alone", 1000: "and-a-Get-per-1000", 10: "and-a-Get-per-10", 1: "and-a-Get-each"}[between]
		b.Run(name, func(b *testing.B) {
			var g twins
			s, other := g.source(), g.source()
			t, u := g.call("add", s, s), g.call("add", other, other)
			g.agree(b, []int32{s, other}, []int32{t, u})
			ctx, source, d := context.Background(), g.calls[s], g.calls[u]
			i, sum := 1<<10, 0
			duel(b, 10_000, func(n int) {
				for k := range n {
					i++
					source.Set(i)
					if between > 0 && k%between == 0 {
						v, _ := d.Get(ctx)
						sum += v
					}
				}
			}, func(n int) {
				for k := range n {
					i++
					g.hand.set(s, i)
					if between > 0 && k%between == 0 {
						sum += g.hand.get(u)
					}
				}
				g.hand.queue = g.hand.queue[:0] // it does not know that a source is in it already
			})
		})
	}
}

// steps sets a source, always to another value, and gets a target.
func (g *twins) steps(b *testing.B, n int, source, target func(i int) int32) (us, them float64) {
	i, j := 1<<10, 1<<10
	return duel(b, n, func(n int) {
		ctx := context.Background()
		for range n {
			i++
			g.calls[source(i)].Set(i)
			if _, err := g.calls[target(i)].Get(ctx); err != nil {
				b.Fatal(err)
			}
		}
	}, func(n int) {
		for range n {
			j++
			g.hand.set(source(j), j)
			g.hand.get(target(j))
		}
	})
}

// A triangle of sums over 50 sources: row k+1 adds neighbours of row k. Of its 1,225 calls, 49 are behind a source at the
// end of the lowest row.
func BenchmarkChange49Of1225(b *testing.B) {
	var g twins
	var row []int32
	for range 50 {
		row = append(row, g.source())
	}
	sources := row
	for len(row) > 1 {
		var next []int32
		for i := range len(row) - 1 {
			next = append(next, g.call("add", row[i], row[i+1]))
		}
		row = next
	}
	g.agree(b, sources, row)
	g.steps(b, 200, func(int) int32 { return sources[0] }, func(int) int32 { return row[0] })
}

// Three layers with 10,000 sinks: 3,334 times s <- first <- second <- three sinks. A Set makes 5 nodes stale; one sink of
// them is read, and 3 calls run.
func BenchmarkChangeOneSinkOf10000(b *testing.B) {
	var g twins
	var sources, sinks []int32
	for range 3334 {
		s := g.source()
		first := g.call("add", s, s)
		second := g.call("add", first, s)
		sources = append(sources, s)
		for range 3 {
			sinks = append(sinks, g.call("add", second, first))
		}
	}
	g.agree(b, sources, sinks)
	for i, s := range sinks { // so that all are clean
		if benchGet(b, g.calls[s]) != g.hand.get(s) {
			b.Fatal(i)
		}
	}
	g.steps(b, 200, func(i int) int32 { return sources[i*7%len(sources)] }, func(i int) int32 { return sinks[i*7%len(sources)*3] })
}

// Eight sources, behind each one call that hides small changes, 125 behind that, and 10 sinks behind each of them. A Set
// makes up to 1,376 nodes stale, one sink is read, and one call runs.
func BenchmarkChangeCutOff(b *testing.B) {
	var g twins
	var sources, sinks []int32
	for range 8 {
		s := g.source()
		sources = append(sources, s)
		first := g.call("far", s, s)
		for range 125 {
			second := g.call("pass", first, first)
			for range 10 {
				sinks = append(sinks, g.call("add", second, first))
			}
		}
	}
	g.agree(b, sources, sinks)
	per := len(sinks) / 8
	b.Run("one-sink", func(b *testing.B) {
		g.steps(b, 100, func(i int) int32 { return sources[i%8] }, func(i int) int32 { return sinks[i%8*per+i*31%per] })
	})
	b.Run("all-sinks", func(b *testing.B) { // each Set marks all of the 1,376
		all := make([]Data[int], per)
		for k := range all {
			all[k] = g.calls[sinks[k]]
		}
		i, j := 1<<10, 1<<10
		duel(b, 1, func(int) {
			i++
			g.calls[sources[0]].Set(i)
			if _, err := GetAll(context.Background(), all); err != nil {
				b.Fatal(err)
			}
		}, func(int) {
			j++
			g.hand.set(sources[0], j)
			for _, s := range sinks[:per] {
				g.hand.get(s)
			}
		})
	})
}

// Clean Gets of one graph while another one changes, against the same while nothing does (for once, the library against
// itself).
func BenchmarkChangeElsewhere(b *testing.B) {
	for _, size := range []int{10, 1000} {
		b.Run(map[int]string{10: "of-10-calls", 1000: "of-1000-calls"}[size], func(b *testing.B) {
			ctx := context.Background()
			d, s := benchChain(size), Const(0)
			other := benchInc(s)
			i, sum := 0, 0
			gets := func(n int) {
				for range n {
					v, _ := d.Get(ctx)
					sum += v
				}
			}
			benchGet(b, d)
			benchGet(b, other)
			const changing = 10 // Gets of d to one Set and Get of the other graph
			var ours, theirs []float64
			for b.Loop() {
				began := time.Now()
				gets(10_000)
				theirs = append(theirs, float64(time.Since(began))/10_000)
				var took time.Duration
				for range 10_000 / changing {
					i++
					s.Set(i)
					benchGet(b, other)
					began := time.Now()
					gets(changing)
					took += time.Since(began)
				}
				ours = append(ours, float64(took)/10_000)
			}
			report(b, ours, theirs, "undisturbed-ns/op")
		})
	}
}

// A Set that makes 1,000 calls stale and a Get that runs them all: a chain, and a fan whose results are added up by 999 more.
func BenchmarkChangePerAffected(b *testing.B) {
	const n = 1000
	b.Run("chain", func(b *testing.B) {
		var g twins
		s := g.source()
		at := s
		for range n {
			at = g.call("add", at, at)
		}
		g.agree(b, []int32{s}, []int32{at})
		perAffected(b, &g, s, at, n)
	})
	b.Run("fan", func(b *testing.B) {
		var g twins
		s := g.source()
		var fan []int32
		for range n {
			fan = append(fan, g.call("add", s, s))
		}
		t := g.sum(fan)
		g.agree(b, []int32{s}, []int32{t})
		perAffected(b, &g, s, t, 2*n-1)
	})
}

// perAffected measures steps, and reports per affected node what they take.
func perAffected(b *testing.B, g *twins, s, t int32, affected int) {
	us, them := g.steps(b, 10, func(int) int32 { return s }, func(int) int32 { return t })
	b.ReportMetric(us/float64(affected), "ns/affected")
	b.ReportMetric(them/float64(affected), "by-hand-ns/affected")
}
