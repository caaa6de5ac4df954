package lazy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dally-go/dally/internal/leak"
)

// TestChangesAgreeWithACache runs random programs of changes with all kinds of caches: whatever was Set, invalidated,
// refreshed or cancelled before, a Get returns what follows from the present sources. To run one of them alone:
//
//	go test ./lazy -run 'TestChangesAgreeWithACache/seed=17$'
func TestChangesAgreeWithACache(t *testing.T) {
	many := 300
	if testing.Short() {
		many = 60
	}
	for seed := range uint64(many) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			leak.Check(t)
			cachedChangesAgree(t, seed)
		})
	}
}

func cachedChangesAgree(t *testing.T, seed uint64) {
	g := regimes[1+seed%uint64(len(regimes)-1)]
	defer watchdog(fmt.Sprintf("seed %d, %s", seed, g.name)).Stop()
	run := func(program []byte) (problems, trace []string) {
		if seed%3 == 0 {
			defer neverChanged()()
		}
		return runCachedChanges(program, g.store(t, seed), g.verify)
	}
	program := changeProgramOf(seed)
	problems, trace := run(program)
	if problems == nil {
		return
	}
	if *shrinks {
		program = shrunk(program, kindOfProblem(problems), run)
		problems, trace = run(program)
	}
	t.Fatalf("seed %d, %s\n%s\n%s\n%v", seed, g.name, strings.Join(problems, "\n"), strings.Join(trace, "\n"), program)
}
