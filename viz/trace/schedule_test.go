package trace_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/dally-go/dally/graph"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var spanStates = []graph.State{
	graph.Done, graph.Done, graph.Done, graph.Done, graph.Cached, graph.Failed, graph.Skipped, graph.Pending, graph.Running,
}

// wild makes a record in which nothing fits together: calls overlap as they like, run again, or are not in the snapshot.
func wild(rnd *rand.Rand, nodes, spans int) (graph.Record, graph.Snapshot) {
	s := someGraph(rnd, nodes)
	r := graph.Record{Start: start, Dropped: rnd.IntN(2) * 1234}
	runs, long := 1+rnd.IntN(3), 1+rnd.IntN(3000)
	for i := range runs {
		run := graph.Run{ID: uint64(i + 1), Op: "get", Target: "Top#9", Calls: spans, Workers: rnd.IntN(3)}
		run.Start = start.Add(time.Duration(rnd.IntN(long) - 10))
		if rnd.IntN(4) > 0 {
			run.End = run.Start.Add(time.Duration(rnd.IntN(long)))
		}
		r.Runs = append(r.Runs, run)
	}
	at := time.Duration(0)
	for range spans {
		at += time.Duration(rnd.IntN(3) * rnd.IntN(long/10+2))
		span := graph.Span{
			Call: graph.ID(1 + rnd.IntN(nodes*5/4+1)), Run: uint64(1 + rnd.IntN(runs)),
			Worker: rnd.IntN(4) - 1, State: spanStates[rnd.IntN(len(spanStates))], Start: at,
		}
		span.Name = fmt.Sprint("F", span.Call%5)
		switch span.State {
		case graph.Running:
		case graph.Skipped:
			span.End = at
		default:
			span.End = at + time.Duration(rnd.IntN(3)*rnd.IntN(long))
		}
		r.Spans = append(r.Spans, span)
		if span.State == graph.Failed && rnd.IntN(2) == 0 {
			r.Failures = append(r.Failures, graph.Failure{Call: span.Call, Run: span.Run, At: span.End, Err: "no\nluck"})
		}
	}
	return r, s
}

// someGraph makes nodes 1 to n, some of them with inputs that are not there.
func someGraph(rnd *rand.Rand, n int) graph.Snapshot {
	var s graph.Snapshot
	for id := graph.ID(1); id <= graph.ID(n); id++ {
		node := graph.Node{ID: id, Name: fmt.Sprint("F", id%5), State: graph.Done}
		for range rnd.IntN(4) {
			node.Inputs = append(node.Inputs, 1+graph.ID(rnd.Int64N(int64(id)+1)))
		}
		node.Inputs = deleteFrom(node.Inputs, id)
		if len(node.Inputs) == 0 && rnd.IntN(2) == 0 {
			node.State = graph.Source
		}
		s.Nodes = append(s.Nodes, node)
	}
	return s
}

// deleteFrom leaves out inputs that would make cycles.
func deleteFrom(inputs []graph.ID, id graph.ID) (kept []graph.ID) {
	for _, in := range inputs {
		if in < id {
			kept = append(kept, in)
		}
	}
	return kept
}

// tame makes a record as a run makes it: calls wait for their inputs and for a worker, one in four waits outside.
func tame(rnd *rand.Rand, nodes, workers int) (graph.Record, graph.Snapshot) {
	s := someGraph(rnd, nodes)
	r := graph.Record{Start: start}
	free := make([]time.Duration, workers)
	end := map[graph.ID]time.Duration{}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.State == graph.Source {
			continue
		}
		at := time.Duration(0)
		for _, in := range n.Inputs {
			at = max(at, end[in])
		}
		worker := rnd.IntN(workers)
		if rnd.IntN(4) == 0 {
			worker = -1
		} else {
			at = max(at, free[worker]) + time.Duration(rnd.IntN(50))
		}
		end[n.ID] = at + time.Duration(rnd.IntN(5000))
		if worker >= 0 {
			free[worker] = end[n.ID]
		}
		r.Spans = append(r.Spans, graph.Span{
			Call: n.ID, Run: 1, Name: n.Name, Worker: worker, State: graph.Done, Start: at, End: end[n.ID],
		})
	}
	return r, s
}
