package lazy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

// versions is a random program of updates, next to a model that copies everything.
type versions struct {
	rng     *rand.Rand
	sources []Data[int]
	given   []int // what the sources are
	all     []*modelled
}

// modelled is a handle and what its value is to be.
type modelled struct {
	what    string
	d       Data[[]int]
	want    func() []int // made anew
	donated bool
	call    bool
}

func (p *versions) add(what string, d Data[[]int], want func() []int) {
	p.all = append(p.all, &modelled{what: what, d: d, want: want, call: true})
}

// pick returns a handle that may be used, or nil.
func (p *versions) pick() *modelled {
	for range 10 {
		if m := p.all[p.rng.IntN(len(p.all))]; !m.donated {
			return m
		}
	}
	return nil
}

var (
	modelMake = Pure1(func(n int) []int { return []int{n, n + 1, n + 2, n + 3} }, Name("Make"))
	modelView = Pure1(func(xs []int) []int { return xs[:2] }, Name("View"))
	modelSame = Pure1(func(xs []int) []int { return xs }, Name("Same"))
	modelTwo  = Pure2(func(xs, ys []int) []int { return append(xs[:len(xs):len(xs)], ys...) }, Name("Two"))
	// Not at once: where a function is Transient, nothing is planned any more as though nothing could change.
	modelGone = sync.OnceValue(func() Func1[[]int, []int] {
		return Pure1(func(xs []int) []int { return slices.Clone(xs) }, Name("Gone"), Transient())
	})
)

// step changes the program, or one of its values.
func (p *versions) step() {
	m := p.pick()
	if m == nil {
		m = p.all[0]
	}
	want, slot, v := m.want, p.rng.IntN(2), p.rng.IntN(100)
	switch p.rng.IntN(12) {
	case 0:
		k := p.rng.IntN(len(p.sources))
		p.add("make", modelMake(p.sources[k]), func() []int { n := p.given[k]; return []int{n, n + 1, n + 2, n + 3} })
	case 1:
		p.add("view", modelView(m.d), func() []int { return want()[:2] })
	case 2:
		p.add("same", modelSame(m.d), want)
	case 3:
		if o := p.pick(); o != nil {
			other := o.want
			p.add("two", modelTwo(m.d, o.d), func() []int { return append(want(), other()...) })
		}
	case 4:
		p.add("gone", modelGone()(m.d), want)
	case 5:
		if !m.donated {
			p.add("bind", Bind1(func(_ context.Context, n int) (Data[[]int], error) { return modelSame(modelMake(Const(n))), nil })(p.sources[0]),
				func() []int { n := p.given[0]; return []int{n, n + 1, n + 2, n + 3} })
		}
	case 6:
		k := p.rng.IntN(len(p.sources))
		p.given[k] = v
		p.sources[k].Set(v)
	case 7:
		m.d.Invalidate()
	default:
		d := m.d
		if p.rng.IntN(3) > 0 && m != p.all[0] {
			m.donated = true
			d = Donate(d)
		}
		opts := [][]Option{nil, nil, {Equal(slices.Equal[[]int])}, {Transient()}, {Retry(1)}}[p.rng.IntN(5)]
		u := Update(d, func(_ context.Context, xs []int) ([]int, error) { xs[slot] = v + xs[0]; return append(xs, v), nil }, opts...)
		p.add(fmt.Sprintf("update of %s", m.d.n.label()), u, func() []int { xs := want(); xs[slot] = v + xs[0]; return append(xs, v) })
	}
}

// check Gets some handles at once, from several goroutines, and compares.
func (p *versions) check(t *testing.T) {
	s := &Session{Parallelism: 1 + p.rng.IntN(4)}
	var wg sync.WaitGroup
	for range 1 + p.rng.IntN(3) {
		var ms []*modelled
		var ds []Data[[]int]
		for range 1 + p.rng.IntN(5) {
			if m := p.pick(); m != nil {
				ms, ds = append(ms, m), append(ds, m.d)
			}
		}
		wants := make([][]int, len(ms))
		for k, m := range ms {
			wants[k] = m.want()
		}
		wg.Go(func() {
			got, err := GetAll(context.Background(), ds, In(s))
			if err != nil {
				t.Error(err)
				return
			}
			for k := range got {
				if !slices.Equal(got[k], wants[k]) {
					t.Errorf("%s, %s: got %v, want %v", ms[k].d.n.label(), ms[k].what, got[k], wants[k])
				}
			}
		})
	}
	wg.Wait()
}

// Random programs of updates, donations, readers and changes keep to the copying model.
func TestVersionsKeepToTheModel(t *testing.T) {
	leak.Check(t)
	seeds := uint64(1500)
	if testing.Short() {
		seeds = 250
	}
	for seed := range seeds {
		p := &versions{rng: rand.New(rand.NewPCG(seed, 1))}
		for k := range 2 {
			p.given = append(p.given, k)
			p.sources = append(p.sources, Source(fmt.Sprint("s", k), k))
		}
		const mine = 5
		own := []int{mine, mine, mine}
		p.add("a source", Source("own", own), func() []int { return []int{mine, mine, mine} })
		for range 30 {
			p.step()
			if p.rng.IntN(3) == 0 {
				p.check(t)
			}
		}
		require.Equal(t, []int{mine, mine, mine}, own)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
