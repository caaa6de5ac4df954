package lazy

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

// A fuzzed program of a cache is read from bytes: the first says which session runs it, the second which store keeps results
// and whether something was Set elsewhere before; each pair after that is an operation, which is checked before the next is read. Values
// are small, so that calls often have keys that others had.
//
//	op % 16   0       record a source; the operand is its value
//	          1–6     record a call of a Memo function: see memoFunctions
//	          7       record a call that is not Memo
//	          8       Set a source
//	          9       Get one handle
//	          10      GetAll of some, with op ≥ 128 in another session
//	          11      GetAll of some, keeping going
//	          12      Get one handle, with Refresh
//	          13      several Gets at once, in two sessions, with op ≥ 128 one of them cancelled
//	          14      a function fails from now on, or does not any more
//	          15      by op / 16: Invalidate, another store, no store, hits are verified, or are not any more
const memoOpsMax = 300

func FuzzMemo(f *testing.F) {
	f.Add([]byte{0, 0})
	for seed := range uint64(10) {
		f.Add(memoProgramOf(seed))
	}
	f.Fuzz(func(t *testing.T, program []byte) { requireMemoAgrees(t, program) })
}

// TestMemoProgramsAgree runs random programs of a cache. To run one of them alone:
//
//	go test ./lazy -run 'TestMemoProgramsAgree/seed=17$'
func TestMemoProgramsAgree(t *testing.T) {
	many := 400
	if testing.Short() {
		many = 80
	}
	for seed := range uint64(many) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			leak.Check(t)
			requireMemoAgrees(t, memoProgramOf(seed))
		})
	}
}

func requireMemoAgrees(t *testing.T, program []byte) {
	if len(program) < 2 {
		return
	}
	defer watchdog(fmt.Sprintf("program %v", program)).Stop()
	defer neverChanged()()
	p := newMemoProgram(t, program[0], program[1])
	ops := program[2:]
	for k := 0; k+1 < len(ops) && k < 2*memoOpsMax; k += 2 {
		p.do(ops[k], ops[k+1])
		if problems := p.found.all(); problems != nil {
			require.Empty(t, problems, "program %v, after operation %d: %d %d", program[:2+k+2], k/2, ops[k], ops[k+1])
		}
	}
}
