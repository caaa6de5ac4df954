package main

import (
	"math"
	"math/rand/v2"
	"sort"
	"time"
)

// object is a result that may be kept: how much room it takes, how long it takes to compute, and what it is computed
// from.
type object struct {
	size   int64
	cost   time.Duration
	inputs []int // Objects before this one.
}

// trace is what is asked for, in order.
type trace struct {
	name, about string
	objects     []object
	requests    []int
	// room is how many bytes may be kept.
	room int64
}

// workloads returns all traces, each of so many requests, the same for the same seed.
func workloads(requests int, seed uint64) []*trace {
	makers := []struct {
		name, about string
		fill        func(*trace, *rand.Rand, int)
	}{
		{"equal", "all objects are alike; popularity by Zipf, exponent 0.9", equal},
		{"zipf", "sizes 1 KiB to 1 MiB, costs 0.1 ms to 10 s, neither has to do with the other or with popularity", zipfian},
		{"shifting", "the same; after each tenth of the requests others are popular", shifting},
		{"scan", "half of the requests are for a hot set that would fit, of costs around 100 ms; the others are for objects of 1 ms that nobody asks for again", scan},
		{"loop", "everything in turn, again and again, twice as much as fits; costs as in zipf", loop},
		{"large and small", "half of the objects are large and cheap (1 to 10 MiB, 1 to 10 ms), half small and dear (1 to 10 KiB, 0.1 to 10 s)", largeAndSmall},
		{"graph", "objects in five layers, each computed from two of the layer before; the last layer is asked for", graph},
	}
	var traces []*trace
	for i, m := range makers {
		t := &trace{name: m.name, about: m.about}
		m.fill(t, rand.New(rand.NewPCG(seed, uint64(i))), requests)
		traces = append(traces, t)
	}
	return traces
}

func equal(t *trace, r *rand.Rand, requests int) {
	for range max(requests/10, 10) {
		t.objects = append(t.objects, object{size: 16 << 10, cost: 10 * time.Millisecond})
	}
	t.room = t.bytes() / 20
	z := newZipf(len(t.objects), 0.9)
	for range requests {
		t.requests = append(t.requests, z.next(r))
	}
}

func zipfian(t *trace, r *rand.Rand, requests int) {
	t.mixed(r, requests/10)
	t.room = t.bytes() / 20
	z := newZipf(len(t.objects), 0.9)
	for range requests {
		t.requests = append(t.requests, z.next(r))
	}
}

func shifting(t *trace, r *rand.Rand, requests int) {
	t.mixed(r, requests/10)
	t.room = t.bytes() / 20
	z := newZipf(len(t.objects), 0.9)
	order := r.Perm(len(t.objects))
	for i := range requests {
		if i%max(requests/10, 1) == 0 {
			order = r.Perm(len(t.objects))
		}
		t.requests = append(t.requests, order[z.next(r)])
	}
}

func scan(t *trace, r *rand.Rand, requests int) {
	hot := max(requests/200, 10)
	for range hot {
		t.objects = append(t.objects, object{size: logUniform(r, 1<<10, 1<<20), cost: between(r, 10*time.Millisecond, time.Second)})
	}
	t.room = t.bytes() * 5 / 4
	for range requests {
		if r.IntN(2) == 0 {
			t.requests = append(t.requests, r.IntN(hot))
			continue
		}
		t.requests = append(t.requests, len(t.objects))
		t.objects = append(t.objects, object{size: logUniform(r, 1<<10, 1<<20), cost: time.Millisecond})
	}
}

func loop(t *trace, r *rand.Rand, requests int) {
	t.mixed(r, requests/20)
	t.room = t.bytes() / 2
	for i := range requests {
		t.requests = append(t.requests, i%len(t.objects))
	}
}

func largeAndSmall(t *trace, r *rand.Rand, requests int) {
	for i := range max(requests/20, 10) {
		o := object{size: logUniform(r, 1<<20, 10<<20), cost: between(r, time.Millisecond, 10*time.Millisecond)}
		if i%2 == 0 {
			o = object{size: logUniform(r, 1<<10, 10<<10), cost: between(r, 100*time.Millisecond, 10*time.Second)}
		}
		t.objects = append(t.objects, o)
	}
	t.room = t.bytes() / 100
	z := newZipf(len(t.objects), 0.7)
	for range requests {
		t.requests = append(t.requests, z.next(r))
	}
}

func graph(t *trace, r *rand.Rand, requests int) {
	const layers = 5
	width := max(requests/50, 10)
	t.mixed(r, layers*width)
	for i := width; i < len(t.objects); i++ {
		before := i/width*width - width
		t.objects[i].inputs = []int{before + r.IntN(width), before + r.IntN(width)}
	}
	t.room = t.bytes() / 20
	z := newZipf(width, 0.9)
	for range requests / 4 {
		t.requests = append(t.requests, len(t.objects)-width+z.next(r))
	}
}

// mixed adds objects of which neither size nor cost has to do with anything.
func (t *trace) mixed(r *rand.Rand, n int) {
	for range max(n, 10) {
		t.objects = append(t.objects, object{size: logUniform(r, 1<<10, 1<<20), cost: between(r, 100*time.Microsecond, 10*time.Second)})
	}
}

// bytes is how much room all objects take.
func (t *trace) bytes() (sum int64) {
	for _, o := range t.objects {
		sum += o.size
	}
	return sum
}

// uncached is how long it takes to compute everything that is asked for, with all its inputs, each time.
func (t *trace) uncached() (sum float64) {
	whole := make([]float64, len(t.objects))
	for i, o := range t.objects {
		whole[i] = o.cost.Seconds()
		for _, in := range o.inputs {
			whole[i] += whole[in]
		}
	}
	for _, i := range t.requests {
		sum += whole[i]
	}
	return sum
}

// logUniform returns a number of which every order of magnitude is as likely as another.
func logUniform(r *rand.Rand, least, most int64) int64 {
	return int64(float64(least) * math.Pow(float64(most)/float64(least), r.Float64()))
}

func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return time.Duration(logUniform(r, int64(least), int64(most)))
}

// zipf draws i with a probability in proportion to 1/(i+1)^s, for s below 1, too.
type zipf struct{ sums []float64 }

func newZipf(n int, s float64) zipf {
	z := zipf{make([]float64, n)}
	sum := 0.0
	for i := range z.sums {
		sum += math.Pow(float64(i+1), -s)
		z.sums[i] = sum
	}
	return z
}

func (z zipf) next(r *rand.Rand) int {
	return sort.SearchFloat64s(z.sums, r.Float64()*z.sums[len(z.sums)-1])
}
