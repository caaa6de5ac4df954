package lazy

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuick(t *testing.T) {
	ctx := context.Background()
	runs := 0
	square := Pure1(func(x int) int { runs++; return x * x }, Name("Square"))
	mul := Pure2(func(a, b int) int { runs++; return a * b }, Name("Mul"))
	add := Pure2(func(a, b int) int { runs++; return a + b }, Name("Add"))
	s := &Session{Parallelism: 1}
	a, b := square.Of(2), square.Of(3)
	c, d := mul(a, b), add(a, b)
	v, err := c.Get(ctx, In(s))
	require.NoError(t, err)
	require.Equal(t, 36, v)
	require.Equal(t, 3, runs)
	v, err = d.Get(ctx)
	require.NoError(t, err)
	require.Equal(t, 13, v)
	require.Equal(t, 4, runs)
	t.Log(Explain(c))
}
