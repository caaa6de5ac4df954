package lazy

import (
	"maps"
	"slices"

	"github.com/dally-go/dally/executor"
)

// admit takes the places that the call's limits ask for. It reports false if there is none to be had now: the call is
// then started again when there is one.
func (r *run) admit(x *execution) bool {
	o := &x.node.fn.opts
	if o.limit == nil && o.ownLimit == nil {
		return true
	}
	x.limits = r.takeGrants(x.at)
	for _, l := range [...]*executor.Limit{o.limit, o.ownLimit} { // always in this order, so that no two calls wait for each other
		if l == nil || slices.Contains(x.limits, l) {
			continue
		}
		if l.TryAcquire() {
			x.limits = append(x.limits, l)
			continue
		}
		r.queueFor(x, l)
		return false
	}
	return true
}

// queueFor has the call started again when it has a place in l.
func (r *run) queueFor(x *execution, l *executor.Limit) {
	r.host.Later()
	r.mu.Lock()
	if r.grants == nil {
		r.grants = make(map[int32][]*executor.Limit)
		r.queued = make(map[int32]func() bool)
	}
	r.grants[x.at] = x.limits
	r.mu.Unlock()
	granted := make(chan struct{})
	leave := l.Queue(func() (keeps bool) {
		r.mu.Lock()
		halted := r.halted.Load()
		if !halted {
			r.grants[x.at] = append(r.grants[x.at], l)
		}
		delete(r.queued, x.at)
		r.mu.Unlock()
		close(granted)
		r.host.Wake(x.at, false)
		return !halted // else the call will not start
	})
	r.mu.Lock()
	select {
	case <-granted: // before there was anything to leave
		r.mu.Unlock()
		return
	default:
	}
	halted := r.halted.Load()
	if !halted {
		r.queued[x.at] = leave
	}
	r.mu.Unlock()
	if halted && leave() {
		r.host.Wake(x.at, true)
	}
}

// takeGrants returns the places that were taken for call i before it could start.
func (r *run) takeGrants(i int32) []*executor.Limit {
	r.mu.Lock()
	defer r.mu.Unlock()
	limits := r.grants[i]
	delete(r.grants, i)
	return limits
}

// dropGrants gives back the places of calls that will not start.
func (r *run) dropGrants() {
	r.mu.Lock()
	grants := maps.Clone(r.grants)
	clear(r.grants)
	r.mu.Unlock()
	for _, limits := range grants {
		for _, l := range limits {
			l.Release()
		}
	}
}

// dropGrantsOf gives back the places of call i, which need not be started any more.
func (r *run) dropGrantsOf(i int32) {
	if o := &r.plan.order[i].fn.opts; o.limit == nil && o.ownLimit == nil {
		return
	}
	for _, l := range r.takeGrants(i) {
		l.Release()
	}
}

func (x *execution) releaseLimits() {
	for _, l := range x.limits {
		l.Release()
	}
	x.limits = nil
	if x.c != nil && x.c.poll != nil {
		x.c.poll.free()
	}
}
