package lazy

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
)

// here is the file:line of its caller, as errors of this package show it.
func here() string {
	_, _, line, _ := runtime.Caller(1)
	return fmt.Sprintf("lazy/donate_test.go:%d", line)
}

// inPlace reports whether u, once computed, lies where m has made the last slice.
func inPlace(t *testing.T, m *maker, u Data[[]int]) bool {
	t.Helper()
	return &valueNow(t, u)[0] == m.at.Load()
}

func TestDonatedValueIsNotCopied(t *testing.T) {
	m := newMaker()
	for _, first := range []bool{false, true} {
		a := m.of.Of(3)
		if first {
			valueNow(t, a)
		}
		u := Update(Donate(a), setTo(0, 7))
		require.True(t, inPlace(t, m, u))
		require.Equal(t, []int{7, 1, 2}, valueNow(t, u))
	}
}

func TestChainOfDonatedUpdatesIsNeverCopied(t *testing.T) {
	const n = 1000
	m := newMaker()
	u := m.of.Of(n)
	for k := range n {
		u = Update(Donate(u), setTo(k, 2*k))
	}
	require.True(t, inPlace(t, m, u))
	require.Equal(t, n*(n-1), sum(valueNow(t, u)))
	require.EqualValues(t, 1, m.runs.Load())
}

func TestDonatedValueIsNotAllocatedAgain(t *testing.T) {
	const n = 1 << 16
	m := newMaker()
	run := func(donate bool) uint64 {
		u := m.of.Of(n)
		for k := range 20 {
			in := u
			if donate {
				in = Donate(u)
			}
			u = Update(in, setTo(k, k))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		valueNow(t, u)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	require.Greater(t, run(false), uint64(20*8*n))
	require.Less(t, run(true), uint64(2*8*n))
}

func TestDonatedHandleIsAnErrorWithThePlaceOfTheDonation(t *testing.T) {
	a := newMaker().of.Of(3)
	before := Pure1(sum)(a)
	gift := Donate(a)
	where := here()
	where = where[:len(where)-2] // same lines but for the last two digits
	ctx := context.Background()

	late := Pure1(sum, Name("Late"))(a)
	errs := map[string]error{}
	_, errs["Get"] = a.Get(ctx)
	errs["Run"] = Run(ctx, []Target{before, a})
	_, errs["late"] = late.Get(ctx)
	_, errs["gift"] = gift.Get(ctx)
	_, errs["late gift"] = Pure1(sum)(gift).Get(ctx)
	_, errs["Gather"] = Gather(a, a).Get(ctx)
	_, errs["If"] = If(Const(true), a, Const([]int{})).Get(ctx)
	_, errs["Bind"] = Bind0(func(context.Context) (Data[[]int], error) { return a, nil })().Get(ctx)
	_, errs["nested"] = Wrap0(func(ctx context.Context) (int, error) { xs, err := a.Get(ctx); return sum(xs), err })().Get(ctx)
	_, errs["Update"] = Update(a, setTo(0, 1)).Get(ctx)
	_, errs["After gift"] = After(Pure0(func() int { return 1 })(), gift).Get(ctx)
	_, errs["On gift"] = gift.On(executor.Serial()).Get(ctx)
	for name, err := range errs {
		require.ErrorIs(t, err, ErrDonated, name)
		require.ErrorContains(t, err, where, name)
		var e *Error
		require.ErrorAs(t, err, &e, name)
	}
	require.ErrorContains(t, errs["late"], "argument 1 of Late, recorded at lazy/donate_test.go:")
	require.Equal(t, 3, valueNow(t, before), "recorded before")
	require.Equal(t, 1, valueNow(t, After(Pure0(func() int { return 1 })(), a)), "order without data")
	require.Equal(t, []int{0, 1, 2}, valueNow(t, a.On(executor.Serial())), "a call of its own")
	require.Equal(t, []int{5, 1, 2}, valueNow(t, Update(gift, setTo(0, 5))))
	_, err := a.Get(ctx)
	require.ErrorIs(t, err, ErrDonated)
}

func TestDonatingOrTakingTwicePanicsAndNamesBothPlaces(t *testing.T) {
	a := newMaker().of.Of(3)
	gift := Donate(a)
	line := func(f func()) (err error) {
		defer func() { err = recover().(error) }()
		f()
		return nil
	}
	err := line(func() { Donate(a) })
	require.ErrorIs(t, err, ErrDonated)
	require.Regexp(t, `^lazy: Donate at lazy/donate_test.go:\d+: donated: Make#\d+ was given away at lazy/donate_test.go:\d+; `, err.Error())
	err = line(func() { Donate(gift) })
	require.ErrorIs(t, err, ErrDonated)
	require.Regexp(t, `^lazy: Donate at lazy/donate_test.go:\d+: donated: what Donate at lazy/donate_test.go:\d+ returned`, err.Error())
	Update(gift, setTo(0, 1))
	err = line(func() { Update(gift, setTo(0, 1)) })
	require.ErrorIs(t, err, ErrDonated)
	require.Regexp(t, `Update at lazy/donate_test.go:\d+: .* given away at lazy/donate_test.go:\d+; the Update at lazy/donate_test.go:\d+ has taken it`, err.Error())
	require.Panics(t, func() { Donate(Data[int]{}) })
}

func TestDonateFromManyGoroutines(t *testing.T) {
	leak.Check(t)
	for range 100 {
		m := newMaker()
		a := m.of.Of(3)
		var donated, panicked atomic.Int32
		var u atomic.Pointer[Data[[]int]]
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				defer func() {
					if recover() != nil {
						panicked.Add(1)
					}
				}()
				d := Update(Donate(a), setTo(0, 7))
				donated.Add(1)
				u.Store(&d)
				Must(d.Get(context.Background()))
			})
			wg.Go(func() {
				if xs, err := a.Get(context.Background()); err == nil {
					_ = len(xs)
				}
				_ = a.String()
				_ = Snapshot(a)
				_, _ = Pure1(sum)(a).Get(context.Background())
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, donated.Load())
		require.EqualValues(t, 3, panicked.Load())
		require.Equal(t, []int{7, 1, 2}, valueNow(t, *u.Load()))
	}
}

// d -> {r1, r2, u}, wanted in any order: the readers come first, and nothing is copied
func TestReadersInTheSameRunComeFirst(t *testing.T) {
	leak.Check(t)
	for _, workers := range []int{1, 4} {
		for order := range 4 {
			m := newMaker()
			a := m.of.Of(3)
			r1, r2 := Pure1(sum)(a), Pure1(func(xs []int) int { return xs[0] })(a)
			u := Update(Donate(a), setTo(0, 7))
			after := Pure2(func(x int, xs []int) int { return 100*x + xs[0] })(r2, u)
			targets := [][]Target{{r1, r2, u, after}, {u, r1, r2}, {u, after, r1}, {after, r1}}[order]
			require.NoError(t, Run(context.Background(), targets, In(&Session{Parallelism: workers})))
			require.Equal(t, 3, valueNow(t, r1))
			require.Equal(t, 0, valueNow(t, r2))
			require.Equal(t, 7, valueNow(t, after))
			require.True(t, inPlace(t, m, u), "order %d", order)
			require.EqualValues(t, 1, m.runs.Load())
		}
	}
}

// a -> {u, r}, u ┄> r: r cannot come first
func TestReaderThatComesAfterTheUpdateHasItCopy(t *testing.T) {
	m := newMaker()
	a := m.of.Of(3)
	r := Pure1(sum)(a)
	u := Update(Donate(a), setTo(0, 7))
	late := After(r, u)
	require.NoError(t, Run(context.Background(), []Target{u, r, late}))
	require.Equal(t, 3, valueNow(t, late))
	require.EqualValues(t, 1, m.runs.Load())
	require.False(t, inPlace(t, m, u))
}

// a -> {u, ra}, b -> {v, rb}, u ┄> rb, v ┄> ra: only one of the updates can come last
func TestReadersThatComeAfterEachOthersUpdates(t *testing.T) {
	leak.Check(t)
	for _, workers := range []int{1, 4} {
		a, b := newMaker(), newMaker()
		da, db := a.of.Of(3), b.of.Of(3)
		total := Pure1(sum)
		ra, rb := total(da), total(db)
		u, v := Update(Donate(da), setTo(0, 7)), Update(Donate(db), setTo(0, 8))
		ra, rb = After(ra, v), After(rb, u)
		require.NoError(t, Run(context.Background(), []Target{u, v, ra, rb}, In(&Session{Parallelism: workers})))
		require.Equal(t, 3, valueNow(t, ra))
		require.Equal(t, 3, valueNow(t, rb))
		require.Equal(t, 7, valueNow(t, u)[0])
		require.Equal(t, 8, valueNow(t, v)[0])
		require.NotEqual(t, inPlace(t, a, u), inPlace(t, b, v))
	}
}

func TestReaderThatFailsDoesNotSkipTheUpdate(t *testing.T) {
	m := newMaker()
	a := m.of.Of(3)
	bad := Pure1(func([]int) int { panic("no") })(a)
	u := Update(Donate(a), setTo(0, 7))
	err := Run(context.Background(), []Target{u, bad}, KeepGoing())
	var p *PartialError
	require.ErrorAs(t, err, &p)
	require.NoError(t, p.Errs[0])
	require.Error(t, p.Errs[1])
	require.True(t, inPlace(t, m, u))
}

func TestReaderAfterTheValueWasTakenHasItMadeAgain(t *testing.T) {
	m := newMaker()
	a := m.of.Of(3)
	total := Pure1(sum)(a)
	u := Update(Donate(a), setTo(0, 7))
	require.True(t, inPlace(t, m, u))
	require.Equal(t, 3, valueNow(t, total))
	require.EqualValues(t, 2, m.runs.Load())
	require.Equal(t, []int{7, 1, 2}, valueNow(t, u))
	require.EqualValues(t, 2, m.runs.Load())
}

// Another run is in the middle of reading.
func TestReaderInAnotherRunHasTheUpdateCopy(t *testing.T) {
	leak.Check(t)
	for _, computed := range []bool{false, true} {
		for _, late := range []bool{false, true} {
			m := newMaker()
			a := m.of.Of(3)
			if computed {
				valueNow(t, a)
			}
			reading, goOn := make(chan struct{}), make(chan struct{})
			slow := Wrap1(func(_ context.Context, xs []int) (int, error) {
				close(reading)
				<-goOn
				return sum(xs), nil
			})(a)
			got := make(chan int)
			get := func() {
				go func() { got <- Must(slow.Get(context.Background(), In(&Session{Parallelism: 2}))) }()
				<-reading
			}
			if !late {
				get()
			}
			u := Update(Donate(a), setTo(0, 7))
			if late {
				get()
			}
			require.Equal(t, []int{7, 1, 2}, valueNow(t, u))
			close(goOn)
			require.Equal(t, 3, <-got)
			require.False(t, inPlace(t, m, u))
		}
	}
}

// A function that was left behind by its Timeout goes on reading.
func TestReaderThatWasLeftBehindHasTheUpdateCopy(t *testing.T) {
	leak.Check(t)
	m := newMaker()
	a := m.of.Of(3)
	goOn, over := make(chan struct{}), make(chan int, 1)
	slow := Wrap1(func(_ context.Context, xs []int) (int, error) {
		<-goOn
		over <- sum(xs)
		return 0, nil
	}, Timeout(time.Millisecond))(a)
	_, err := slow.Get(context.Background(), In(&Session{Parallelism: 2}))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	u := Update(Donate(a), setTo(0, 7))
	require.False(t, inPlace(t, m, u))
	close(goOn)
	require.Equal(t, 3, <-over)
}

// What lies in the same memory, before and behind, and what is not known not to.
func TestSharedMemoryIsCopied(t *testing.T) {
	head := Pure1(func(xs []int) []int { return xs[:1] })
	same := Pure1(func(xs []int) []int { return xs })
	box := Pure1(func(xs []int) *[]int { return &xs })
	type record struct {
		n  int
		xs []int
	}
	inside := Pure1(func(xs []int) record { return record{1, xs} })
	cases := map[string]func(a Data[[]int]) (d Data[[]int], check func() []int){
		"made from an argument": func(a Data[[]int]) (Data[[]int], func() []int) {
			return same(a), func() []int { return valueNow(t, a) }
		},
		"a Value":        func(a Data[[]int]) (Data[[]int], func() []int) { return After(a, a), nil },
		"half of a pair": func(a Data[[]int]) (Data[[]int], func() []int) { d, _ := Split(Zip(a, a)); return d, nil },
		"chosen by If":   func(a Data[[]int]) (Data[[]int], func() []int) { return If(Const(true), a, a), nil },
		"a Bind": func(a Data[[]int]) (Data[[]int], func() []int) {
			return Bind0(func(context.Context) (Data[[]int], error) { return a, nil })(), nil
		},
	}
	for name, f := range cases {
		for _, computed := range []bool{false, true} {
			mine := []int{0, 1, 2}
			a := Pure0(func() []int { return append([]int(nil), mine...) })()
			if computed {
				valueNow(t, a)
			}
			src := Source("mine", mine)
			for k, from := range []Data[[]int]{a, src} {
				d, _ := f(from)
				if computed {
					valueNow(t, d)
				}
				require.Equal(t, []int{7, 1, 2}, valueNow(t, Update(Donate(d), setTo(0, 7))), name)
				if k == 0 && name == "a Value" { // it is a call of its own, of nothing
					continue
				}
				require.Equal(t, []int{0, 1, 2}, valueNow(t, from), name)
			}
			require.Equal(t, []int{0, 1, 2}, mine, name)
		}
	}
	for _, computed := range []bool{false, true} {
		a := newMaker().of.Of(3)
		h, p, i := head(a), box(a), inside(a)
		if computed {
			require.NoError(t, Run(context.Background(), []Target{h, p, i}))
		}
		u := Update(Donate(a), setTo(0, 7))
		require.NoError(t, Run(context.Background(), []Target{u, h, p, i}))
		require.Equal(t, []int{7, 1, 2}, valueNow(t, u))
		require.Equal(t, []int{0}, valueNow(t, h))
		require.Equal(t, []int{0, 1, 2}, *valueNow(t, p))
		require.Equal(t, []int{0, 1, 2}, valueNow(t, i).xs)
	}
}

// A Bind hands on the value of the handle that it returns, a function may keep what it got.
func TestValuesThatFunctionsHaveGotAreCopied(t *testing.T) {
	for name, got := range map[string]func(a Data[[]int]) Data[[]int]{
		"Bind": func(a Data[[]int]) Data[[]int] {
			return Bind0(func(context.Context) (Data[[]int], error) { return a, nil })()
		},
		"If": func(a Data[[]int]) Data[[]int] { return If(Const(true), a, a) },
		"Get": func(a Data[[]int]) Data[[]int] {
			return Wrap0(func(ctx context.Context) ([]int, error) { return a.Get(ctx) })()
		},
	} {
		a := newMaker().of.Of(3)
		b := got(a)
		valueNow(t, b)
		require.Equal(t, []int{7, 1, 2}, valueNow(t, Update(Donate(a), setTo(0, 7))), name)
		require.Equal(t, []int{0, 1, 2}, valueNow(t, b), name)
	}
}

// What is known to lie elsewhere is no obstacle.
func TestMemoryOfItsOwnIsNotCopied(t *testing.T) {
	m := newMaker()
	last := Pure1(func(xs []int) []int {
		ys := append(make([]int, 0, len(xs)), xs...)
		m.at.Store(&ys[0])
		return ys
	})
	for _, computed := range []bool{false, true} {
		src := Source("src", []int{1, 2, 3})
		a := last(src)
		other := Pure1(func(xs []int) []int { return append([]int{}, xs...) })(a)
		if computed {
			require.NoError(t, Run(context.Background(), []Target{a, other}))
		}
		u := Update(Donate(a), setTo(0, 7))
		require.NoError(t, Run(context.Background(), []Target{u, other}))
		require.True(t, inPlace(t, m, u))
		require.Equal(t, []int{1, 2, 3}, valueNow(t, other))
	}
}

func TestPicturesOfDonatedCalls(t *testing.T) {
	m := newMaker()
	a := m.of.Of(3)
	gift := Donate(a)
	require.Regexp(t, `^Make#\d+ was donated at lazy/donate_test.go:\d+$`, a.String())
	require.Regexp(t, `^Donate#\d+ was donated at lazy/donate_test.go:\d+$`, gift.String())
	u := Update(gift, setTo(0, 7), Name("Put"))
	require.Regexp(t, `was donated at lazy/donate_test.go:\d+ to the Update at lazy/donate_test.go:\d+$`, a.String())
	require.Len(t, Plan(u).Nodes, 2)
	require.True(t, inPlace(t, m, u))
	require.Equal(t, graph.Pending, a.State())
	require.Empty(t, Plan(u).Nodes)
	require.Len(t, Snapshot(u).Nodes, 3)
	e := Explain(u)
	require.Contains(t, e.String(), "was donated at")
	for _, n := range Snapshot(u).Nodes {
		require.Equal(t, n.Name == "" || n.Name == "Put", n.Value != "", n.Name)
	}
	s := Source("s", 1)
	Donate(s)
	require.Equal(t, graph.Source, s.State())
	require.Contains(t, s.String(), "was donated at")
}

// A loop that records without end: every few calls it goes on from a value.
func TestDonateUnderMaxTrace(t *testing.T) {
	defer SetMaxTrace(SetMaxTrace(10))
	m := newMaker()
	u := m.of.Of(3)
	var total Data[int]
	for k := range 100 {
		total = Pure1(sum)(u)
		u = Update(Donate(u), setTo(k%3, k))
		require.LessOrEqual(t, u.n.depth(), 11)
	}
	require.Equal(t, []int{99, 97, 98}, valueNow(t, u))
	require.Equal(t, 96+97+98, valueNow(t, total))
	require.EqualValues(t, 1, m.runs.Load())
}
