package executor

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// plain makes a Steps of a Work that is none: every call goes through Start.
type plain struct {
	Work
	ctx   context.Context
	once  sync.Once
	err   error // written once, read after the job is over
	ended atomic.Int64
	// failed says that err is set.
	failed atomic.Bool
}

// fail keeps the first error.
func (s *plain) fail(err error) {
	s.once.Do(func() { s.err = err })
	s.failed.Store(true)
}

var errGoexit = errors.New("executor: a call ended its goroutine (runtime.Goexit)")

func (s *plain) Attach(context.Context, Host)             {}
func (s *plain) Piece(lo int32) (int32, time.Duration)    { return lo, 0 }
func (s *plain) Range(_ int, next *int32, _ int32) Status { return Stopped }
func (s *plain) Await(int32)                              {}
func (s *plain) Ranks() []int32                           { return nil }
func (s *plain) Detached(int32) bool                      { return false }
func (s *plain) AnyDetached() bool                        { return false }
func (s *plain) Crew() *Crew                              { return nil }
func (s *plain) Over()                                    {}

// Start runs call i where it stands.
func (s *plain) Start(_ int, i int32) (status Status) {
	if s.failed.Load() {
		return Stopped
	}
	err := error(errGoexit)
	defer func() {
		if err != nil {
			s.fail(err)
			status = Stopped
		}
	}()
	if err = s.ctx.Err(); err == nil {
		err = errGoexit // unless Run returns
		err = s.Run(s.ctx, int(i))
	}
	s.ended.Add(1)
	return Ended
}
