// Package comm lets ranks talk: functions that run at the same time, know each other by number, and send each other
// values. It is what users of MPI know, with Go's types and without its hangs.
//
//	world := comm.NewLocal(2, comm.LocalOptions{})
//	for r := range 2 {
//		wg.Go(func() { world.Done(r, rank(ctx, world.Comm(r))) })
//	}
//
//	func rank(ctx context.Context, c *comm.Comm) error {
//		if c.Rank() == 0 {
//			return comm.Send(ctx, c, 1, 7, "a word") // to rank 1, with tag 7
//		}
//		word, err := comm.Recv[string](ctx, c, 0, 7)
//		…
//	}
//
// Whoever makes a world runs its ranks: each on a goroutine of its own, with the Comm of its number, and Local.Done when
// it has returned, even by a panic. Until then the others take it for one that may still send.
//
// # Messages
//
// Send never waits, Recv does until there is a message that it wants. Messages from one rank with one tag are received
// in the order of sending. AnySource and AnyTag take the oldest that fits the rest. Values are typed: what was sent as a
// float64 cannot be received as an int. That is an error, and the message stays for a receive of the right type.
//
// Nothing is copied: a value that was sent belongs to the receiver. What a rank has done before a Send synchronizes
// before the return of the receive. Messages that nobody receives are no error; the world keeps them until the rank
// they are for has ended.
//
// # Collective operations
//
// Barrier, Broadcast, Scatter, Gather, AllGather, Reduce and AllReduce are for all ranks together: all call the same ones
// in the same order, with the same root and the same type. Where they do not, it is an error that names both calls, at
// every rank. A rank waits only for those from whom it gets something. What a rank has done before it gave a value
// synchronizes before the return of the ranks that get it. Messages and collective operations do not touch each other.
//
// After a collective operation has ended with an error a rank should return: it may be out of step with the others.
//
// # Errors
//
// An operation that waits ends, so that no rank hangs, if
//
//   - its context is done: with the context's error. The rank can go on;
//   - the rank that it waits for has ended: with a DeadlockError that says so. The rank can go on;
//   - no rank runs, all wait or have ended: with the same DeadlockError at all that wait. It says who waits for whom;
//   - a rank has failed, which is to say that Done was given its error: with the same RankError at all ranks;
//   - ranks have called different collective operations: with the same error at all ranks.
//
// After the last three the world has failed: all operations return that error. A deadlock is found at the moment in which
// it comes to be, by counting, not by a clock. A rank that computes, sleeps or waits for anything but an operation of
// this package counts as running; so does one whose context is done. But a rank that waits with a deadline waits: who
// means to try again later must not wait inside a receive for what others do only after that. Ranks that wait for each
// other in a circle are found when the last of the others waits or has ended.
//
// Ranks, roots and tags that are out of range are errors at once. What only a wrong program can do panics: no Comm, no
// context, no function to reduce with, two goroutines that use one Comm at the same time.
//
// # What it costs
//
// On two cores of a shared machine, with contexts that can be cancelled, as ratios to hand-written channels in the same
// run (go test -bench . ./comm): a message there and one back takes 1.4 times as long, 0.9 µs; a stream of messages
// 0.9 times, 0.3 µs for each; a Barrier 1.3 times with 2 ranks, 0.8 with 4 and 0.7 with 16, some 0.4 µs for each rank; an
// AllReduce of one number 2.2, 1.4 and 1.1 times. A Send and a Recv that need not wait take 0.2 µs
// together. A message that is not received yet holds 80 bytes and its value. The size of a value does not matter
// otherwise, as it is not copied.
//
// All of a world's operations take turns at one mutex, for some 100 ns each: that is the bound for many ranks with small
// messages.
//
// # When not to use it
//
// Ranks are for work whose parts need each other's results as they go: stencils, simulations, sorting by exchange. Where
// parts depend on nothing but their arguments, calls of package lazy are shorter, and are kept, repeated and drawn as
// well. Two goroutines that hand on values of one type need no more than a channel.
package comm
