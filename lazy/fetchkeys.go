package lazy

import (
	"errors"
	"iter"
	"unsafe"

	"github.com/dally-go/dally/internal/content"
	"github.com/dally-go/dally/internal/kept"
)

// This file makes the keys of planned calls, as far as the contents of their inputs are known. See fetch.go.

// resolveOne finds out the content of a call, if that can be known.
func (f *fetcher) resolveOne(i int32) {
	n := f.plan.order[i]
	switch {
	case n.fn.memo != nil:
		f.look(i, n)
	case n.fn.elem != nil:
		f.join(i, n)
	}
}

// join finds out the content of a slice of the values of the call's inputs.
func (f *fetcher) join(i int32, n *node) {
	rules := content.NewRules()
	slice, elem := rules.Of(n.fn.typ.typ()), rules.Of(n.fn.elem)
	if !slice.Joins() {
		return
	}
	inputs := make([]fetchInput, 0, len(n.inputs()))
	for _, in := range f.inputsOf(i) {
		inputs = append(inputs, in)
	}
	b, err := slice.AppendJoined(make([]byte, 0, contentRoom), len(inputs), func(dst []byte, k int) ([]byte, error) {
		in := inputs[k]
		switch {
		case in.place >= 0:
			return f.appendKnown(dst, in.place)
		case in.p == nil:
			return dst, errNotKnown
		}
		if c := in.n.knownContent(in.p); c != "" {
			return appendContent(dst, c), nil
		}
		dst, _, err := elem.Append(dst, in.p)
		return dst, err
	})
	if err == nil {
		f.contents[i] = kept.Content(b[1:])
	}
}

// look looks up a memoised call, if its key can be known.
func (f *fetcher) look(i int32, n *node) {
	m := n.fn.memo
	m.prepare()
	hashed, err := f.appendHashed(make([]byte, 0, keyRoom), i, m)
	if err != nil {
		if err != errNotKnown {
			f.because(i, err.Error())
		}
		return
	}
	f.state[i] = fetchMiss
	e, err := f.session.Cache.Get(f.ctx, keyOf(hashed), m.codec)
	if err != nil {
		f.because(i, f.missed(m, err))
		return
	}
	if e.Trouble != nil {
		f.trouble(m, "get", e.Trouble)
	}
	if why := m.expiry(e.Meta); why != "" {
		f.because(i, why)
		return
	}
	f.state[i], f.entries[i] = fetchKept, e
	if content.IsContent(e.Meta.Content) {
		f.contents[i] = e.Meta.Content
	}
}

// missed tells why a Get from the cache gave nothing, if there is more to be told than that.
func (f *fetcher) missed(m *memo, err error) string {
	if err == kept.ErrMiss {
		return ""
	}
	if f.ctx.Err() == nil && !errors.Is(err, kept.ErrMiss) {
		f.trouble(m, "get", err)
	}
	return err.Error()
}

func (f *fetcher) because(i int32, why string) {
	if why == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.why == nil {
		f.why = make(map[int32]string)
	}
	f.why[i] = why
}

// errNotKnown says that an input's content is not known yet.
var errNotKnown = errors.New("not known")

// appendHashed appends what is hashed for the key of a memoised call.
func (f *fetcher) appendHashed(dst []byte, i int32, m *memo) (_ []byte, err error) {
	if m.unkeyed != nil {
		return nil, m.unkeyed
	}
	dst = append(dst, m.print[:]...)
	for k, in := range f.inputsOf(i) {
		switch {
		case m.args[k] == nil:
			dst = append(dst, notInKey)
		case in.place < 0 && in.p == nil:
			err = errNotKnown
		case in.place < 0:
			dst, err = m.appendInput(dst, k, in.n, in.p)
		case len(m.opts.own) > 0: // what is known of results is not by the function's own rules
			err = errNotKnown
		default:
			dst, err = f.appendKnown(dst, in.place)
		}
		if err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// appendKnown appends the content of a planned call, if it is known.
func (f *fetcher) appendKnown(dst []byte, place int32) ([]byte, error) {
	c := f.contents[place]
	if c == "" {
		return dst, errNotKnown
	}
	return appendContent(dst, c), nil
}

// fetchInput is an input of a planned call: the place of its call in the plan or, if that is negative, where its value is.
type fetchInput struct {
	place int32
	n     *node
	p     unsafe.Pointer
}

// inputsOf goes through the inputs of call i.
func (f *fetcher) inputsOf(i int32) iter.Seq2[int, fetchInput] {
	return func(yield func(int, fetchInput) bool) {
		p := f.plan
		places := p.shape.Inputs(int(i))
		for k, n := range p.order[i].inputs() {
			in := fetchInput{place: -1, n: n}
			switch {
			case len(places) > 0 && p.order[places[0]] == n:
				in.place, places = places[0], places[1:]
			case len(p.argsOff) > 0 && p.argsOff[i] >= 0:
				if args := p.argsOf(i); k < len(args) { // else it has failed for good
					in.p = args[k].p
				}
			default:
				in.p = n.inline()
			}
			if !yield(k, in) {
				return
			}
		}
	}
}
