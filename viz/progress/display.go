package progress

import (
	"time"

	"github.com/dally-go/dally/lazy"
)

const (
	frameTime = 100 * time.Millisecond
	// restMin is how many times longer the goroutine that draws rests than it has worked.
	restMin = 20
	// awaitMax is how long the end of a run waits for the writer to take the summary.
	awaitMax = 500 * time.Millisecond
	// shapeWait is how long a frame waits for the shape, which the next one has otherwise.
	shapeWait = 50 * time.Millisecond
)

// display is an episode as it is shown, by a goroutine in run.
type display struct {
	p       *Progress
	e       *episode
	mayTell bool // a summary has been allowed

	wake  chan struct{} // something has failed
	over  chan struct{} // closed when the episode is over
	ended chan struct{} // closed when nothing more is written
	shape chan shape

	lines  int // frames or lines that were written
	told   int // failures of which lines were written
	left   estimate
	shaper shaper
}

// await waits until all is written, or the writer seems to hang. What it has begun to write it goes on with.
func (d *display) await() {
	timer := time.NewTimer(awaitMax)
	defer timer.Stop()
	select {
	case <-d.ended:
	case <-timer.C:
	}
}

func (d *display) run() {
	defer close(d.ended)
	if !d.isMine() {
		return
	}
	defer func() {
		d.p.mu.Lock()
		d.p.writes = nil
		d.p.mu.Unlock()
	}()
	if d.p.mode == TTY {
		d.drawAll()
	} else {
		d.writeAll()
	}
	d.finish()
}

// isMine waits until no other display writes. It reports false if this one is over before that: then the writer hangs.
func (d *display) isMine() bool {
	for {
		d.p.mu.Lock()
		other := d.p.writes
		if other == nil {
			d.p.writes = d
		}
		d.p.mu.Unlock()
		if other == nil {
			return true
		}
		select {
		case <-other.ended:
			continue
		default:
		}
		select {
		case <-other.ended:
		case <-d.over:
			return false
		}
	}
}

func (d *display) isOver() bool {
	select {
	case <-d.over:
		return true
	default:
		return false
	}
}

// drawAll draws frames until the episode is over.
func (d *display) drawAll() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-d.over:
			return
		case <-timer.C:
		}
		if d.isOver() {
			return
		}
		began := time.Now()
		v := d.look(began)
		columns, rows := d.p.screen.room()
		if rows > 0 {
			d.p.screen.frame(v.frame(columns, rows, d.p.colour), columns)
		}
		d.lines++
		timer.Reset(max(frameTime, restMin*time.Since(began)))
	}
}

// writeAll writes lines when they are due until the episode is over.
func (d *display) writeAll() {
	for !d.isOver() {
		d.writeFailures()
		timer := time.NewTimer(time.Until(d.nextDue()))
		select {
		case <-d.over:
		case <-d.wake:
			timer.Reset(failurePause)
			select {
			case <-d.over:
			case <-timer.C:
			}
		case <-timer.C:
			d.writeDue()
		}
		timer.Stop()
	}
}

func (d *display) nextDue() time.Time {
	d.p.mu.Lock()
	defer d.p.mu.Unlock()
	return d.p.series.budget.due(time.Now())
}

func (d *display) writeDue() {
	now := time.Now()
	d.p.mu.Lock()
	may := d.p.series.budget.scheduled(now)
	d.p.mu.Unlock()
	if may && !d.isOver() {
		d.write(d.look(now).progress(d.p.mode))
	}
}

// writeFailures tells the failures that have not been told.
func (d *display) writeFailures() {
	for {
		now := time.Now()
		d.p.mu.Lock()
		if d.told >= len(d.e.failures) || !d.p.series.mayTell(now) {
			d.told = len(d.e.failures)
			d.p.mu.Unlock()
			return
		}
		f := d.e.failures[d.told]
		d.p.mu.Unlock()
		d.told++
		v := d.look(now)
		d.write(v.failure(d.p.mode, f))
	}
}

func (d *display) write(text string) {
	d.lines++
	columns, _ := d.p.screen.room()
	d.p.screen.end(text, columns)
}

// finish erases what was drawn and writes the summary, if it is worth a line.
func (d *display) finish() {
	worth := d.lines > 0 && d.e.took >= ttyDelay || d.e.isFailed() || d.p.mode != TTY && d.e.took >= summaryMin
	if worth && !d.mayTell {
		d.p.mu.Lock()
		d.mayTell = d.p.series.mayTell(time.Now())
		d.p.mu.Unlock()
	}
	columns, _ := d.p.screen.room()
	text := ""
	if worth && d.mayTell {
		v := d.look(d.e.started.Add(d.e.took))
		text = v.summary(d.p.mode, columns, d.p.colour, d.e)
	}
	d.p.screen.end(text, columns)
}

// look returns what there is to show.
func (d *display) look(now time.Time) *view {
	d.p.mu.Lock()
	t := d.e.tally
	d.p.mu.Unlock()
	v := viewOf(d.e, t, d.p.rec.Now(), now)
	if d.isOver() {
		return v
	}
	d.learnShape(v, now)
	v.left, v.leftKnown, v.leftOpen = d.left.of(v, now)
	return v
}

// learnShape asks the runs which calls they are made of, if that is worth it.
func (d *display) learnShape(v *view, now time.Time) {
	d.takeShape(now, nil)
	if !d.shaper.isWorth(v, now) {
		return
	}
	d.p.mu.Lock()
	runs := make([]lazy.RunInfo, 0, len(d.p.runs))
	for _, i := range d.p.runs {
		runs = append(runs, i)
	}
	d.p.mu.Unlock()
	if len(runs) > 0 && len(runs) <= shapedRunsMax {
		d.shaper.begun(v)
		go func() { d.shape <- shapeOf(runs, v) }()
		d.takeShape(now, time.After(shapeWait))
	}
}

// takeShape takes the shape that was asked for, if it comes before the wait is over. nil is no wait.
func (d *display) takeShape(now time.Time, wait <-chan time.Time) {
	if wait == nil {
		select {
		case s := <-d.shape:
			d.shapeIs(s, now)
		default:
		}
		return
	}
	select {
	case s := <-d.shape:
		d.shapeIs(s, now)
	case <-wait:
	case <-d.over:
	}
}

func (d *display) shapeIs(s shape, now time.Time) {
	d.shaper.learnt(s, now)
	d.left.learnt(s)
}
