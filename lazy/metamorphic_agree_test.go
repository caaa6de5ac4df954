package lazy

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
)

// variant is a way to run a program.
type variant struct {
	name    string
	private bool // plans have marks of their own
	session func() *Session
}

var variants = []variant{
	{name: "serial", session: func() *Session { return &Session{Parallelism: 1} }},
	{name: "two", session: func() *Session { return &Session{Parallelism: 2} }},
	{name: "eight", session: func() *Session { return &Session{Parallelism: 8} }},
	{name: "unbounded", session: func() *Session { return &Session{} }},
	{name: "loop", session: func() *Session { return &Session{Executor: executor.Func(loop)} }},
	{name: "Serial", session: func() *Session { return &Session{Executor: executor.Serial()} }},
	{name: "observed", session: func() *Session { return &Session{Parallelism: 2, Observer: &watcherOf{}} }},
	{name: "labelled", session: func() *Session { return &Session{Parallelism: 2, Labels: true} }},
	{name: "private", private: true, session: func() *Session { return &Session{Parallelism: 2} }},
}

// runProgram runs a program one way. It returns what its problems are, and the errors of its last, quiet round.
func runProgram(p program, v variant) (problems []string, errs []string) {
	defer watchdog(fmt.Sprintf("seed %d, %s", p.seed, v.name)).Stop()
	if v.private {
		plansPrivate.Store(true)
		defer plansPrivate.Store(false)
	}
	w := newWorld(v.session())
	for _, s := range p.steps {
		w.record(s)
	}
	for _, r := range p.rounds {
		w.run(r)
	}
	all := get{form: formGetAll, cancel: -1}
	for k := range p.steps {
		all.targets = append(all.targets, k)
	}
	errs = w.failures(w.run(round{gets: []get{all}}))
	all.keep = true
	for range 5 { // until what fails at first works
		w.run(round{gets: []get{all}})
	}
	if o, ok := w.session.Observer.(*watcherOf); ok {
		o.check(w)
	}
	return w.found.all(), errs
}

var number = regexp.MustCompile(`#\d+`)

// failures are the errors as text, with the numbers of calls counted from the program's first.
func (w *world) failures(outcomes []outcome) (errs []string) {
	for _, o := range outcomes {
		if o.err != nil {
			errs = append(errs, number.ReplaceAllStringFunc(o.err.Error(), func(s string) string {
				n, _ := strconv.Atoi(s[1:])
				return fmt.Sprint("#+", n-int(w.ids[0]))
			}))
		}
	}
	return errs
}

// hangAfter is far more than any program takes.
const hangAfter = 30 * time.Second

// watchdog ends the process, naming what was going on, if that takes too long.
func watchdog(what string) *time.Timer {
	return time.AfterFunc(hangAfter, func() {
		debug.SetTraceback("all")
		panic("this hangs: " + what)
	})
}

// illSteps counts the steps that fail for good.
func (p program) illSteps() (n int) {
	for _, s := range p.steps {
		if s.trouble != fine {
			n++
		}
	}
	return n
}

// TestProgramsAgree runs random programs in all ways there are. To run one of them alone:
//
//	go test ./lazy -run 'TestProgramsAgree/seed=17$'
func TestProgramsAgree(t *testing.T) {
	seeds := keptSeeds(t)
	many := 400
	if testing.Short() {
		many = 60
	}
	for seed := range many {
		seeds = append(seeds, uint64(seed))
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) { agree(t, seed) })
	}
}

func agree(t *testing.T, seed uint64) {
	leak.Check(t)
	p := newProgram(seed)
	var serial []string
	for _, v := range variants {
		problems, errs := runProgram(p, v)
		require.Empty(t, problems, "seed %d, %s: add the seed to testdata/seeds.txt", seed, v.name)
		if v.name == "serial" {
			serial = errs
		}
		if p.illSteps() <= 1 && !p.racesItself() {
			require.Equal(t, serial, errs, "seed %d, %s: not the error of a serial run", seed, v.name)
		}
	}
}

// racesItself reports whether the program's earlier rounds may leave different states behind, or number calls
// differently, depending on which goroutine is faster.
func (p program) racesItself() bool {
	for _, r := range p.rounds {
		if len(r.gets) > 1 || r.gets[0].cancel >= 0 || !r.gets[0].keep {
			return true
		}
	}
	for _, s := range p.steps {
		if s.kind == aBind || s.kind == aMap || s.kind == aNest {
			return true
		}
	}
	return false
}

// keptSeeds are those that failed once.
func keptSeeds(t *testing.T) (seeds []uint64) {
	f, err := os.Open("testdata/seeds.txt")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text, _, _ := strings.Cut(lines.Text(), " "); text != "" && text != "#" {
			seed, err := strconv.ParseUint(text, 10, 64)
			require.NoError(t, err)
			seeds = append(seeds, seed)
		}
	}
	return seeds
}
