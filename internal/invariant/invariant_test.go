package invariant_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/invariant"
)

func ExampleCheck() {
	stack := []int{1, 2, 3}
	top := stack[len(stack)-1]
	if invariant.Enabled {
		invariant.Check(top > 0, "top is %d, want it positive", top)
	}
	fmt.Println(top)
	// Output: 3
}

func TestCheckThatHolds(t *testing.T) {
	require.NotPanics(t, func() { invariant.Check(true, "never said") })
}
