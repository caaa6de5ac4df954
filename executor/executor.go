package executor

import "context"

// Executor runs works.
type Executor interface {
	// Execute runs the calls of w, each at most once and after its inputs, and returns when none of them is running.
	// It stops early when [Work.Run] returns an error, and returns that error; an executor may also fail for reasons of
	// its own. It may be called from many goroutines at once.
	Execute(ctx context.Context, w Work) error
}

// Work is a set of calls to be run. The calls are numbered such that each comes after its inputs: running 0, 1, 2, …
// in order is always right.
//
//	for i := range w.Len() {
//		if err := w.Run(ctx, i); err != nil {
//			return err
//		}
//	}
type Work interface {
	// Len is the number of calls.
	Len() int
	// Inputs lists the calls whose results call i takes. All are below i; one may stand there twice. The slice is not
	// to be changed.
	Inputs(i int) []int32
	// Run runs call i to its end on the calling goroutine, and blocks until then. It must be called after Run has
	// returned for all inputs of i. The context is the parent of the one that the call's function sees. An error means
	// that nothing more needs to be run: by the policy of whoever made the work a failure of a single call may or may
	// not be one. Different calls may be run from different goroutines at once.
	Run(ctx context.Context, i int) error
}

// Func makes an Executor of a function that does what [Executor.Execute] promises.
func Func(f func(ctx context.Context, w Work) error) Executor {
	if f == nil {
		panic("executor: Func: the function is nil")
	}
	return execFunc(f)
}

type execFunc func(context.Context, Work) error

func (f execFunc) Execute(ctx context.Context, w Work) error { return f(ctx, w) }
