package lazy

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// A target that stands there twice, or that another target depends on, is made once, also in a world that has changed.
func TestDirectRunMakesEachTargetOnce(t *testing.T) {
	defer neverChanged()()
	changes.state.Or(everChanged)
	for _, set := range []bool{false, true} {
		f := newFreshFunction(true)
		src := Source("s", 0)
		ds := f.of.Each(make([]int, 10))
		ds = append(ds, f.of(src))
		ds = append(ds, f.of(ds[3]), ds[5], ds[10], f.of(ds[10]))
		ds = append(ds, ds[11])
		if set {
			src.Set(1)
		}
		vs, err := GetAll(context.Background(), ds, In(&Session{Parallelism: 1}))
		require.NoError(t, err)
		require.Equal(t, vs[5], vs[12])
		require.EqualValues(t, 13, f.runs.Load())
		src.Set(7)
		vs, err = GetAll(context.Background(), ds, In(&Session{Parallelism: 1}))
		require.NoError(t, err)
		require.Equal(t, []int{8, 9}, []int{vs[13], vs[14]})
		require.EqualValues(t, 15, f.runs.Load())
	}
}
