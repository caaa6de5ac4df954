package viz

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// runsWhole is a number of runs that any recorder keeps: with fewer, none has been forgotten.
const runsWhole = 1000

// facts are what a person wants to know who gets the page with a ticket. No paths, no arguments of the command line and
// no environment: they may be secret.
func (p *pageData) facts() [][2]string {
	var facts [][2]string
	set := func(name, value string) {
		i := slices.IndexFunc(facts, func(f [2]string) bool { return f[0] == name })
		switch {
		case value == "" && i >= 0:
			facts = slices.Delete(facts, i, i+1)
		case value != "" && i >= 0:
			facts[i][1] = value
		case value != "":
			facts = append(facts, [2]string{name, value})
		}
	}
	p.runFacts(set)
	programFacts(set)
	for _, f := range p.opt.facts {
		set(label.Clean(f[0], labelMax), label.Clean(f[1], errMax))
	}
	return facts
}

// runFacts tells how much there was to do and how fast it went.
func (p *pageData) runFacts(set func(name, value string)) {
	calls, sources := 0, 0
	for i := range p.nodes {
		if n := &p.nodes[i]; isSource(n) {
			sources += max(1, n.Count)
		} else {
			calls += max(1, n.Count)
		}
	}
	var all graph.Function
	for i := range p.totals {
		t := &p.totals[i]
		for st, k := range t.Calls {
			all.Calls[st] += k
		}
		all.Total += t.Total
	}
	if len(p.nodes) == 0 { // a record without a snapshot
		for _, k := range all.Calls {
			calls += k
		}
	}
	set("calls", label.Grouped(calls))
	if sources > 0 {
		set("sources", label.Grouped(sources))
	}
	if ended := all.Calls[graph.Done] + all.Calls[graph.Cached] + all.Calls[graph.Failed]; ended > 0 {
		set("cached", fmt.Sprintf("%s of %s (%s %%)", label.Grouped(all.Calls[graph.Cached]), label.Grouped(ended),
			decimal(100*float64(all.Calls[graph.Cached])/float64(ended))))
	}
	if n := all.Calls[graph.Failed]; n > 0 {
		set("failed", label.Grouped(n))
	}
	if n := len(p.rec.Runs); n > 0 {
		set("runs", label.Grouped(n))
	}
	p.timeFacts(all.Total, set)
}

func (p *pageData) timeFacts(total time.Duration, set func(name, value string)) {
	wall, whole := p.wall()
	set("wall time", label.Duration(wall))
	nested := p.nested()
	switch text := label.Duration(total); {
	case text != "" && !p.recorded():
		set("time in calls", text+"; calls under 20 µs are not timed")
	case text != "" && nested:
		set("time in calls", text+", with waiting for calls of their own")
	default:
		set("time in calls", text)
	}
	if n := p.workers(); n > 0 {
		set("workers", strconv.Itoa(n))
	}
	if whole && !nested && wall > 0 && total > 0 {
		set("calls at once", decimal(float64(total)/float64(wall))+" on average")
	}
}

// nested reports whether calls waited for calls of their own, as those of Bind do: a good part of the spans of a worker
// then lie within others.
func (p *pageData) nested() bool {
	type lane struct{ run, worker int32 }
	ends := make(map[lane]time.Duration)
	total, within := time.Duration(0), time.Duration(0)
	for i := range p.spans { // in order of start
		s := &p.spans[i]
		if s.worker < 0 {
			continue
		}
		at, end := lane{s.run, s.worker}, s.start+s.dur
		total += s.dur
		within += max(0, min(ends[at], end)-s.start)
		ends[at] = max(ends[at], end)
	}
	return within > total/20
}

// workers is the largest number of workers that a run had; 0 if that is not known.
func (p *pageData) workers() (n int) {
	for i := range p.rec.Runs {
		n = max(n, p.rec.Runs[i].Workers)
	}
	return n
}

// wall is for how long anything went on: runs, or spans where there are no runs. It reports whether that is the time in
// which all calls of the totals ran.
func (p *pageData) wall() (wall time.Duration, whole bool) {
	type stretch struct{ from, to time.Duration }
	var all []stretch
	whole = len(p.rec.Runs) < runsWhole
	for i := range p.rec.Runs {
		from, to := p.runTime(&p.rec.Runs[i])
		all = append(all, stretch{from, to})
	}
	for i := range p.spans {
		if s := &p.spans[i]; s.run < 0 {
			all = append(all, stretch{s.start, s.start + s.dur})
			whole = whole && !p.recorded()
		}
	}
	slices.SortFunc(all, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	end := time.Duration(0)
	for _, s := range all {
		wall += max(0, s.to-max(s.from, end))
		end = max(end, s.to)
	}
	return wall, whole
}

// decimal writes v with one decimal, if it is not a whole number.
func decimal(v float64) string { return string(number(nil, v)) }

// programFacts tells what ran where.
func programFacts(set func(name, value string)) {
	if len(os.Args) > 0 {
		set("program", label.Clean(filepath.Base(os.Args[0]), labelMax))
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
			if m.Path == "github.com/dally-go/dally" && m.Version != "" && m.Version != "(devel)" {
				set("dally", m.Version)
			}
		}
		set("revision", revision(info))
	}
	set("Go", runtime.Version())
	machine := fmt.Sprintf("%s/%s, %d CPUs", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if runtime.NumCPU() == 1 {
		machine = fmt.Sprintf("%s/%s, 1 CPU", runtime.GOOS, runtime.GOARCH)
	}
	if procs := runtime.GOMAXPROCS(0); procs != runtime.NumCPU() {
		machine += fmt.Sprintf(", GOMAXPROCS %d", procs)
	}
	set("machine", machine)
}

// revision is the commit the program was built from, if it was stamped.
func revision(info *debug.BuildInfo) string {
	rev, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			rev = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = ", modified"
		}
	}
	if rev == "" {
		return ""
	}
	return rev + modified
}
