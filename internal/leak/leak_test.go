package leak

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Every test watches this package, and counts only what it starts itself.
var own = []string{"github.com/dally-go/dally/internal/leak"}

// fake is a test that can fail without harm. Its methods are called by one goroutine.
type fake struct {
	testing.TB
	cleanups []func()
	errors   []string
}

func (f *fake) Helper()           {}
func (f *fake) Cleanup(fn func()) { f.cleanups = append(f.cleanups, fn) }
func (f *fake) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

// end ends the fake test.
func (f *fake) end() {
	for _, fn := range f.cleanups {
		fn()
	}
}

// hang starts a goroutine of this package that ends when the returned function is called. It is there already.
func hang() (release func()) {
	started, stop := make(chan struct{}), make(chan struct{})
	go func() {
		close(started)
		<-stop
	}()
	<-started
	return sync.OnceFunc(func() { close(stop) })
}

func TestNothingLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, start := &fake{}, time.Now()
		check(f, own)
		f.end()
		require.Empty(t, f.errors)
		require.Zero(t, time.Since(start))
	})
}

func TestLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, start := &fake{}, time.Now()
		check(f, own)
		release1, release2 := hang(), hang()
		defer release1()
		defer release2()
		f.end()
		require.GreaterOrEqual(t, time.Since(start), waitMax)
		require.Less(t, time.Since(start), waitMax+pauseMax)
		require.Len(t, f.errors, 1)
		require.Contains(t, f.errors[0], "leak: 2 goroutines are left 5s after the test:\n\ngoroutine ")
		require.Equal(t, 2, strings.Count(f.errors[0], "internal/leak.hang.func1"), f.errors[0])
	})
}

func TestEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, start := &fake{}, time.Now()
		check(f, own)
		time.AfterFunc(waitMax/2, hang())
		f.end()
		require.Empty(t, f.errors)
		require.GreaterOrEqual(t, time.Since(start), waitMax/2)
		require.Less(t, time.Since(start), waitMax/2+2*pauseMax)
	})
}

func TestOlderDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := hang()
		defer release()
		f := &fake{}
		check(f, own)
		f.end()
		require.Empty(t, f.errors)
	})
}

// Outside a bubble, with real goroutines that end while the check waits.
func TestYieldsToWhatEnds(t *testing.T) {
	f := &fake{}
	check(f, own)
	for range 100 {
		go runtime.Gosched()
	}
	f.end()
	require.Empty(t, f.errors)
}

func TestCheck(t *testing.T) {
	Check(t) // passes: nothing of lazy and executor is there
	release := hang()
	t.Cleanup(release)
}

func TestSubtestsDoNotCount(t *testing.T) {
	f := &fake{}
	check(f, own)
	stop := make(chan struct{})
	t.Run("group", func(t *testing.T) {
		t.Run("inner", func(t *testing.T) { // its goroutine waits while the group's goes on
			t.Parallel()
			<-stop
		})
		f.end()
		close(stop)
	})
	require.Empty(t, f.errors)
}

func TestManyGoroutines(t *testing.T) {
	f := &fake{}
	var releases []func()
	check(f, own)
	for range 2_000 { // more stacks than the first buffer holds
		releases = append(releases, hang())
	}
	require.Greater(t, len(goroutines()), 2_000)
	for _, release := range releases {
		release()
	}
	f.end()
	require.Empty(t, f.errors)
}

func TestBelongsTo(t *testing.T) {
	tests := []struct {
		name, stack string
		want        bool
	}{
		{"method", "github.com/dally-go/dally/lazy.(*Session).run(0xc0, {0x1, 0x2})\n\t/lazy/session.go:3 +0x1", true},
		{"generic", "github.com/dally-go/dally/lazy.Pure1[...].func1()\n\t/lazy/wrap.go:3 +0x1", true},
		{"package below", "github.com/dally-go/dally/executor/remote.serve()\n\t/executor/remote/s.go:3 +0x1", true},
		{"starter", "main.f()\n\t/f.go:3 +0x1\ncreated by github.com/dally-go/dally/executor.NewPool in goroutine 7\n\t/executor/pool.go:3 +0x1", true},
		{"external test", "github.com/dally-go/dally/lazy_test.TestGet.func1()\n\t/lazy/get_test.go:3 +0x1", false},
		{"other package", "github.com/dally-go/dally/graph.(*Plan).walk()\n\t/graph/plan.go:3 +0x1", false},
		{"only a file", "main.f()\n\tgithub.com/dally-go/dally/lazy.go:3 +0x1", false},
		{"internal test", "github.com/dally-go/dally/lazy.TestGet(0xc0)\n\t/lazy/get_test.go:3 +0x1\ncreated by testing.(*T).Run in goroutine 1\n\t/testing.go:3 +0x1", false},
		{"finalizer", "github.com/dally-go/dally/lazy.forget()\n\t/lazy/node.go:3 +0x1\ncreated by runtime.createfing in goroutine 9\n\t/mfinal.go:3 +0x1", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := parse("goroutine 18 [chan receive, 2 minutes]:\n" + tt.stack)
			require.Equal(t, 18, g.id)
			require.Equal(t, tt.want, g.belongsTo(watched))
		})
	}
	require.Panics(t, func() { parse("thread 1") })
}
