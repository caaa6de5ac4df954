//go:build invariants

package invariant_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/invariant"
)

func TestEnabled(t *testing.T) {
	require.True(t, invariant.Enabled)
	require.PanicsWithValue(t, "invariant: call 7 has -1 inputs left", func() {
		invariant.Check(false, "call %d has %d inputs left", 7, -1)
	})
}
