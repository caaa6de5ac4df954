//go:build !invariants

package invariant_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/invariant"
)

func TestDisabled(t *testing.T) {
	require.False(t, invariant.Enabled)
	require.NotPanics(t, func() { invariant.Check(false, "call %d has %d inputs left", 7, -1) })
}

func TestDisabledEvaluatesNothing(t *testing.T) {
	evaluated := 0
	count := func() int { evaluated++; return evaluated }
	if invariant.Enabled {
		invariant.Check(count() < 0, "evaluated %d times", count())
	}
	require.Zero(t, evaluated)
}

func TestDisabledAllocatesNothing(t *testing.T) {
	id := 1 << 20 // too large for the runtime's table of small values: as an any it would take an allocation
	require.Zero(t, testing.AllocsPerRun(100, func() {
		id++
		invariant.Check(id < 0, "call %d", id)
	}))
}
