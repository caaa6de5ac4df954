package lazy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Where nothing was ever Set, values lie in their nodes, and plans know no others. Refresh ends that.
func TestRefreshWhereNothingWasEverSet(t *testing.T) {
	restore := neverChanged()
	defer restore()
	n := 1
	read := Pure0(func() int { return n })
	double := Pure1(func(x int) int { return 2 * x })
	r := read()
	require.Equal(t, 1, valueNow(t, r))
	n = 2
	require.Equal(t, 2, valueNow(t, r, Refresh()))
	require.Equal(t, 4, valueNow(t, double(r)), "a call recorded since sees what was refreshed")

	first := read()
	require.Equal(t, 2, valueNow(t, first, Refresh()))
	require.Equal(t, 4, valueNow(t, double(first)), "and the first value of all")
}
