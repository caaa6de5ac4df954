package record

import (
	"time"

	"github.com/dally-go/dally/lazy"
)

// Tee returns an observer that tells all of obs, in their order. Those that are nil are left out; the Tee of one is
// that one, and of none nil. If one panics the others are told all the same, and the panic goes on: the Get fails. If
// it panics in RunStarted, those after it hear nothing of the run, and those before it that the run is over.
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
	told := 0
	defer func() {
		if told < len(t) {
			i.End = time.Now()
			t[:told].RunDone(i)
		}
	}()
	for ; told < len(t); told++ {
		t[told].RunStarted(i)
	}
}

func (t tee) CallStarted(i lazy.CallInfo) {
	at := 0
	defer func() {
		if at < len(t) {
			t[at+1:].CallStarted(i)
		}
	}()
	for ; at < len(t); at++ {
		t[at].CallStarted(i)
	}
}

func (t tee) CallDone(i lazy.CallInfo) {
	at := 0
	defer func() {
		if at < len(t) {
			t[at+1:].CallDone(i)
		}
	}()
	for ; at < len(t); at++ {
		t[at].CallDone(i)
	}
}

func (t tee) RunDone(i lazy.RunInfo) {
	at := 0
	defer func() {
		if at < len(t) {
			t[at+1:].RunDone(i)
		}
	}()
	for ; at < len(t); at++ {
		t[at].RunDone(i)
	}
}
