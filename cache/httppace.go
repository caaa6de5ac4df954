package cache

import (
	"context"
	"errors"
	"io"
	"time"
)

// paceBytes is how much of a body has to move within one timeout, if there is so much left of it.
const paceBytes = 512 << 10

// errSlow is what a request is cancelled with whose server does not keep the pace.
var errSlow = errors.New("the server is too slow")

// pace cancels a request whose server lets it wait: longer than limit for the beginning of an answer, or longer than
// limit for the next paceBytes of a body. So a request for n bytes waits at most 2 + n/paceBytes times limit, whatever
// the server does; a limit of the time between two bytes alone would let one that sends a byte now and then hold a
// caller for days.
//
// One goroutine at a time uses a pace, besides the body of an upload, which only the transport reads.
type pace struct {
	limit  time.Duration
	timer  *time.Timer
	cancel context.CancelCauseFunc
	cause  func() error // why the request was cancelled; nil if it was not
}

// newPace returns a pace whose time is running, and the context for its request. It ends with stop.
func newPace(ctx context.Context, limit time.Duration) (*pace, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	return &pace{
		limit:  limit,
		timer:  time.AfterFunc(limit, func() { cancel(errSlow) }),
		cancel: cancel,
		cause:  func() error { return context.Cause(ctx) },
	}, ctx
}

// stop ends the request, if it has not ended.
func (p *pace) stop() {
	p.timer.Stop()
	p.cancel(context.Canceled)
}

// upload is the body of a request. Its time runs from one read to the next: that is when the server takes the bytes.
type upload struct {
	io.Reader
	pace  *pace
	moved int
}

// Read implements io.Reader.
func (u *upload) Read(b []byte) (int, error) {
	n, err := u.Reader.Read(b)
	u.moved += n
	if u.moved >= paceBytes || err != nil { // at the end the wait for the answer begins
		u.moved = 0
		u.pace.timer.Reset(u.pace.limit)
	}
	return n, err
}

// Close is for the transport. Who made the upload closes what is read.
func (u *upload) Close() error { return nil }

// download is the body of an answer. Its time runs during reads alone: what the caller does in between, which may be to
// decode for long, is not the server's fault.
type download struct {
	io.Reader
	pace  *pace
	moved int
	left  time.Duration // of the time for paceBytes
}

// newDownload stops the time, which goes on with the first read.
func newDownload(r io.Reader, p *pace) *download {
	p.timer.Stop()
	return &download{Reader: r, pace: p, left: p.limit}
}

// Read implements io.Reader.
func (d *download) Read(b []byte) (int, error) {
	start := time.Now()
	d.pace.timer.Reset(d.left)
	n, err := d.Reader.Read(b)
	d.pace.timer.Stop()
	d.left -= time.Since(start)
	if d.moved += n; d.moved >= paceBytes {
		d.moved, d.left = 0, d.pace.limit
	}
	return n, err
}
