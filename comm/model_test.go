package comm_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/comm"
)

// The model: random programs, one list of steps per rank, are run by ranks that talk, and by a simulation that knows
// nothing of goroutines (sim_test.go). A rank logs what each step gives, and ends with the first error. The programs are
// such that the outcome does not depend on time: a receive from any source is for a tag that has no other use, and only
// says that something came.

// anyTag is the tag of messages that are received from any source. Programs that use it have no receives of any tag.
const anyTag = 9

// step is what a rank does next.
type step struct {
	op   string
	peer int // whom Send and Recv are to and from; the root
	tag  int
	v    int
}

func (s step) String() string { return fmt.Sprintf("%s(%d, tag %d, %d)", s.op, s.peer, s.tag, s.v) }

// collectives that a program chooses from. All ranks have the same ones in the same order, but may end too early.
var collectives = []string{"Barrier", "Broadcast", "Scatter", "Gather", "AllGather", "Reduce", "AllReduce"}

// program makes the steps of all ranks from bytes. Each byte pair is a step: the first says what, the second who.
func program(data []byte) [][]step {
	if len(data) == 0 {
		return nil
	}
	ranks := make([][]step, 1+int(data[0])%5)
	anySource := data[0]&0x80 != 0
	n := len(ranks)
	for v := 0; len(data) >= 3 && v < 60; v++ {
		what, who := int(data[1]), int(data[2])
		data = data[2:]
		a, b, tag := who%n, who/n%n, who/(n*n)%2
		add := func(rank int, s step) { ranks[rank] = append(ranks[rank], s) }
		switch {
		case what < 100: // a message that may be received out of turn
			add(a, step{op: "Send", peer: b, tag: tag, v: v})
			add(b, step{op: "Recv", peer: a, tag: tag})
		case what < 120: // a message that nobody may want
			add(a, step{op: "Send", peer: b, tag: tag, v: v})
		case what < 124: // a receive that may never be met
			add(a, step{op: "Recv", peer: b, tag: tag})
		case what < 170 && anySource:
			add(a, step{op: "Send", peer: b, tag: anyTag, v: v})
			add(b, step{op: "Recv", peer: comm.AnySource, tag: anyTag})
		case what < 170:
			add(a, step{op: "Send", peer: b, tag: tag, v: v})
			add(b, step{op: "Recv", peer: a, tag: comm.AnyTag})
		case what < 174: // the steps of rank a end here
			add(a, step{op: "end"})
		case what < 190 && len(ranks[a]) > 1: // two steps of rank a change places
			s := ranks[a]
			if i := len(s) - 1; s[i].tag >= 0 && s[i-1].tag >= 0 { // not collectives, which are in step
				s[i], s[i-1] = s[i-1], s[i]
			}
		default:
			for r := range ranks {
				add(r, step{op: collectives[what%len(collectives)], peer: a, tag: -2, v: v})
			}
		}
	}
	return ranks
}

// runProgram runs a program with goroutines and returns the log of each rank.
func runProgram(t *testing.T, prog [][]step) [][]string {
	logs := make([][]string, len(prog))
	all(t, run(t, len(prog), func(c *comm.Comm) error {
		for _, s := range prog[c.Rank()] {
			if s.op == "end" {
				return nil
			}
			got, err := do(bg, c, s)
			if err != nil {
				logs[c.Rank()] = append(logs[c.Rank()], err.Error())
				return nil // an error would end the others at a time that nobody can know
			}
			logs[c.Rank()] = append(logs[c.Rank()], got)
		}
		return nil
	}))
	return logs
}

// do does a step and returns what it gave.
func do(ctx context.Context, c *comm.Comm, s step) (string, error) {
	v := s.v + 1000*c.Rank()
	switch s.op {
	case "Send":
		return "", comm.Send(ctx, c, s.peer, s.tag, v)
	case "Recv":
		got, from, err := comm.RecvFrom[int](ctx, c, s.peer, s.tag)
		if s.peer == comm.AnySource {
			return "something", err
		}
		return fmt.Sprint(got, from), err
	case "Barrier":
		return "", c.Barrier(ctx)
	case "Broadcast":
		return text(comm.Broadcast(ctx, c, s.peer, v))
	case "Scatter":
		parts := make([]int, c.Size())
		for i := range parts {
			parts[i] = v + i
		}
		return text(comm.Scatter(ctx, c, s.peer, parts))
	case "Gather":
		return text(comm.Gather(ctx, c, s.peer, v))
	case "AllGather":
		return text(comm.AllGather(ctx, c, v))
	case "Reduce":
		return text(comm.Reduce(ctx, c, s.peer, v, minus))
	}
	return text(comm.AllReduce(ctx, c, v, minus))
}

// minus is not associative: it tells in which order it was done.
func minus(a, b int) int { return a - b }

func text(v any, err error) (string, error) { return fmt.Sprint(v), err }

// check runs a program both ways and compares.
func check(t *testing.T, data []byte) {
	prog := program(data)
	if prog == nil {
		return
	}
	want := simulate(prog)
	var got [][]string
	synctest.Test(t, func(t *testing.T) { got = runProgram(t, prog) })
	for r := range prog {
		require.Len(t, got[r], len(want[r]), "rank %d of %v\n%v\n%v", r, prog, want, got)
		for i := range got[r] {
			if w, open := strings.CutSuffix(want[r][i], "…"); open {
				require.Contains(t, got[r][i], w, "rank %d, step %d of %v", r, i, prog)
				continue
			}
			require.Equal(t, want[r][i], got[r][i], "rank %d, step %d of %v", r, i, prog)
		}
	}
}

func TestModel(t *testing.T) {
	programs := 6000
	if testing.Short() {
		programs = 1000
	}
	const seed = 1 // the fuzz target looks at others
	rng := rand.New(rand.NewPCG(seed, 0))
	kinds := map[string]int{}
	for i := range programs {
		data := make([]byte, 3+rng.IntN(60))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		kinds[outcome(simulate(program(data)))]++
		if !t.Run("", func(t *testing.T) { check(t, data) }) {
			t.Fatalf("program %d of seed %d: %v", i, seed, data)
		}
	}
	for _, kind := range []string{"done", "deadlock", "ended"} {
		require.Greater(t, kinds[kind], programs/50, "programs that end like this, of %v", kinds)
	}
}

// outcome says how a simulated program ends.
func outcome(logs [][]string) string {
	kind := "done"
	for _, log := range logs {
		for _, s := range log {
			if strings.HasSuffix(s, "…") {
				kind = "ended"
			} else if strings.Contains(s, "deadlock") {
				return "deadlock"
			}
		}
	}
	return kind
}

func FuzzPrograms(f *testing.F) {
	f.Add([]byte{3, 0, 1, 0, 2, 121, 0, 200, 0})
	f.Add([]byte{0x83, 130, 5, 140, 6, 200, 1, 172, 1, 201, 0})
	f.Fuzz(check)
}
