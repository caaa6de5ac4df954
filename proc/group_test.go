//go:build unix

package proc

import (
	"context"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// When the context ends the whole group does: the process and those it has started, also if they ignore SIGTERM.
func TestCancelKillsTheGroup(t *testing.T) {
	for _, manner := range []string{"", "stubborn"} {
		t.Run(manner, func(t *testing.T) {
			checkLeaks(t)
			m := newMeeting(t)
			p := &Program{Name: self, Grace: 100 * time.Millisecond}
			stopped, cancel := context.WithCancel(ctx)
			defer cancel()
			ended := make(chan error)
			r := p.Of(childArgs("family", m.address(), manner)...)
			go func() {
				_, err := r.Get(stopped)
				ended <- err
			}()
			conns := m.await(2)
			cancel()
			require.ErrorIs(t, <-ended, context.Canceled)
			m.gone(conns)
		})
	}
}

// Wait returns when the groups have ended of commands that a Get was stopped over.
func TestWait(t *testing.T) {
	checkLeaks(t)
	require.NoError(t, Wait(ctx))
	m := newMeeting(t)
	p := &Program{Name: self, Grace: 100 * time.Millisecond}
	stopped, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error)
	r := p.Of(childArgs("family", m.address(), "stubborn")...)
	go func() {
		_, err := r.Get(stopped)
		ended <- err
	}()
	conns := m.await(2)
	late, giveUp := context.WithCancel(ctx)
	giveUp()
	err := Wait(late)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "1 commands are still running")
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	waited := make(chan error)
	for range 3 {
		go func() { waited <- Wait(ctx) }()
	}
	for range 3 {
		require.NoError(t, <-waited)
	}
	require.Zero(t, started.n)
	m.gone(conns)
}

// A process that was left behind and holds the output open does not keep its command from ending.
func TestOrphanHoldsOutput(t *testing.T) {
	checkLeaks(t)
	m := newMeeting(t)
	p := &Program{Name: self, Grace: 100 * time.Millisecond}
	_, err := p.Of(childArgs("orphan", m.address(), 0)...).Get(ctx)
	require.ErrorIs(t, err, exec.ErrWaitDelay)
	require.ErrorContains(t, err, "held its output open for 100ms more, and was killed")

	_, err = p.Of(childArgs("orphan", m.address(), 3, "broken")...).Get(ctx)
	var exit *ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 3, exit.Code)
}

// An orphan that has connected is killed.
func TestOrphanIsKilled(t *testing.T) {
	checkLeaks(t)
	m := newMeeting(t)
	p := &Program{Name: self, Grace: time.Second}
	ended := make(chan error)
	go func() {
		_, err := p.Of(childArgs("orphan", m.address(), 0)...).Get(ctx)
		ended <- err
	}()
	conns := m.await(1)
	require.ErrorIs(t, <-ended, exec.ErrWaitDelay)
	m.gone(conns)
}

func TestSignal(t *testing.T) {
	checkLeaks(t)
	_, err := Command("sh", "-c", "echo dying >&2; kill -9 $$").Get(ctx)
	var exit *ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, &ExitError{Command: `sh -c "echo dying >&2; kill -9 $$"`, Code: -1, Signal: syscall.SIGKILL, Stderr: "dying\n"}, exit)
	require.ErrorContains(t, err, "was ended by signal: killed, saying:\n\tdying")
}

// Who has written too much is killed, also if it ignores that nobody reads.
func TestTooMuchKills(t *testing.T) {
	checkLeaks(t)
	p := &Program{Name: "sh", OutputMax: 1000, Grace: 50 * time.Millisecond}
	_, err := p.Of("-c", `trap "" PIPE TERM; while :; do echo 123456789; done 2>/dev/null`).Get(ctx)
	require.ErrorIs(t, err, ErrOutput)
	require.ErrorContains(t, err, "more than 1000 bytes to stdout, which is the OutputMax")
}

// What a command leaves behind is left alone also if its exit code is not 0, but no failure; and killed if it is one.
func TestLeftBehind(t *testing.T) {
	checkLeaks(t)
	for code, isFailure := range map[int]bool{0: false, 1: false, 2: true} {
		m := newMeeting(t)
		p := &Program{Name: "sh", Codes: []int{1}}
		_, err := p.Of("-c", `"$0" child=meet "$1" </dev/null >/dev/null 2>&1 & exit "$2"`, self, m.address(), code).Get(ctx)
		require.Equal(t, isFailure, err != nil, "%d: %v", code, err)
		if isFailure {
			continue // it may have been killed before it has connected
		}
		m.await(1) // killed, it would not come
	}
}
