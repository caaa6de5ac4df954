package lazy

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
)

// A fuzzed program is read from bytes: the first says which session runs it, each pair after that is an operation. The
// operation is checked against the model before the next is read.
//
//	op % 16   0–7   record a step of that kind; the operand is its inputs, or with op ≥ 128 its options and trouble
//	          8, 9  Get one handle; GetAll of some
//	          10    GetAll of some, keeping going
//	          11    several Gets at once
//	          12    Get one handle, and cancel that
//	          13    the next step that is recorded is in trouble
//	          14    drop a handle
//	          15    collect garbage
//
// Which goroutine is faster changes what is covered, so the fuzzer takes many a program for new that is not, and spends
// a minute on making it small; -fuzzminimizetime=1s keeps it going.
const fuzzOpsMax = 300

// fuzzer reads one program.
type fuzzer struct {
	w    *world
	live []int // steps whose handles have not been dropped
	next step  // what is said about the step that is recorded next
	gcs  int   // so far: they are slow
}

func FuzzPrograms(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) == 0 {
			return
		}
		defer watchdog(fmt.Sprintf("program %v", program)).Stop()
		z := &fuzzer{w: newWorld(fuzzSession(program[0]))}
		ops := program[1:]
		for k := 0; k+1 < len(ops) && k < 2*fuzzOpsMax; k += 2 {
			z.do(ops[k], ops[k+1])
			if problems := z.w.found.all(); problems != nil {
				require.Empty(t, problems, "after operation %d: %d %d", k/2, ops[k], ops[k+1])
			}
		}
		z.everything()
		require.Empty(t, z.w.found.all())
	})
}

// fuzzSeeds are programs to begin with: one per operation, and some of many.
var fuzzSeeds = [][]byte{
	{0},
	{0, 0, 0, 0, 1, 8, 1},
	{2, 0, 0, 13, 1, 0, 1, 0, 1, 9, 255, 10, 255, 8, 2},
	{1, 0, 0, 0, 1, 0, 2, 1, 7, 2, 3, 3, 9, 4, 5, 5, 3, 6, 1, 7, 2, 10, 255, 15, 0, 10, 255},
	{3, 0, 3, 0, 5, 0, 9, 6, 3, 6, 5, 7, 1, 11, 255, 12, 2, 14, 1, 15, 0, 9, 3},
	{4, 0, 0, 13, 5, 128, 7, 128, 40, 7, 3, 11, 31, 14, 0, 15, 0, 10, 255},
	{5, 0, 0, 13, 18, 0, 1, 9, 7, 9, 7, 9, 7, 9, 7},
	[]byte("00000&01082.2"), // a Bind that was dropped while another step needs it
	{6, 0, 7, 128, 33, 128, 66, 128, 99, 128, 132, 3, 21, 12, 6, 11, 255, 8, 6},
}

func fuzzSession(b byte) *Session {
	switch b % 7 {
	case 0:
		return &Session{Parallelism: 1}
	case 1:
		return &Session{Parallelism: 2}
	case 2:
		return &Session{Parallelism: 8}
	case 3:
		return &Session{Executor: executor.Func(loop)}
	case 4:
		return &Session{Executor: executor.Serial()}
	case 5:
		return &Session{Parallelism: 2, Labels: true}
	default:
		return &Session{Executor: executor.NewPool(3)}
	}
}

// do runs one operation. Those that make no sense at this point do nothing.
func (z *fuzzer) do(op, arg byte) {
	switch {
	case op%16 < 8:
		z.record(op, arg)
	case op%16 == 13:
		z.next.trouble, z.next.times = trouble(arg%byte(numTroubles)), int32(arg>>4)
	case op%16 == 15:
		if z.gcs++; z.gcs <= 3 {
			runtime.GC()
		}
	case len(z.live) == 0:
	case op%16 == 14:
		z.drop(int(arg))
	default:
		z.get(op, arg)
	}
}

// record records a step.
func (z *fuzzer) record(op, arg byte) {
	s := z.next
	z.next = step{}
	s.kind = kind(op % 16)
	if op >= 128 {
		s.how, s.on = how(arg%byte(numHows)), int(arg>>6)
		s.pause = pause(arg>>3) % pauses
	}
	s.pure, s.outside = op&16 != 0, op&32 != 0
	width := [...]int{aCall: int(arg % 5), aGather: int(arg%8) + 1, aZip: 2, aReduce: int(arg%8) + 1, aMap: int(arg%8) + 1, anIf: 3, aBind: 3, aNest: int(arg%4) + 1}[s.kind]
	if len(z.live) == 0 {
		s.kind, width = aCall, 0
	}
	for i := range width { // spread over what there is, recent ones more often
		back := (int(arg)*(i+1) + i*i) % (1 + min(len(z.live)-1, 3+int(arg)))
		s.in = append(s.in, z.live[len(z.live)-1-back])
	}
	if op&64 != 0 && len(z.live) > 0 {
		s.first = []int{z.live[int(arg)%len(z.live)]}
	}
	z.live = append(z.live, len(z.w.steps))
	z.w.record(s.settled())
}

// drop forgets a handle: only what has recorded it as an input keeps the call.
func (z *fuzzer) drop(arg int) {
	at := arg % len(z.live)
	z.w.handles[z.live[at]] = Data[int]{}
	z.live = append(z.live[:at], z.live[at+1:]...)
}

// get runs a round.
func (z *fuzzer) get(op, arg byte) {
	q := get{targets: z.some(int(arg)), form: formGetAll, cancel: -1, keep: op%16 == 10}
	r := round{gets: []get{q}}
	switch op % 16 {
	case 8:
		r.gets[0].form = formGet
	case 11:
		for i := 1; i <= 2+int(arg%3); i++ {
			other := get{targets: z.some(int(arg) * (i + 1)), form: i % numForms, cancel: -1, keep: i%2 == 0}
			if op&32 != 0 && i == 2 {
				other.cancel = int(op >> 6)
			}
			r.gets = append(r.gets, other)
		}
	case 12:
		r.gets[0].cancel = int(op >> 4)
	}
	for i := range r.gets {
		r.gets[i] = r.gets[i].settled()
	}
	z.w.run(r)
}

// some are handles: those of the bits of arg, from the latest back, or else the latest.
func (z *fuzzer) some(arg int) (targets []int) {
	for bit := range min(8, len(z.live)) {
		if arg>>bit&1 != 0 {
			targets = append(targets, z.live[len(z.live)-1-bit])
		}
	}
	if targets == nil {
		targets = []int{z.live[len(z.live)-1]}
	}
	return targets
}

// everything gets all there is, until what fails at first works.
func (z *fuzzer) everything() {
	if len(z.live) == 0 {
		return
	}
	for range 3 {
		z.w.run(round{gets: []get{{targets: z.live, form: formGetAll, cancel: -1, keep: true}}})
	}
}
