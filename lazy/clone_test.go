package lazy

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// matrix is deep, and copies itself.
type matrix struct{ rows [][]int }

func (m *matrix) Clone() *matrix {
	c := &matrix{}
	for _, row := range m.rows {
		c.rows = append(c.rows, append([]int(nil), row...))
	}
	return c
}

type (
	flat struct {
		n    int
		name string
		grid [2][2]float64
	}
	index  struct{ byName map[string]*flat }
	holder struct {
		n     int
		parts [3]index
	}
	names  []string
	figure interface{ Clone() figure }
)

// copied returns what copierOf's function makes of v.
func copied[T any](t *testing.T, v T) T {
	t.Helper()
	f, err := copierOf[T]()
	require.NoError(t, err)
	return f(v)
}

func TestCopiesShareNothing(t *testing.T) {
	xs := make([]int, 2, 10)
	ys := copied(t, xs)
	ys[0] = 1
	require.Equal(t, []int{0, 0}, xs)
	zs := copied(t, names{"a", "b"})
	require.Equal(t, names{"a", "b"}, zs)
	fs := []flat{{1, "a", [2][2]float64{}}}
	gs := copied(t, fs)
	gs[0].grid[1][1] = 7
	require.Zero(t, fs[0].grid[1][1])

	m := map[string]flat{"a": {n: 1}}
	c := copied(t, m)
	require.Equal(t, m, c)
	c["b"] = flat{}
	require.Len(t, m, 1)

	a := &matrix{[][]int{{1}}}
	b := copied(t, a)
	b.rows[0][0] = 2
	require.Equal(t, 1, a.rows[0][0])
	require.Equal(t, flat{n: 3}, copied(t, flat{n: 3}))
}

func TestCopiesOfNothingAreNothing(t *testing.T) {
	require.Nil(t, copied(t, []int(nil)))
	require.Nil(t, copied(t, map[int]int(nil)))
	require.Nil(t, copied(t, (*matrix)(nil)))
	require.Nil(t, copied(t, figure(nil)))
	require.NotNil(t, copied(t, []int{}))
	require.NotNil(t, copied(t, map[int]int{}))
	require.Empty(t, copied(t, struct{}{}))
}

func TestCopiesTakeFewAllocations(t *testing.T) {
	f, err := copierOf[[]int]()
	require.NoError(t, err)
	xs := make([]int, 1000)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { f(xs) }), 3.0)
}

// update tells why an update of T is refused.
func update[T any]() (why any) {
	defer func() { why = recover() }()
	Update(Data[T]{}, func(_ context.Context, v T) (T, error) { return v, nil })
	return nil
}

func TestUpdateRefusesWhatItCannotCopy(t *testing.T) {
	_ = holder{n: 1, parts: [3]index{{byName: nil}}} // the fields are otherwise seen by reflection alone
	for want, got := range map[string]any{
		`[][]int[i] is []int, which an assignment would share: give [][]int a method Clone() [][]int`: update[[][]int](),
		`lazy.index.byName is map[string]*lazy.flat, `:                                                update[index](),
		`lazy.holder.parts[i].byName is map[string]*lazy.flat, `:                                      update[holder](),
		`map[string]*lazy.flat[key] is *lazy.flat, `:                                                  update[map[string]*flat](),
		`map[interface {}]int (key) is interface {}, `:                                                update[map[any]int](),
		`*lazy.flat is *lazy.flat, `:                                                                  update[*flat](),
		`interface {} is interface {}, `:                                                              update[any](),
		`func() is func(), `:                                                                          update[func()](),
		`chan int is chan int, `:                                                                      update[chan int](),
		`lazy.matrix.rows is [][]int, `:                                                               update[matrix](),
	} {
		require.Contains(t, got, want)
		require.Regexp(t, `^lazy: Update at lazy/clone_test.go:\d+: cannot copy: `, got)
	}
	require.Nil(t, update[*matrix]())
	require.Nil(t, update[figure]())
}

func TestUpdateOfWhatClonesItself(t *testing.T) {
	a := Pure0(func() *matrix { return &matrix{[][]int{{1, 2}}} })()
	set := func(_ context.Context, m *matrix) (*matrix, error) { m.rows[0][0] = 7; return m, nil }
	u := Update(a, set)
	require.Equal(t, 7, valueNow(t, u).rows[0][0])
	require.Equal(t, 1, valueNow(t, a).rows[0][0])
	old := valueNow(t, a)
	require.Same(t, old, valueNow(t, Update(Donate(a), set)), "nothing it was made from, nothing it was made into")
}
