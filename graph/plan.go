package graph

import (
	"cmp"
	"slices"
)

// Plan is the shape of a run: calls numbered from 0 such that every call comes after its inputs, with the inputs of all
// calls in one array (compressed sparse rows). The inputs of call i are In[Off[i-1]:Off[i]], where Off[-1] is read
// as 0. Inputs that have values already are not in it. The zero Plan is empty.
type Plan struct {
	Off []int32
	In  []int32
}

// Len is the number of calls.
func (p *Plan) Len() int { return len(p.Off) }

// Inputs are the inputs of call i, each below i.
func (p *Plan) Inputs(i int) []int32 {
	if i == 0 {
		return p.In[:p.Off[0]]
	}
	return p.In[p.Off[i-1]:p.Off[i]]
}

// Reset returns an empty plan that reuses the arrays.
func (p *Plan) Reset() Plan { return Plan{Off: p.Off[:0], In: p.In[:0]} }

// Path returns calls that lead from call from to call to, both included, each an input of the next; nil if there is no
// such way. It takes time linear in the calls between.
func (p *Plan) Path(from, to int32) []int32 {
	if from > to {
		return nil
	}
	user := make([]int32, to-from+1) // user[i-from] is a call on the way that takes call i; -1: not seen
	for k := range user {
		user[k] = -1
	}
	user[to-from] = to
	for i := to; i > from; i-- {
		if user[i-from] < 0 {
			continue
		}
		for _, in := range p.Inputs(int(i)) {
			if in >= from && user[in-from] < 0 {
				user[in-from] = i
			}
		}
	}
	if user[0] < 0 {
		return nil
	}
	way := []int32{from}
	for at := from; at != to; {
		at = user[at-from]
		way = append(way, at)
	}
	return way
}

// Ranks orders the calls by priority, higher first, and by number where that is equal: the rank of call i is
// Ranks(…)[i]. priority must not be nil.
func (p *Plan) Ranks(priority func(i int) int) []int32 {
	order := make([]int32, p.Len())
	for i := range order {
		order[i] = int32(i)
	}
	prio := make([]int, p.Len())
	for i := range prio {
		prio[i] = priority(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(prio[b], prio[a]) })
	ranks := make([]int32, len(order))
	for rank, i := range order {
		ranks[i] = int32(rank)
	}
	return ranks
}
