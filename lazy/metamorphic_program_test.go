package lazy

import "math/rand/v2"

// # Metamorphic tests
//
// A program is a list of steps, each recorded as one or a few calls on the handles of earlier steps, and a list of
// rounds: sets of Gets, one after another or at once. It follows from its seed alone. What the Gets return and which
// calls run is compared with a naive evaluator (metamorphic_model_test.go), whatever executor runs the program.
//
//	program ──record──► world: handles, counters in the bodies ──round──► outcomes
//	   └──────────────► model: values, possible failures, what may run ──────┴──► check

// kind is the shape in which a step is recorded. Steps all have int values.
type kind uint8

const (
	aCall   kind = iota // a wrapped function of 0 to 4 inputs
	aGather             // a call on Gather of the inputs
	aZip                // a call on the halves of Zip
	aReduce             // a call on Reduce of the inputs
	aMap                // a call on Map over Gather of the inputs
	anIf                // a call on If: input 0 chooses between 1 and 2
	aBind               // a Bind on input 0 that goes on to input 1, to a new call on 2, or to another Bind
	aNest               // a call on input 0 that Gets the other inputs while it runs
	numKinds
)

// how is the options that a step is wrapped with.
type how uint8

const (
	plainly how = iota
	retried
	blocking
	limited
	urgent
	later
	onPool
	onLoop
	timed
	everything
	numHows
)

// trouble is what is wrong with a step.
type trouble uint8

const (
	fine       trouble = iota
	fails              // returns an error, always
	failsFirst         // returns an error in the first tries
	panics             // with a string
	panicsErr          // with an error
	exits              // ends its goroutine
	numTroubles
)

// pause is what a step does besides computing.
type pause uint8

const (
	atOnce pause = iota
	yields
	spins  // for a fraction of a microsecond
	toils  // for some tens of microseconds
	heeds  // yields, and ends with the context's error when that is over
	pauses = 5
)

type step struct {
	kind    kind
	how     how
	pure    bool // wrapped by Pure: sees no context, cannot fail with an error
	in      []int
	first   []int // ordered after these
	on      int   // 0: nothing; else the executor that On says, see world
	trouble trouble
	times   int32 // of failsFirst
	pause   pause
	outside bool // aNest: Gets with a context that is not the call's
	memo    bool // its results are kept
}

// get is one Get, GetAll, Get2 or Run.
type get struct {
	targets []int
	keep    bool // KeepGoing
	form    int  // of the call: one of the forms
	workers int  // 0: not said
	cancel  int  // -1: never; else after so many yields
}

// round is a set of Gets that run at once.
type round struct{ gets []get }

type program struct {
	seed   uint64
	steps  []step
	rounds []round
}

// generator makes programs. Its fields are the temper of one program.
type generator struct {
	*rand.Rand
	local   bool // inputs are mostly recent steps
	shapes  int  // percent of steps that are more than a call
	options int  // percent of steps with options
	ill     int  // per mille of steps that are in trouble
	pause   int  // percent of steps that take time
}

func newProgram(seed uint64) program {
	g := generator{Rand: rand.New(rand.NewPCG(seed, 0xda117))}
	g.local = g.IntN(2) == 0
	g.shapes = pick(g.Rand, 0, 10, 40)
	g.options = pick(g.Rand, 0, 0, 15, 60)
	g.ill = pick(g.Rand, 0, 0, 10, 40, 150)
	g.pause = pick(g.Rand, 0, 0, 20, 100)
	p := program{seed: seed}
	n := 1 + g.IntN(pick(g.Rand, 6, 40, 200))
	for k := range n {
		p.steps = append(p.steps, g.step(k))
	}
	for range 1 + g.IntN(5) {
		p.rounds = append(p.rounds, g.round(n))
	}
	return p
}

// step makes step k.
func (g *generator) step(k int) step {
	s := step{pure: g.IntN(3) == 0}
	if k > 0 && g.IntN(100) < g.shapes {
		s.kind = kind(g.IntN(int(numKinds)))
	}
	if g.IntN(100) < g.options {
		s.how = how(g.IntN(int(numHows)))
		s.on = max(0, g.IntN(12)-8)
		for range max(0, g.IntN(6)-3) {
			s.first = append(s.first, g.earlier(k)...)
		}
	}
	if g.IntN(100) < g.pause {
		s.pause = pause(g.IntN(pauses))
	}
	if g.IntN(1000) < g.ill {
		s.trouble = fails + trouble(g.IntN(int(numTroubles-fails)))
		s.times = int32(1 + g.IntN(4))
	}
	s.outside = g.IntN(3) == 0
	for range g.width(s.kind) {
		s.in = append(s.in, g.earlier(k)...)
	}
	return s.settled()
}

// width is a number of inputs for a step of the kind.
func (g *generator) width(k kind) int {
	switch k {
	case aCall:
		return g.IntN(5)
	case aZip:
		return 2
	case anIf, aBind:
		return 3
	case aNest:
		return 1 + g.IntN(4)
	default:
		return 1 + g.IntN(pick(g.Rand, 3, 12))
	}
}

// earlier is one of the steps before k, or none.
func (g *generator) earlier(k int) []int {
	if k == 0 {
		return nil
	}
	if g.local && g.IntN(4) > 0 {
		return []int{max(0, k-1-g.IntN(4))}
	}
	return []int{g.IntN(k)}
}

// settled makes a step that can be recorded: some properties exclude each other.
func (s step) settled() step {
	if s.kind == aBind || s.kind == aNest {
		s.pure = false
		if s.how == limited || s.how == everything || s.how == blocking { // would hold a limit while it waits
			s.how = plainly
		}
	}
	if s.pure && (s.trouble == fails || s.trouble == failsFirst) {
		s.trouble = panics
	}
	if s.pure && s.pause == heeds {
		s.pause = yields
	}
	return s
}

func (g *generator) round(n int) round {
	var r round
	several := 1
	if g.IntN(2) == 0 {
		several = 2 + g.IntN(5)
	}
	for range several {
		q := get{keep: g.IntN(2) == 0, form: g.IntN(numForms), cancel: -1}
		for range 1 + g.IntN(pick(g.Rand, 1, 4, n)) {
			q.targets = append(q.targets, g.IntN(n))
		}
		if g.IntN(4) == 0 {
			q.cancel = g.IntN(30)
		}
		if g.IntN(4) == 0 {
			q.workers = 1 + g.IntN(3)
		}
		r.gets = append(r.gets, q.settled())
	}
	return r
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// value is what step k computes from its inputs.
func value(k int, in ...int) int {
	v := k + 1
	for i, x := range in {
		v = (v*31 + (i+1)*x) % 1_000_003
	}
	return v
}
