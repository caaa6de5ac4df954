// Package leak fails a test that leaves goroutines of this module behind.
//
//	func TestGet(t *testing.T) {
//		leak.Check(t) // first: it looks when all later cleanups are done
//		…
//	}
//
// A goroutine counts if a function of package lazy, executor, cache, comm, proc or viz/live, or of a package below them,
// is on its stack or has started it. Goroutines that were there when Check was called do not count, nor do those that testing and the runtime
// start: of the first testing waits itself, the second never end.
//
// Every other goroutine of the process is looked at, so a test that calls Check must not be parallel: it would be
// blamed for what its neighbours do.
package leak

import (
	"bytes"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A check that fails takes waitMax; one that passes usually takes the first look. Every look stops the world, so after
// a few that only yield the pauses grow.
const (
	waitMax  = 5 * time.Second
	yields   = 10
	pauseMin = 100 * time.Microsecond
	pauseMax = 50 * time.Millisecond
)

const module = "github.com/dally-go/dally/"

var watched = []string{
	module + "lazy", module + "executor", module + "cache", module + "comm", module + "proc", module + "viz/live",
}

// Check makes t fail, with their stacks, if goroutines of this module that are started from now on are still there 5 s
// after the test has ended. It returns at once; the wait is a cleanup of t, which ends as soon as the goroutines have.
// Inside testing/synctest the wait takes the bubble's time.
func Check(t testing.TB) {
	t.Helper()
	check(t, watched)
}

// check is Check for any packages.
func check(t testing.TB, packages []string) {
	t.Helper()
	before := make(map[int]bool)
	for _, g := range goroutines() {
		before[g.id] = true
	}
	t.Cleanup(func() {
		t.Helper()
		if left := wait(before, packages); len(left) > 0 {
			t.Errorf("leak: %d goroutines are left %v after the test:\n\n%s", len(left), waitMax, strings.Join(left, "\n\n"))
		}
	})
}

// wait returns the stacks of what is left when there is nothing more to wait for. It adds up its pauses instead of
// reading the clock: a machine that stands still does not use the time up.
func wait(before map[int]bool, packages []string) []string {
	pause, waited := pauseMin, time.Duration(0)
	for look := 0; ; look++ {
		left := leaked(before, packages)
		if len(left) == 0 || waited >= waitMax {
			return left
		}
		if look < yields {
			runtime.Gosched()
			continue
		}
		time.Sleep(pause)
		waited += pause
		pause = min(2*pause, pauseMax)
	}
}

func leaked(before map[int]bool, packages []string) []string {
	var left []string
	for _, g := range goroutines() {
		if !before[g.id] && g.belongsTo(packages) {
			left = append(left, g.stack)
		}
	}
	return left
}

// goroutine is one block of runtime.Stack. Its id is not used twice in a process.
type goroutine struct {
	id    int
	stack string
}

// goroutines lists all goroutines of the process.
func goroutines() []goroutine {
	buf := make([]byte, 64<<10)
	n := runtime.Stack(buf, true)
	for n == len(buf) { // it may have been cut
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	var all []goroutine
	for block := range bytes.SplitSeq(bytes.TrimSpace(buf[:n]), []byte("\n\n")) {
		all = append(all, parse(string(block)))
	}
	return all
}

// parse reads the head of a block, which is like "goroutine 18 [chan receive, 2 minutes]:".
func parse(block string) goroutine {
	number, _, _ := strings.Cut(strings.TrimPrefix(block, "goroutine "), " ")
	id, err := strconv.Atoi(number)
	if err != nil {
		panic("leak: cannot read a stack of this version of Go:\n" + block)
	}
	return goroutine{id, block}
}

// belongsTo reports whether a function of the packages is on the goroutine's stack or has started it.
func (g goroutine) belongsTo(packages []string) bool {
	found := false
	for line := range strings.Lines(g.stack) {
		if line[0] == '\t' { // the file and line of the function before
			continue
		}
		function, isStarter := strings.CutPrefix(line, "created by ")
		if isStarter && in(function, "testing", "internal/synctest", "runtime") {
			return false
		}
		found = found || in(function, packages...)
	}
	return found
}

// in reports whether a function belongs to one of the packages or to a package below it. Package p's external tests
// are a package p_test, which is not below p.
func in(function string, packages ...string) bool {
	for _, p := range packages {
		if rest, ok := strings.CutPrefix(function, p); ok && strings.IndexAny(rest, "./") == 0 {
			return true
		}
	}
	return false
}
