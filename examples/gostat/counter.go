package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// counter observes runs and counts calls by name: those that ran, and those that had their results from the cache. The
// zero value is ready.
type counter struct {
	mu     sync.Mutex
	ran    tally // guarded by mu, as is cached
	cached tally
}

// tally is how many there are of each name.
type tally map[string]int

// CallStarted counts, not CallDone: that comes also for calls that were skipped because their file was unreadable.
func (c *counter) CallStarted(call lazy.CallInfo) { c.count(&c.ran, call.Name) }

func (c *counter) CallDone(call lazy.CallInfo) {
	if call.State == graph.Cached {
		c.count(&c.cached, call.Name)
	}
}

func (c *counter) count(t *tally, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *t == nil {
		*t = tally{}
	}
	(*t)[name]++
}

func (c *counter) RunStarted(lazy.RunInfo) {}
func (c *counter) RunDone(lazy.RunInfo)    {}

// String tells what ran.
func (c *counter) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := 0
	for _, n := range c.ran {
		sum += n
	}
	if sum == 0 {
		return plural(sum, "call")
	}
	return fmt.Sprintf("%s (%v)", plural(sum, "call"), c.ran)
}

// String lists the names, the most frequent first.
func (t tally) String() string {
	names := slices.SortedFunc(maps.Keys(t), func(a, b string) int {
		return cmp.Or(cmp.Compare(t[b], t[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = commas(t[name]) + " " + name
	}
	return strings.Join(names, ", ")
}
