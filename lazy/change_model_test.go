package lazy

import (
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dally-go/dally/internal/leak"
)

// changeSeeds are those of programs that found a mistake once.
var changeSeeds = []struct {
	seed uint64
	what string
}{
	{11, "a call that had got a transient input verified it for ever"},
	{16, "users of a call that was Set did not hear of it, where no source had been Set"},
	{82, "Invalidate of a value that had been let go of did not reach its users"},
	{106, "the branch of an If that was not taken any more ran"},
	{149, "users of a Bind whose handle had been Set before were stale when they had run"},
	{341, "a permanent failure stayed with the calls that had got it while they ran"},
	{415, "after a permanent failure the value before it came back"},
	{771, "the model forgot what a call that was Set had got before"},
}

// TestChangesAgree runs random programs of changes. To run one of them alone:
//
//	go test ./lazy -run 'TestChangesAgree/seed=17$'
func TestChangesAgree(t *testing.T) {
	for _, s := range changeSeeds {
		t.Run(fmt.Sprint("seed=", s.seed), func(t *testing.T) { changesAgree(t, s.seed) })
	}
	many := 1500
	if testing.Short() {
		many = 200
	}
	for seed := range uint64(many) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) { changesAgree(t, seed) })
	}
}

// shrinks has programs that fail made smaller, which takes minutes:
//
//	go test ./lazy -run 'TestChangesAgree/seed=17$' -shrink
var shrinks = flag.Bool("shrink", false, "make programs of changes that fail smaller")

func changesAgree(t *testing.T, seed uint64) {
	leak.Check(t)
	program := changeProgramOf(seed)
	hang := watchdog(fmt.Sprint("seed ", seed))
	problems, trace := runChangeProgram(program)
	hang.Stop()
	if problems == nil {
		return
	}
	if !*shrinks {
		t.Fatalf("seed %d: add it to changeSeeds.\n%s\n%s", seed, strings.Join(problems, "\n"), strings.Join(trace, "\n"))
	}
	smaller := shrunk(program, kindOfProblem(problems), runChangeProgram)
	again, trace := runChangeProgram(smaller)
	t.Fatalf("seed %d: add it to changeSeeds.\n%s\nMade smaller:\n%s\n%s\n%v",
		seed, strings.Join(problems, "\n"), strings.Join(again, "\n"), strings.Join(trace, "\n"), smaller)
}

// kindOfProblem is what a problem is called, without the numbers in it.
func kindOfProblem(problems []string) string {
	if problems == nil {
		return ""
	}
	kind := regexp.MustCompile(`[^a-z ]+`).ReplaceAllString(problems[0], "")
	return kind[:min(len(kind), 40)]
}

// shrunk leaves out as many operations of a program as it can, and makes sources of nodes, while the same kind of
// problem comes up.
func shrunk(program []byte, kind string, run func([]byte) (problems, trace []string)) []byte {
	runs := 0
	fails := func(p []byte) bool {
		if runs++; runs > 300 {
			return false
		}
		problems, _ := run(p)
		return kindOfProblem(problems) == kind
	}
	for size := len(program) / 4 * 2; size > 0; {
		before := len(program)
		for at := len(program) - size; at >= 1; at -= size {
			if less := slices.Concat(program[:at], program[at+size:]); fails(less) {
				program = less
			}
		}
		if size > 2 || len(program) == before {
			size = size / 4 * 2
		}
	}
	for at := 1; at+1 < len(program); at += 2 {
		if simpler := slices.Concat(program[:at], []byte{0, 0}, program[at+2:]); fails(simpler) {
			program = simpler
		}
	}
	return program
}
