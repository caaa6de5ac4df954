package lazy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dally-go/dally/internal/kept"
)

// This file says, for Plan and Explain, which calls would not run because their results are kept, and why others are
// not kept.

// foresee takes the session's cache into account in what is said about the planned calls. It looks results up and reads
// none.
func (p *planner) foresee(s *Session, all []forecast) {
	if s.Cache == nil || !memoised.Load() || !p.memo {
		return
	}
	ctx := context.Background()
	f := newFetcher(ctx, s, p)
	f.resolve()
	wanted := f.wanted()
	w := &missReasons{ctx: ctx, store: s.Cache}
	for i, n := range p.order {
		v := &all[i]
		switch {
		case v.runs == no:
		case f.state[i] == fetchKept:
			*v = forecast{reason: keptText(f.entries[i].Meta)}
		case !p.changing && !wanted[i]: // see fetch.go
			*v = forecast{reason: "is not needed: the result that it is for is in the cache"}
		case n.fn.memo != nil:
			v.reason += "; " + f.whyNot(int32(i), n.fn.memo, w)
		}
	}
}

// keptText continues a sentence about a call of which the cache has the result.
func keptText(m *kept.Meta) string {
	age, cost := time.Since(m.Created), m.Cost
	return fmt.Sprintf("is in the cache: computed %v ago, in %v", age.Round(time.Millisecond), cost.Round(time.Microsecond))
}

// whyNot says why the result of call i cannot be had from the cache.
func (f *fetcher) whyNot(i int32, m *memo, w *missReasons) string {
	switch why := f.why[i]; {
	case why != "":
		return "not in the cache: " + why
	case f.state[i] == fetchUnknown:
		return "whether it is in the cache is known when its inputs are: those that are Memo, too, need not run for that"
	}
	hashed, err := f.appendHashed(nil, i, m)
	if err != nil {
		return "not in the cache: " + err.Error()
	}
	return "not in the cache: " + w.reason(m, keyOf(hashed), m.split(contentsIn(hashed)))
}

// missReasons compares what is wanted with what is kept.
type missReasons struct {
	ctx   context.Context
	store kept.Store
	metas map[string][]*kept.Meta // by function; nil: not read yet
}

// reason says why nothing is kept under the key of a call with the given inputs.
func (w *missReasons) reason(m *memo, key kept.Key, inputs []kept.Content) string {
	l, ok := w.store.(kept.Lister)
	switch {
	case !ok:
		return "nothing is kept under its key"
	case l.Evicted(key):
		return "evicted"
	}
	if w.metas == nil {
		w.read(l)
	}
	why := compareKept(w.metas[m.fn.name], m.versionText(), inputs)
	if text := m.unkept.Load(); text != nil {
		why += "; of a former call, what it came to was not kept" + *text
	}
	return why
}

// listedMax is how many entries are looked at for reasons: of a directory, that takes some ten microseconds each.
const listedMax = 20_000

// read reads what is kept of functions.
func (w *missReasons) read(l kept.Lister) {
	w.metas = make(map[string][]*kept.Meta)
	n := 0
	for meta := range l.List(w.ctx) {
		w.metas[meta.Function] = append(w.metas[meta.Function], meta)
		if n++; n == listedMax {
			return
		}
	}
}

// compareKept says how a call differs from the most similar one that is kept.
func compareKept(metas []*kept.Meta, version string, inputs []kept.Content) string {
	var nearest []int
	near, other := false, ""
	for _, meta := range metas {
		if len(meta.Inputs) != len(inputs) {
			continue
		}
		var differ []int
		for k := range inputs {
			if meta.Inputs[k] != inputs[k] {
				differ = append(differ, k)
			}
		}
		switch {
		case len(differ) == 0 && meta.Version == version:
			return "a type, or what IgnoreArg says, changed"
		case len(differ) == 0:
			other = meta.Version
		case !near || len(differ) < len(nearest):
			nearest, near = differ, true
		}
	}
	switch {
	case other != "":
		return fmt.Sprintf("version changed: kept is a result of version %q, this is version %q", other, version)
	case len(metas) == 0:
		return "nothing is kept of this function"
	case !near:
		return "nothing is kept for so many arguments"
	case len(nearest) == 1:
		return fmt.Sprintf("input %d changed, or is new", nearest[0]+1)
	}
	return fmt.Sprintf("inputs %s changed, or are new", numbers(nearest))
}

// numbers lists indices, counted from 1: "1, 3 and 4".
func numbers(indices []int) string {
	var texts []string
	for _, i := range indices {
		texts = append(texts, fmt.Sprint(i+1))
	}
	last := len(texts) - 1
	return strings.Join(slices.Concat(texts[:last-1], []string{texts[last-1] + " and " + texts[last]}), ", ")
}
