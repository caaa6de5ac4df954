package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/dally-go/dally/lazy"
)

// counter observes runs and counts the calls that ran, by name. The zero value is ready.
type counter struct {
	mu  sync.Mutex
	ran map[string]int // guarded by mu
}

// CallStarted counts, not CallDone: that comes also for calls that were skipped because their file was unreadable.
func (c *counter) CallStarted(call lazy.CallInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ran == nil {
		c.ran = map[string]int{}
	}
	c.ran[call.Name]++
}

func (c *counter) CallDone(lazy.CallInfo)  {}
func (c *counter) RunStarted(lazy.RunInfo) {}
func (c *counter) RunDone(lazy.RunInfo)    {}

// String gives the sum and the parts, the most frequent first.
func (c *counter) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := slices.SortedFunc(maps.Keys(c.ran), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.ran[b], c.ran[a]), cmp.Compare(a, b))
	})
	sum, parts := 0, make([]string, len(names))
	for i, name := range names {
		sum += c.ran[name]
		parts[i] = commas(c.ran[name]) + " " + name
	}
	return fmt.Sprintf("%s (%s)", plural(sum, "call"), strings.Join(parts, ", "))
}
