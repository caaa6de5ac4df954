package lazy

import (
	"errors"
	"fmt"
	"sync"

	"github.com/dally-go/dally/internal/startup"
)

// switched is what the environment has asked for, where the program imports viz/auto.
var switched struct {
	once     sync.Once
	observer Observer // Written in once
	err      error    // Written in once
}

// switchedOn returns who observes all runs of s besides its Observer, which is asked when Default runs its first calls.
func (s *Session) switchedOn() (Observer, error) {
	if startup.Observe == nil || s != Default {
		return nil, nil
	}
	switched.once.Do(func() {
		switched.err = errors.New("what was to observe all runs has panicked") // if it does: the panic is told but once
		observer, err := startup.Observe()
		if switched.err = err; err != nil || observer == nil {
			return
		}
		o, ok := observer.(Observer)
		if !ok {
			switched.err = fmt.Errorf("startup.Observe: %T is no lazy.Observer", observer)
		}
		switched.observer = o
	})
	return switched.observer, switched.err
}
