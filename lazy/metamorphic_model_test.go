package lazy

import "maps"

// model is the naive evaluator. For one round it says what each step may come to and what may run for it. It looks at
// the world's counters as they are before the round, so it knows which troubles are over.
type model struct {
	w       *world
	alone   bool // the round is a single Get that nobody cancels
	calm    bool // no Get of the round has ended before its time: a look into a cache may have been given up then
	targets verdict
	known   []*verdict // of the steps that may be needed
	tries   []int32    // before the round
}

// verdict says what may become of a step.
type verdict struct {
	must   bool         // it fails
	causes map[int]bool // steps whose trouble it may fail with
	runs   bool         // its body may run
}

// newModel makes a model of a round.
func newModel(w *world, r round) *model {
	m := &model{w: w, known: make([]*verdict, len(w.steps)), targets: verdict{causes: make(map[int]bool)}}
	m.alone = len(r.gets) == 1 && r.gets[0].cancel < 0
	for _, st := range w.states {
		m.tries = append(m.tries, st.tries.Load())
	}
	for _, q := range r.gets {
		m.evalAll(&m.targets, q.targets)
	}
	return m
}

// sure reports whether it is known beforehand how often each step is tried: other Gets, and Gets inside steps, may try
// a failing one again.
func (m *model) sure() bool { return m.alone && !m.w.dynamic }

// eval says what may become of step k, and notes that it may be needed.
func (m *model) eval(k int) *verdict {
	if v := m.known[k]; v != nil {
		return v
	}
	v := &verdict{causes: make(map[int]bool)}
	if !m.w.has(k) {
		m.work(k, v)
	}
	m.known[k] = v
	return v
}

// work fills v in for a step without a value.
func (m *model) work(k int, v *verdict) {
	s := &m.w.steps[k]
	static := s.in
	if s.kind == anIf || s.kind == aNest || s.kind == aBind {
		static = s.in[:1]
	}
	m.evalAll(v, static)
	if s.kind == anIf && !v.must { // the choice is a call before the body, and knows nothing of the order
		m.evalAll(v, m.w.chosen(k))
	}
	m.evalAll(v, s.first)
	if v.must {
		return
	}
	v.runs = true
	if m.trouble(k, v); v.must {
		return
	}
	if s.kind == aNest || s.kind == aBind { // their bodies go on to others
		m.evalAll(v, m.w.chosen(k))
	}
}

// evalAll adds to v what the steps may fail with.
func (m *model) evalAll(v *verdict, steps []int) {
	for _, j := range steps {
		u := m.eval(j)
		v.must = v.must || u.must
		maps.Copy(v.causes, u.causes)
	}
}

// trouble adds the step's own to v.
func (m *model) trouble(k int, v *verdict) {
	switch s := &m.w.steps[k]; s.trouble {
	case fine:
	case failsFirst:
		if left := s.times - m.tries[k]; left > s.how.retries() {
			v.causes[k] = true
			v.must = v.must || m.sure()
		}
	default:
		v.causes[k] = true
		v.must = true
	}
}

// wantTries is how often the body of a step that may run runs in a Get in which nothing is uncertain.
func (m *model) wantTries(k int) int32 {
	s := &m.w.steps[k]
	switch tries := s.how.retries() + 1; s.trouble {
	case fails:
		return tries
	case failsFirst:
		return min(tries, max(0, s.times-m.tries[k])+1)
	default:
		return 1
	}
}

// has reports whether step k has its value.
func (w *world) has(k int) bool {
	n := w.nodes[k].Value() // nil: nothing can need it any more
	return n != nil && n.ready()
}

// once reports whether a body that has returned a value is never run again. A Bind runs again if what it went on to
// failed; a call with a timeout may be abandoned, when its run ends early, and its late result is dropped.
func (s step) once() bool { return s.kind != aBind && s.how != timed && s.how != everything }

// chosen are the inputs of step k that depend on the value of its first input, or are needed only after that.
func (w *world) chosen(k int) []int {
	s := &w.steps[k]
	x := w.value(s.in[0])
	switch {
	case s.kind == aNest:
		return s.in[1:]
	case s.kind == anIf && x%2 == 0, s.kind == aBind && x%3 != 1:
		return s.in[1:2]
	default:
		return s.in[2:3]
	}
}

// value is the value of step k if nothing fails.
func (w *world) value(k int) int {
	st := w.states[k]
	if st.want >= 0 {
		return st.want
	}
	s := &w.steps[k]
	in := make([]int, 0, len(s.in))
	for _, j := range s.in {
		in = append(in, w.value(j))
	}
	switch s.kind {
	case aZip:
		st.want = value(k, in[1], in[0])
	case aReduce:
		sum := 0
		for _, x := range in {
			sum += x
		}
		st.want = value(k, sum)
	case aMap:
		for i, x := range in {
			in[i] = 3*x + 1
		}
		st.want = value(k, in...)
	case anIf:
		st.want = value(k, w.value(w.chosen(k)[0]))
	case aNest:
		st.want = value(in[0], in[1:]...)
	case aBind:
		st.want = w.value(w.chosen(k)[0])
		if in[0]%3 == 1 {
			st.want = value(in[0], st.want)
		}
	default:
		st.want = value(k, in...)
	}
	return st.want
}
