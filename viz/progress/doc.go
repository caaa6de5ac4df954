// Package progress shows what goes on while a computation of [github.com/dally-go/dally/lazy] runs: a bar in a terminal,
// a few lines in a log, JSON for programs.
//
//	lazy.Default.Observer = progress.New(os.Stderr)
//
// In a terminal that is
//
//	52% ━━━━━━━━━━━━━━━╍╍╍╍────────────────── 62,410/120,000 · 1m 05s · 58 s left · 8/8 busy
//	  ▶ Load#71204   4 s
//	  ▶ Parse#71311  700 ms
//
// drawn ten times a second in the same place, with the calls that have run longest, and at the end, instead of it, one
// line that stays:
//
//	✓ 100%, 120,000 calls in 2m 03s · 21,044 cached · slowest: Load 9m 40s, Parse 3m 12s, Count 45 s
//
// The bar is ━ for calls that ran, ╍ for those whose results came from the cache, ✕ for failed and ┄ for skipped ones.
//
// # Modes
//
// [TTY] is the above. [Plain] writes whole lines without any escape sequence: 5, 10, 20 and 40 s after the start, then
// each minute; a failure is told within a tenth of a second, five of them at most, and all others are counted in the
// lines that come. An hour has 70 lines at most, all told. [JSON] writes an object per line at the same moments, and
// [Quiet] nothing at all, not even failures: a Get returns its error anyway. [Auto] chooses between TTY and Plain.
//
// Colours are used on terminals alone, and not if NO_COLOR is set to anything.
//
// # What is shown, and when
//
// From the start of a run, when none goes on, till none goes on any more, all runs are shown as one: Gets at the same
// time, Gets inside functions, the many small runs of a Stream. The RunDone of the last returns when the summary is
// written, so what the program writes next stands below it.
//
//   - What is over within a quarter of a second draws nothing and has no summary; in a log, what is over within two. Where a
//     run has followed another one that was over soon, a bar waits for a second. A loop of ten thousand short Gets writes
//     nothing.
//   - A run that fails has its line, however short it was.
//   - Of summaries, and of failures in a log, there are six; after that one a minute, until nothing has run for ten
//     seconds (in a log: a minute).
//   - A cancelled run has its line if something of it was shown. Get returns at once when its context ends, but functions
//     may still be running: the bar stays until they have returned.
//
// # What the numbers mean
//
// Percent is calls, not time: how many of the planned ones are over, in whatever way. It is 100 at the end, if all
// went well, and never before. Some planned calls turn out not to have to run, because their inputs came to the same values as before; the
// summary says how many. Where a Bind or a Get inside a function has added calls, the total has a plus: 340/1,200+. Of
// a Stream nobody knows the total, so there is none, and neither a percentage, a bar nor a time left. Where its consumer
// is slow, a Stream may come to a stop between its runs: then it has several summaries, each of what ran since the last.
//
// The time left is what the calls that are left take, each by the mean of its function, divided by how many have run at
// a time until now, and at least as long as the longest of them. It is smoothed, and it is not shown where it would be a
// guess: in the first second, and while more than half of what is left are functions of which no call has ended. If there
// are such functions, but fewer, it reads "> 2m 10s": a lower bound. Which calls are left is asked of the runs once they
// have gone on for a second and more, for at most a hundredth of the time, and of no more than 131,072 calls; else they
// are taken to be as those that ran.
//
// # Other output
//
// A [Progress] is an io.Writer that writes above the bar:
//
//	slog.SetDefault(slog.New(slog.NewTextHandler(p, nil)))
//
// What is written to the terminal past it begins below the bar and gets lost, or leaves a copy of the bar behind, when the
// next frame is drawn. No line is ever wider than the terminal, whose size is asked for each frame. The cursor stays
// visible and no mode of the terminal is changed, so there is nothing to put right if the program is killed.
//
// A writer that fails or panics is no concern of the run. One that blocks holds the end of a run up for half a second
// once; nothing is drawn until it goes on.
//
// # What it costs
//
// Per call what a [github.com/dally-go/dally/viz/record.Recorder] costs, and some 15 ns for handing it on; no allocation.
// Per Get some 5 µs and 5 allocations more than a Recorder takes. A frame takes some 40 µs, ten times a second, in a
// goroutine that ends with the run; if it takes longer, there are fewer, so that drawing never takes more than a twentieth of one core.
//
// # When not to use it
//
// In a server that runs a thousand small Gets a second nothing would be shown, and each would cost those microseconds.
// For what ran and how long it took, afterwards or from other programs, a Recorder and what reads it are better.
package progress
