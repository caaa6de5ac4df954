package lazy

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/kept"
)

// This file looks up what a call would come to, before it runs.
//
// Calls with one key that are wanted at the same time run once, over all sessions with the same cache: the first is the
// flight's leader, the others give up their claims and watch the leader's node as they would watch their own
// (watch.go). So they share its value and its failure, run themselves if it is cancelled, keep it from being cancelled
// while they wait, and are told of cycles. A value that is not to be kept is not shared either: the next of them leads
// a flight of its own.

// flight is a call with a key that is being looked up, or running.
type flight struct {
	node    *node // of the leader
	session *Session
	key     flightKey
	// result is what came of it; without Meta: nothing that others may use. Guarded by the key's stripe.
	result kept.Entry
}

// flightKey is what flights have in common: a store, if it can be compared, and a key.
type flightKey struct {
	store kept.Store
	key   kept.Key
}

// flightStripe is a part of all flights, by key.
type flightStripe struct {
	mu  sync.Mutex
	now map[flightKey]*flight // guarded by mu
}

var flights [16]flightStripe

func (k *flightKey) stripe() *flightStripe { return &flights[k.key[0]%byte(len(flights))] }

// joinFlight returns the flight of calls with the key in the run's cache, which n leads if there is no other.
func (r *run) joinFlight(key kept.Key, n *node) (f *flight, leads bool) {
	session := r.options.session
	k := flightKey{store: session.Cache, key: key}
	if !reflect.ValueOf(k.store).Comparable() {
		k.store = nil
	}
	s := k.stripe()
	s.mu.Lock()
	defer s.mu.Unlock()
	if f = s.now[k]; f != nil {
		return f, false
	}
	if s.now == nil {
		s.now = make(map[flightKey]*flight)
	}
	f = &flight{node: n, session: session, key: k}
	s.now[k] = f
	return f, true
}

// land ends a flight, with a result that others may use, or without Meta. Its leader is still running, for those who
// watch it.
func (f *flight) land(result kept.Entry) {
	s := f.key.stripe()
	s.mu.Lock()
	defer s.mu.Unlock()
	f.result = result
	delete(s.now, f.key)
}

// landed is what came of the flight.
func (f *flight) landed() kept.Entry {
	s := f.key.stripe()
	s.mu.Lock()
	defer s.mu.Unlock()
	return f.result
}

// looksUp reports whether calls of f are to be looked up in the run, and their results to be kept.
func (r *run) looksUp(f *function) bool { return f.memo != nil && r.options.session.Cache != nil }

// recall looks up what the call would come to. It reports whether it has seen to the call; else that is to run: at
// once, if leads is set, so that others with its key may wait for it.
func (r *run) recall(x *execution, leads bool) (status executor.Status, seen bool) {
	if !r.looksUp(x.node.fn) || !leads && r.options.session.VerifyHits > 0 {
		return executor.Ended, false
	}
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil { // of a Valid, of a store or a codec of the user's: as if nothing were kept
			r.trouble(x.node.fn.memo, "get", newPanicError("Memo of "+x.node.fn.name, v))
			status, seen = executor.Ended, false
			return
		}
		x.land()
		r.conclude(x, newPanicError("Memo of "+x.node.fn.name, nil)) // it has ended the goroutine
	}()
	x.start = mono()
	found, later := r.lookUp(x, leads)
	returned = true
	switch {
	case later:
		return executor.Later, true
	case !found && r.ended.Load() && !x.node.watchedByOthers(r): // nobody has wanted it since it began to be looked up
		x.silent = true
		return r.conclude(x, r.haltCause()), true
	case !found:
		return executor.Ended, false
	}
	x.cached = true
	return r.conclude(x, nil), true
}

// lookUp finds the result of the call, and has the call lead a flight, if it may. found says that the call has its
// result, later that it is started again when another call with its key has ended.
func (r *run) lookUp(x *execution, mayLead bool) (found, later bool) {
	m := x.node.fn.memo
	m.prepare()
	mustRun := r.options.refresh || x.node.mustRun(x.was)
	if f := r.takeFollowed(x.at); f != nil && !mustRun {
		if e := f.landed(); e.Meta != nil && m.expiry(e.Meta) == "" && r.read(x, e) {
			return true, false
		}
	}
	hashed, err := x.appendHashed(make([]byte, 0, keyRoom))
	if err != nil {
		r.trouble(m, "key", err)
		x.node.notKept(": " + err.Error())
		return false, false
	}
	x.memo = &memoCall{contents: contentsIn(hashed), key: keyOf(hashed)}
	if mayLead {
		f, leads := r.joinFlight(x.memo.key, x.node)
		if !leads {
			x.memo = nil
			r.follow(x, f)
			return false, true
		}
		x.memo.flight = f
	}
	if mustRun {
		return false, false
	}
	e, found := r.find(m, x.memo.key)
	switch {
	case !found:
		return false, false
	case r.verifies(m):
		x.memo.verify = &e
		return false, false
	}
	return r.read(x, e), false
}

// read takes over the value of an entry. It reports false if it cannot be had.
func (r *run) read(x *execution, e kept.Entry) bool {
	m := x.node.fn.memo
	v, err := e.Value(r.context())
	if err == nil && !x.takes(v, e.Meta.Content) {
		err = fmt.Errorf("%w: a %T under the key of %s", kept.ErrCorrupt, v, x.node.fn.name)
	}
	if err != nil {
		r.trouble(m, "get", err)
		return false
	}
	if x.memo != nil {
		x.memo.result = kept.NewEntry(e.Meta, v)
	}
	return true
}

// mustRun reports whether a call, claimed when it had the given word, is to run whatever is kept: it was invalidated,
// or what it was told to run after others for is not in its arguments.
func (n *node) mustRun(was uint32) bool { return was&flagForced != 0 || len(n.orderedAfter()) > 0 }

// find returns what is kept under the key, if it may be used.
func (r *run) find(m *memo, key kept.Key) (kept.Entry, bool) {
	e, err := r.options.session.Cache.Get(r.context(), key, m.codec)
	if err != nil {
		if !errors.Is(err, kept.ErrMiss) {
			r.trouble(m, "get", err)
		}
		return e, false
	}
	if e.Trouble != nil {
		r.trouble(m, "get", e.Trouble)
	}
	return e, m.expiry(e.Meta) == ""
}

// expiry says why a kept result is not to be used; "" if it may be.
func (m *memo) expiry(meta *kept.Meta) string {
	if age := time.Since(meta.Created); m.opts.ttl > 0 && age > m.opts.ttl {
		return fmt.Sprintf("expired: it was computed %v ago, and its TTL is %v", age.Round(time.Millisecond), m.opts.ttl)
	}
	if m.opts.valid != nil && !m.opts.valid(*meta) {
		return "not valid any more"
	}
	return ""
}

// verifies reports whether a hit is to be verified.
func (r *run) verifies(m *memo) bool {
	share := r.options.session.VerifyHits
	if share <= 0 {
		return false
	}
	n := float64(m.verify.Add(1))
	return int64(n*share) != int64((n-1)*share)
}

// takes gives the call a value that its function did not compute. It reports false if the value is of another type.
func (x *execution) takes(v any, c kept.Content) bool {
	if !x.node.fn.typ.set(x.node, x.frameOrNil(), v) {
		return false
	}
	if x.node.fn.opts.memo.codec == nil { // one that the user has given may give back a value that is not quite the same
		x.content = c
	}
	x.node.word.Or(flagShared) // with the cache: an update must not write to it
	return true
}

// follow has the call started again when the flight's leader has ended.
func (r *run) follow(x *execution, f *flight) {
	x.releaseLimits()
	if x.tracked {
		x.unclaim()
	} else {
		x.node.end(statePending, &failure{at: -1})
	}
	r.mu.Lock()
	if r.followed == nil {
		r.followed = make(map[int32]*flight)
	}
	r.followed[x.at] = f
	r.mu.Unlock()
	if !x.async {
		r.host.Later()
	}
	if !r.watchOther(x.at, f.node, nil) {
		r.host.Wake(x.at, false) // it has ended meanwhile: look again
	}
}

// takeFollowed returns the flight that call i has followed, if it has.
func (r *run) takeFollowed(i int32) *flight {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.followed[i]
	delete(r.followed, i)
	return f
}

// land ends the flight that the call leads, if it does.
func (x *execution) land() {
	if c := x.memo; c != nil && c.flight != nil {
		c.flight.land(c.result)
		c.flight = nil
	}
}

// sharesFlight reports whether the failure of n, which led a flight that call i of the run followed, is the call's,
// too: not if it comes of what is not the same for the two.
func (r *run) sharesFlight(i int32, n *node) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.followed[i]
	return f != nil && f.node == n && f.session == r.options.session && n.fn == r.plan.order[i].fn
}
