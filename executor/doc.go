// Package executor runs plans: it decides when and on which goroutine each call of a [Work] runs.
//
//	executor.Serial()      one call at a time
//	executor.NewPool(8)    at most eight at once, over all works given to it
//	executor.Func(f)       whatever f does: a queue, a cluster, a test double
//
// Package lazy uses a pool per session unless it is told otherwise; most programs never import this package. A program
// that does has one of two reasons: to say where calls run (lazy.RunsOn, Data.On, Session.Executor), or to bound how
// many calls may hold something scarce ([NewLimit], with lazy.Limit).
//
// An executor decides order and place, nothing else. What a failure means, what is retried, what is skipped: all of it
// is decided behind [Work.Run], so that there is one policy whatever the executor.
package executor
