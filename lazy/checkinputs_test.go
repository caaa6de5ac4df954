package lazy

import (
	"context"
	"errors"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

// checking is a session that blames the right one.
func checking() RunOption { return In(&Session{CheckInputs: true, Parallelism: 1}) }

// s -> load -> {sort, sum}
func TestCheckInputsFindsTheFunctionThatWrites(t *testing.T) {
	leak.Check(t)
	load := Pure1(func(n int) []int { return []int{n, 2, 1} }, Name("Load"))
	sorting := Pure2(func(_ int, xs []int) int { slices.Sort(xs); return xs[0] }, Name("Sort"), Retry(3))
	for _, tracked := range []bool{false, true} {
		s := Source("s", 3)
		xs := load(s)
		d := sorting(Const(0), xs)
		if tracked {
			s.Set(4)
		}
		_, err := d.Get(context.Background(), checking())
		var e *InputError
		require.ErrorAs(t, err, &e)
		require.Equal(t, d.n.label(), e.Call)
		require.Equal(t, 2, e.Argument)
		require.Equal(t, xs.n.label(), e.Input)
		require.Regexp(t, `^lazy/checkinputs_test.go:\d+$`, e.Where)
		require.Regexp(t, `^lazy/checkinputs_test.go:\d+$`, e.InputWhere)
		require.False(t, e.Before)
		require.Contains(t, err.Error(), "wrote to its argument 2, the value of Load#")

		_, err = Pure1(sum)(xs).Get(context.Background(), checking())
		require.ErrorAs(t, err, &e)
		require.True(t, e.Before, "the value is not what it was")
		xs.Invalidate()
		require.Positive(t, valueNow(t, Pure1(sum)(xs), checking()))
	}
}

func TestCheckInputsFindsValuesThatWereChangedInBetween(t *testing.T) {
	xs := Pure0(func() []int { return []int{3, 2, 1} })()
	got := valueNow(t, xs, checking())
	require.Equal(t, 6, valueNow(t, Pure1(sum)(xs), checking()))
	got[0] = 9
	_, err := Pure1(sum)(xs).Get(context.Background(), checking())
	var e *InputError
	require.ErrorAs(t, err, &e)
	require.True(t, e.Before)
	require.Contains(t, err.Error(), "was changed before the call")

	mine := []int{1}
	s := Source("mine", mine)
	valueNow(t, Pure1(sum)(s), checking())
	mine[0] = 2
	_, err = Pure1(sum)(s).Get(context.Background(), checking())
	require.ErrorAs(t, err, &e)
	require.Contains(t, err.Error(), "the value of mine#")
	s.Set(mine)
	require.Equal(t, 2, valueNow(t, Pure1(sum)(s), checking()))
}

func TestCheckInputsLeavesUpdatesAlone(t *testing.T) {
	m := newMaker()
	a := m.of.Of(3)
	total := Pure1(sum)(a)
	u := Update(a, setTo(0, 7))
	v := Update(Donate(a), setTo(0, 8))
	require.NoError(t, Run(context.Background(), []Target{total, u, v, Pure1(sum)(v)}, checking()))
	require.Equal(t, 3, valueNow(t, total))
	require.Equal(t, []int{8, 1, 2}, valueNow(t, v))
}

func TestCheckInputsKeepsTheFunctionsError(t *testing.T) {
	boom := errors.New("boom")
	_, err := Wrap1(func(_ context.Context, xs []int) (int, error) { xs[0]++; return 0, boom })(Const([]int{1})).
		Get(context.Background(), checking())
	var e *InputError
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, boom)
}

// ring is deep, cyclic, and hides what it holds.
type ring struct {
	next   *ring
	byName map[string]*int
	any    any
	xs     []int
	f      func()
	cells  [2][]float64
}

func TestDigestSeesWrites(t *testing.T) {
	for name, write := range map[string]func(r *ring){
		"nothing":              nil,
		"behind a map":         func(r *ring) { *r.byName["one"] = 2 },
		"a map":                func(r *ring) { r.byName["new"] = nil },
		"a slice":              func(r *ring) { r.xs[0] = 3 },
		"room behind a slice":  func(r *ring) { _ = append(r.xs, 7) },
		"in an interface":      func(r *ring) { r.any.([]string)[0] = "b" },
		"behind an interface":  func(r *ring) { r.next.any.(*ring).xs = []int{1} },
		"a hidden float":       func(r *ring) { r.next.cells[1][0] = 3 },
		"a length":             func(r *ring) { r.xs = r.xs[:2] },
		"a pointer":            func(r *ring) { r.next.next = nil },
		"a function":           func(r *ring) { r.f = func() {} },
		"an interface's value": func(r *ring) { r.any = 1 },
	} {
		r := &ring{byName: map[string]*int{"one": new(int), "other": new(int)}, xs: make([]int, 1, 4), any: []string{"a"}}
		r.next = &ring{next: r, any: &ring{}, cells: [2][]float64{{1}, {2}}}
		look := func() uint64 { return digest(typeOf[*ring]{}.typ(), unsafe.Pointer(&r)) }
		before := look()
		for range 10 {
			require.Equal(t, before, look(), name)
		}
		if write != nil {
			write(r)
			require.NotEqual(t, before, look(), name)
		}
	}
}
