package lazy

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/dally-go/dally/executor"
)

// A call that changes what it depends on would be stale whenever it ends, and run again at every Get. It fails instead.
// Set does not know in which call it stands – it is given no context – so while some worker is running it notes its
// goroutine, which costs about two microseconds, and a call that ends looks whether its own goroutine has Set something
// while it ran.

// ErrSetInside is in the error of a call whose function has Set or invalidated something that the call depends on. What
// was Set stays so. What a goroutine that the function has started Sets is not seen: the call is stale then, and runs again at
// every Get.
var ErrSetInside = errors.New("the function has changed something that its call depends on")

// insideSets are the Sets that may have been made inside a call.
var insideSets struct {
	some atomic.Bool // all is not empty
	mu   sync.Mutex
	all  []insideSet // in order. Guarded by mu
}

type insideSet struct {
	node      *node
	goroutine uint64
	at        int64 // as mono
}

const insideSetsMax = 1024

// noteInside notes that n is being changed.
func (n *node) noteInside() {
	id, working := executor.Goroutine()
	if !working && !insideSets.some.Load() {
		return
	}
	insideSets.mu.Lock()
	defer insideSets.mu.Unlock()
	if !working || len(insideSets.all) == insideSetsMax {
		insideSets.all = nil // no call is running that could ask for it; or rather none than all
	}
	if working {
		insideSets.all = append(insideSets.all, insideSet{node: n, goroutine: id, at: mono()})
	}
	insideSets.some.Store(working)
}

// changedOwn is ErrSetInside if the call, which is about to end, has changed something that it depends on.
func (x *execution) changedOwn() error {
	if !insideSets.some.Load() || x.start == 0 {
		return nil
	}
	id, _ := executor.Goroutine()
	var own []*node
	insideSets.mu.Lock()
	for _, s := range slices.Backward(insideSets.all) {
		if s.at < x.start {
			break
		}
		if s.goroutine == id {
			own = append(own, s.node)
		}
	}
	insideSets.mu.Unlock()
	for _, n := range own {
		if x.node.comesAfter(n) {
			return fmt.Errorf("%w: %s", ErrSetInside, n.label())
		}
	}
	return nil
}

// comesAfter reports whether i is n or before it.
func (n *node) comesAfter(i *node) bool {
	planMu.Lock()
	defer planMu.Unlock()
	found := false
	seen := make(map[*node]bool)
	walk(n, func(m *node) bool {
		found = found || m == i
		return !found && !seen[m]
	}, func(m *node) { seen[m] = true })
	return found
}
