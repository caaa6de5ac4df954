package lazy

import (
	"bufio"
	"fmt"
	"math/rand/v2"
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

// runProgram runs a program one way, and then all of it until what fails at first works. It returns what was wrong, and
// the error of the first Get of all.
func runProgram(p program, v variant) (problems []string, err string) {
	defer watchdog(fmt.Sprintf("seed %d, %s", p.seed, v.name)).Stop()
	if v.private {
		plansPrivate.Store(true)
		defer plansPrivate.Store(false)
	}
	defer neverChanged()()
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
	err = w.errorText(w.run(round{gets: []get{all}})[0].err)
	all.keep = true
	for range 5 { // until what fails at first works
		w.run(round{gets: []get{all}})
	}
	if o, ok := w.session.Observer.(*watcherOf); ok {
		o.check(w)
	}
	return w.found.all(), err
}

var number = regexp.MustCompile(`#\d+`)

// errorText is an error's text, with the numbers of calls counted from the program's first; "" of none.
func (w *world) errorText(err error) string {
	if err == nil {
		return ""
	}
	return number.ReplaceAllStringFunc(err.Error(), func(s string) string {
		n, _ := strconv.Atoi(s[1:])
		return fmt.Sprint("#+", n-int(w.ids[0]))
	})
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
	for _, v := range variants {
		problems, _ := runProgram(p, v)
		require.Empty(t, problems, "seed %d, %s: add the seed to testdata/seeds.txt", seed, v.name)
	}
}

// With exactly one failing call, a Get fails with the same words however it is run.
func TestOneFailureReadsTheSame(t *testing.T) {
	leak.Check(t)
	many := 300
	if testing.Short() {
		many = 40
	}
	for seed := range uint64(many) {
		p := oneFailure(seed)
		var serial string
		for _, v := range variants {
			problems, err := runProgram(p, v)
			require.Empty(t, problems, "seed %d, %s", seed, v.name)
			if v.name == "serial" {
				serial = err
			}
			require.NotEmpty(t, err, "seed %d, %s", seed, v.name)
			require.Equal(t, serial, err, "seed %d, %s", seed, v.name)
		}
	}
}

// oneFailure is a program in which one call fails, for good, when all is got at once. Nothing is recorded or got inside
// calls, so that calls have the same numbers, and there is one way to the failing call, in every run.
func oneFailure(seed uint64) program {
	p := newProgram(seed)
	p.rounds = nil
	for k := range p.steps {
		s := &p.steps[k]
		s.trouble = fine
		if s.kind == aBind || s.kind == aMap || s.kind == aNest || s.kind == anIf {
			s.kind = aGather
		}
	}
	r := rand.New(rand.NewPCG(seed, 1))
	s := &p.steps[r.IntN(len(p.steps))]
	s.trouble = pick(r, fails, panics, panicsErr, exits)
	*s = s.settled()
	return p
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
