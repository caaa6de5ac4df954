package lazy

import "maps"

// model is the naive evaluator: it says for one round what a Get of a step may give, and what may run for it. It
// looks at the world's counters as they are before the round, so that it knows which troubles are over.
type model struct {
	w     *world
	sure  bool // only one Get runs, to its end, without other Gets inside: nothing depends on the order of things
	known []*verdict
	tries []int32 // before the round
	done  []int32 // before the round
}

// verdict is what is known of a step's value beforehand.
type verdict struct {
	value  int
	must   bool         // it cannot be had
	causes map[int]bool // steps that may keep it from being had
	runs   bool         // its body may run
}

// newModel reads the counters. alone says that the round is a single Get that nobody cancels.
func newModel(w *world, alone bool) *model {
	m := &model{w: w, sure: alone && !w.dynamic, known: make([]*verdict, len(w.steps))}
	for _, st := range w.states {
		m.tries = append(m.tries, st.tries.Load())
		m.done = append(m.done, st.done.Load())
	}
	return m
}

// needed reports whether the step was found to be possibly needed since the model was made.
func (m *model) needed(k int) bool { return m.known[k] != nil }

// has reports whether step k has its value for sure.
func (m *model) has(k int) bool {
	if d := m.w.handles[k]; d.n != nil {
		return d.n.ready()
	}
	return m.done[k] > 0 && m.w.steps[k].once()
}

// once reports whether a body that has returned a value is never run again. A Bind runs again if what it went on to
// failed; a call with a timeout may be abandoned, when its run ends early, and its late result is dropped.
func (s step) once() bool { return s.kind != aBind && s.how != timed && s.how != everything }

// eval says what is known of step k, and notes that it is needed.
func (m *model) eval(k int) *verdict {
	if m.known[k] == nil {
		had := m.has(k)
		v := &verdict{causes: make(map[int]bool)}
		m.known[k] = v
		m.work(k, v)
		if had {
			*v = verdict{value: v.value, causes: v.causes}
			clear(v.causes)
		}
	}
	return m.known[k]
}

// work fills v in.
func (m *model) work(k int, v *verdict) {
	s := &m.w.steps[k]
	static := s.in
	switch s.kind {
	case anIf, aNest, aBind:
		static = s.in[:1]
	}
	in := m.evalAll(v, static)
	m.evalAll(v, s.first)
	if v.must {
		return
	}
	if s.kind == anIf {
		in = m.evalAll(v, s.in[1+in[0]&1:][:1])
		if v.must {
			return
		}
	}
	v.runs = true
	m.trouble(k, v)
	switch {
	case v.must && m.sure:
		return
	case s.kind == aNest:
		in = append(in, m.evalAll(v, s.in[1:])...)
		v.value = value(in[0], in[1:]...)
	case s.kind == aBind:
		v.value = m.bind(s, v, in[0])
	default:
		v.value = value(k, shaped(s.kind, in)...)
	}
}

// shaped is what the body of a step of the kind gets of its inputs.
func shaped(k kind, in []int) []int {
	switch k {
	case aZip:
		return []int{in[1], in[0]}
	case aReduce:
		sum := 0
		for _, x := range in {
			sum += x
		}
		return []int{sum}
	case aMap:
		out := make([]int, len(in))
		for i, x := range in {
			out[i] = 3*x + 1
		}
		return out
	default:
		return in
	}
}

// bind is the value of a Bind that sees x.
func (m *model) bind(s *step, v *verdict, x int) int {
	switch x % 3 {
	case 1:
		return value(x, m.evalAll(v, s.in[2:])...)
	default:
		return m.evalAll(v, s.in[1:2])[0]
	}
}

// evalAll returns the values of the steps, and adds to v what may keep them from being had.
func (m *model) evalAll(v *verdict, steps []int) []int {
	values := make([]int, len(steps))
	for i, j := range steps {
		u := m.eval(j)
		values[i] = u.value
		v.must = v.must || u.must
		maps.Copy(v.causes, u.causes)
	}
	return values
}

// trouble adds the step's own to v.
func (m *model) trouble(k int, v *verdict) {
	s := &m.w.steps[k]
	switch s.trouble {
	case fine:
	case failsFirst:
		if left := s.times - m.tries[k]; left > s.how.retries() {
			v.causes[k] = true
			v.must = v.must || m.sure
		}
	default:
		v.causes[k] = true
		v.must = true
	}
}
