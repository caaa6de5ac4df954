package lazy

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/startup"
)

// switchOn sets what startup asks for, for one test.
func switchOn(t *testing.T, observe func() (any, error)) {
	t.Helper()
	startup.Observe = observe
	reset := func() { switched.once, switched.observer, switched.err = sync.Once{}, nil, nil }
	reset()
	t.Cleanup(func() { startup.Observe = nil; reset() })
}

// tallier is an observer that counts.
type tallier struct{ runs, calls int }

func (c *tallier) RunStarted(RunInfo)   { c.runs++ }
func (c *tallier) CallStarted(CallInfo) { c.calls++ }
func (c *tallier) CallDone(CallInfo)    {}
func (c *tallier) RunDone(RunInfo)      {}

func TestStartupObservesDefault(t *testing.T) {
	obs, asked := &tallier{}, 0
	switchOn(t, func() (any, error) { asked++; return obs, nil })
	one := Pure0(func() int { return 1 })
	ctx := t.Context()
	require.Zero(t, asked)
	require.Equal(t, 1, Must(one().Get(ctx, Workers(1))))
	require.Equal(t, 1, Must(one().Get(ctx, Workers(1))))
	require.Equal(t, 1, Must(one().Get(ctx, In(&Session{}))), "not of another session")
	require.Equal(t, []int{1, 2, 2}, []int{asked, obs.runs, obs.calls})
	own := &tallier{}
	require.Equal(t, 1, Must(one().Get(ctx, Workers(1), Observe(own))))
	require.Equal(t, []int{3, 1}, []int{obs.runs, own.runs}, "besides those of the run")
}

func TestStartupObservesStreams(t *testing.T) {
	obs := &tallier{}
	switchOn(t, func() (any, error) { return obs, nil })
	double := Pure1(func(x int) int { return 2 * x })
	sum := 0
	for x, err := range Stream(t.Context(), func(yield func(int) bool) { _ = yield(1) && yield(2) }, double, LookAhead(1)) {
		require.NoError(t, err)
		sum += x
	}
	require.Equal(t, []int{6, 2}, []int{sum, obs.calls}, "a call per element, as wherever somebody observes")
}

// What does not come about must not be missing silently.
func TestStartupPanics(t *testing.T) {
	switchOn(t, func() (any, error) { panic("a logger's") })
	one := Pure0(func() int { return 1 })
	require.PanicsWithValue(t, "a logger's", func() { _, _ = one().Get(t.Context()) })
	_, err := one().Get(t.Context())
	require.ErrorContains(t, err, "has panicked")
}

func TestStartupFails(t *testing.T) {
	bad := errors.New("DALLY_PROGRESS is bad")
	switchOn(t, func() (any, error) { return nil, bad })
	one := Pure0(func() int { return 1 })
	for range 2 {
		_, err := one().Get(t.Context())
		require.ErrorIs(t, err, bad)
	}
	_, err := one().Get(t.Context(), In(&Session{}))
	require.NoError(t, err)
}

func TestStartupWantsAnObserver(t *testing.T) {
	switchOn(t, func() (any, error) { return 3, nil })
	_, err := Pure0(func() int { return 1 })().Get(t.Context())
	require.ErrorContains(t, err, "int is no lazy.Observer")
}
