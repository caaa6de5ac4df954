package viz

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/dally-go/dally/graph"
)

// sourceMin is the number of sources with the same users that are still drawn one by one.
const sourceMin = 4

// sources are the groups of rule 4 of [Collapse].
type sources struct {
	of    []int32   // group of each node; -1: none
	first []int32   // the first node of each group
	users [][]int32 // groups of calls that take any of the group, sorted
}

// groupSources first merges by name, then by users where there are many.
func groupSources(m *model, g *groups) *sources {
	s := &sources{of: make([]int32, len(m.nodes))}
	byName := make(map[string]int32)
	for i := range m.nodes {
		n := &m.nodes[i]
		s.of[i] = -1
		if !isSource(n) || n.Name == "" || !m.used[i] {
			continue
		}
		at, ok := byName[n.Name]
		if !ok {
			at = s.add(int32(i))
			byName[n.Name] = at
		}
		s.of[i] = at
	}
	for i := range m.nodes {
		if g.of[i] < 0 {
			continue
		}
		for _, in := range m.inputs(int32(i)) {
			if at := s.of[in]; at >= 0 {
				s.users[at] = append(s.users[at], g.of[i])
			}
		}
	}
	for at := range s.users {
		slices.Sort(s.users[at])
		s.users[at] = slices.Compact(s.users[at])
	}
	s.mergeByUsers()
	return s
}

func (s *sources) add(first int32) int32 {
	s.first, s.users = append(s.first, first), append(s.users, nil)
	return int32(len(s.first) - 1)
}

func (s *sources) mergeByUsers() {
	keys := make([]string, len(s.first))
	count := make(map[string]int)
	var key []byte
	for at, users := range s.users {
		key = key[:0]
		for _, u := range users {
			key = binary.AppendUvarint(key, uint64(u))
		}
		keys[at] = string(key)
		count[keys[at]]++
	}
	merged := &sources{of: s.of}
	number := make(map[string]int32)
	to := make([]int32, len(s.first))
	for at, k := range keys {
		if count[k] <= sourceMin {
			to[at] = merged.add(s.first[at])
		} else if known, ok := number[k]; ok {
			to[at] = known
		} else {
			to[at] = merged.add(s.first[at])
			number[k] = to[at]
		}
		merged.users[to[at]] = s.users[at]
	}
	for i, at := range s.of {
		if at >= 0 {
			s.of[i] = to[at]
		}
	}
	*s = *merged
}

// sum gathers the calls of one node of the result.
type sum struct {
	node  graph.Node
	names []string // distinct, in order; at most a few
	total time.Duration
	timed int
	whole bool // the one call stands in node as it was
}

// add counts one more call, or one more collapsed node.
func (t *sum) add(n *graph.Node) {
	if t.node.Count == 0 {
		t.node, t.whole = *n, true
		t.node.Merged, t.node.Count = [graph.NumStates]int{}, 0
	} else {
		t.whole = false
		t.node.Value = ""
		if t.node.Reason != n.Reason {
			t.node.Reason = ""
		}
		if t.node.Err == "" {
			t.node.Err = n.Err
		}
		if !n.Start.IsZero() && (t.node.Start.IsZero() || n.Start.Before(t.node.Start)) {
			t.node.Start = n.Start
		}
	}
	if len(t.names) < 4 && !slices.Contains(t.names, n.Name) {
		t.names = append(t.names, n.Name)
	}
	calls := max(n.Count, 1)
	t.node.Count += calls
	if n.Count > 1 {
		for st, k := range n.Merged {
			t.node.Merged[st] += k
		}
	} else {
		t.node.Merged[known(n.State)]++
	}
	if n.Duration > 0 {
		t.total += n.Duration * time.Duration(calls)
		t.timed += calls
	}
}

// attention orders the states of merged calls: the first that any of them is in is shown.
var attention = [...]graph.State{
	graph.Failed, graph.Running, graph.Stale, graph.Pending, graph.Skipped, graph.Done, graph.Cached, graph.Source,
}

// result is the merged node.
func (t *sum) result(inputs []graph.ID) graph.Node {
	n := t.node
	n.Inputs = inputs
	if n.Count == 1 {
		n.Count, n.Merged = 0, [graph.NumStates]int{}
	}
	if t.whole {
		return n
	}
	if n.Name = joined(t.names); n.State == graph.Source && len(t.names) > 1 {
		n.Name = t.names[0] + " …"
	}
	for _, st := range attention {
		if n.Merged[st] > 0 {
			n.State = st
			break
		}
	}
	n.Duration = 0
	if t.timed > 0 {
		n.Duration = t.total / time.Duration(t.timed)
	}
	return n
}

// assemble makes the nodes of the result: sources first, then the groups in their order.
func assemble(m *model, g *groups, src *sources) []graph.Node {
	sourceSums, sums := make([]sum, len(src.first)), make([]sum, len(g.fn))
	first := make([]int32, len(g.fn)) // the first call of each group
	for i := range m.nodes {
		if at := src.of[i]; at >= 0 {
			sourceSums[at].add(&m.nodes[i])
		} else if at := g.of[i]; at >= 0 {
			if sums[at].node.Count == 0 {
				first[at] = int32(i)
			}
			sums[at].add(&m.nodes[i])
		}
	}
	inputs := make([][]graph.ID, len(sums))
	nodes := make([]graph.Node, 0, len(sourceSums)+len(sums))
	for at := range sourceSums {
		n := sourceSums[at].result(nil)
		for _, u := range src.users[at] {
			inputs[u] = append(inputs[u], n.ID)
		}
		nodes = append(nodes, n)
	}
	idOf := func(i int32) (graph.ID, bool) {
		if at := src.of[i]; at >= 0 {
			return sourceSums[at].node.ID, true
		}
		if at := g.of[i]; at >= 0 {
			return sums[at].node.ID, true
		}
		return 0, false
	}
	for at := range sums {
		for _, in := range g.inputs[at] {
			inputs[at] = append(inputs[at], sums[in].node.ID)
		}
		nodes = append(nodes, sums[at].result(byArgument(inputs[at], m.inputs(first[at]), idOf)))
	}
	return nodes
}

// byArgument puts the inputs of a group into the order of its first call's arguments; what only others take comes last.
func byArgument(inputs []graph.ID, arguments []int32, idOf func(int32) (graph.ID, bool)) []graph.ID {
	left := make(map[graph.ID]bool, len(inputs))
	for _, id := range inputs {
		left[id] = true
	}
	if len(inputs) == 0 {
		return nil
	}
	ordered := make([]graph.ID, 0, len(inputs))
	place := func(id graph.ID) {
		if left[id] {
			delete(left, id)
			ordered = append(ordered, id)
		}
	}
	for _, i := range arguments {
		if id, ok := idOf(i); ok {
			place(id)
		}
	}
	for _, id := range inputs {
		place(id)
	}
	return ordered
}
