package record

import "github.com/dally-go/dally/lazy"

// Tee returns an observer that tells all of obs, in their order. Those that are nil are left out; the Tee of one is that
// one, and of none nil.
func Tee(obs ...lazy.Observer) lazy.Observer {
	var t tee
	for _, o := range obs {
		if o != nil {
			t = append(t, o)
		}
	}
	switch len(t) {
	case 0:
		return nil
	case 1:
		return t[0]
	}
	return t
}

type tee []lazy.Observer

func (t tee) RunStarted(i lazy.RunInfo) {
	for _, o := range t {
		o.RunStarted(i)
	}
}

func (t tee) CallStarted(i lazy.CallInfo) {
	for _, o := range t {
		o.CallStarted(i)
	}
}

func (t tee) CallDone(i lazy.CallInfo) {
	for _, o := range t {
		o.CallDone(i)
	}
}

func (t tee) RunDone(i lazy.RunInfo) {
	for _, o := range t {
		o.RunDone(i)
	}
}
