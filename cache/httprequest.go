package cache

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// serverError is an error that the server is to blame for, or that it has answered with.
type serverError struct {
	error
	outcome outcome
	putOnly bool // what is got from the server may be better
}

// Unwrap returns what the server did.
func (e *serverError) Unwrap() error { return e.error }

// errLeftAlone says that no request was made because a breaker is open.
var errLeftAlone = errors.New("the server is left alone")

// guarded makes a call, unless the breaker is open: then it returns errLeftAlone. It adds to an error that opens the
// breaker for how long, and hides those of calls that were under way then.
func (s *httpStore) guarded(b *breaker, call func() error) (err error) {
	p, ok := b.enter()
	if !ok {
		return errLeftAlone
	}
	o := unknown // stays if the call panics
	defer func() {
		pause, known := b.leave(p, o)
		switch {
		case o != failed && o != denied:
		case known:
			err = errLeftAlone
		case pause > 0 && b == &s.puts:
			err = fmt.Errorf("%w; nothing is put there for %v", err, pause.Truncate(100*time.Millisecond))
		case pause > 0:
			err = fmt.Errorf("%w; the server is left alone for %v", err, pause.Truncate(100*time.Millisecond))
		}
	}()
	err = call()
	o = s.outcomeOf(err, b)
	return err
}

// outcomeOf returns what the error of a call is to a breaker.
func (s *httpStore) outcomeOf(err error, b *breaker) outcome {
	var own ownError
	var of *serverError
	switch {
	case errors.As(err, &own):
		return unknown
	case errors.As(err, &of) && of.putOnly && b == &s.server:
		return worked
	case of != nil:
		return of.outcome
	case err == nil, errors.Is(err, ErrMiss), errors.Is(err, ErrCorrupt):
		return worked
	}
	return unknown
}

// getResult gets what is under ac.
func (s *httpStore) getResult(ctx context.Context, path string) (actionResult, error) {
	a, err := s.get(ctx, path)
	if err != nil {
		return actionResult{}, err
	}
	defer a.close()
	b, err := io.ReadAll(io.LimitReader(a, httpResultMax+1))
	if err != nil {
		return actionResult{}, err
	}
	if len(b) > httpResultMax {
		return actionResult{}, a.fail(failed, corrupt("a result that is too long"))
	}
	result, err := parseActionResult(b)
	switch {
	case errors.Is(err, errNotMessage): // likely a page that some other server shows to everyone
		err = a.fail(failed, fmt.Errorf("%w: %w", ErrCorrupt, err))
	case err != nil:
		err = a.fail(worked, fmt.Errorf("%w: %w", ErrCorrupt, err))
	}
	return result, err
}

// getValue gets and decodes a value.
func (s *httpStore) getValue(ctx context.Context, d blobDigest, codec Codec) (v any, err error) {
	err = s.guarded(&s.server, func() error {
		a, err := s.get(ctx, "/cas/"+hex.EncodeToString(d.sum[:]))
		if err != nil {
			return err
		}
		defer a.close()
		if length := a.response.ContentLength; length >= 0 && length != d.size {
			s.damaged.add(d)
			return a.fail(worked, corrupt(fmt.Sprintf("%d bytes of %d", length, d.size)))
		}
		v, err = decodeVerified(ctx, a, codec, d.size, d.sum)
		if errors.Is(err, ErrCorrupt) {
			s.damaged.add(d)
			err = a.fail(worked, err)
		}
		return err
	})
	if err != nil {
		return nil, missIfLeftAlone(err)
	}
	return v, nil
}

func missIfLeftAlone(err error) error {
	if err == errLeftAlone {
		return ErrMiss
	}
	return err
}

// get returns an answer that has something to read. It has to be closed.
func (s *httpStore) get(ctx context.Context, path string) (*answer, error) {
	a, err := s.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	// Most servers send nothing encoded that was not asked for. Those that do serve files with a suffix, or are not
	// what they should be.
	if e := a.response.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		a.close()
		return nil, a.fail(failed, fmt.Errorf("an answer encoded as %.20q, though asked for none", e))
	}
	return a, nil
}

// putValue puts a value under its sum, unless it is long and there.
func (s *httpStore) putValue(ctx context.Context, d blobDigest, value *spool) error {
	path := "/cas/" + hex.EncodeToString(d.sum[:])
	if d.size > spoolMemory && !s.damaged.take(d) {
		a, err := s.send(ctx, http.MethodHead, path, nil)
		if err == nil {
			a.close()
			if a.response.ContentLength == d.size {
				return nil
			}
		} else if err != ErrMiss {
			return err
		}
	}
	return s.put(ctx, path, value)
}

func (s *httpStore) put(ctx context.Context, path string, body *spool) error {
	a, err := s.send(ctx, http.MethodPut, path, body)
	if err == nil {
		a.close()
	}
	return err
}

// send sends a request and waits for the answer to begin. It returns only those that are good; they have to be closed.
//
// A request is sent once more if its connection was used before and breaks: it may have been closed while it was idle,
// by a server that was started again, say. The transport does so by itself, but only where nothing of a body was sent.
func (s *httpStore) send(ctx context.Context, method, path string, body *spool) (*answer, error) {
	start := time.Now()
	a, old, err := s.sendOnce(ctx, method, path, body)
	if err != nil && old && ctx.Err() == nil && time.Since(start) < s.timeout {
		a, _, err = s.sendOnce(ctx, method, path, body)
	}
	return a, err
}

// sendOnce is send. old reports whether there was no answer, on a connection that was used before.
func (s *httpStore) sendOnce(ctx context.Context, method, path string, body *spool) (_ *answer, old bool, _ error) {
	a := &answer{method: method, url: s.base + path}
	a.pace, ctx = newPace(ctx, s.timeout)
	var reused atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(c httptrace.GotConnInfo) { reused.Store(c.Reused) },
	})
	req, err := http.NewRequestWithContext(ctx, method, a.url, nil)
	if err != nil {
		a.pace.stop()
		return nil, false, fmt.Errorf("cache: %w", err)
	}
	req.Header = s.header.Clone()
	req.Header.Set("Accept-Encoding", "identity")
	if body != nil {
		setBody(req, body, a.pace)
	}
	if a.response, err = s.client.Do(req); err != nil {
		err = a.broken(err)
		a.pace.stop()
		return nil, reused.Load(), err
	}
	a.body = newDownload(a.response.Body, a.pace)
	if err := a.check(); err != nil {
		a.close()
		return nil, false, err
	}
	return a, false, nil
}

func setBody(req *http.Request, body *spool, p *pace) {
	req.Body = &upload{Reader: body.reader(), pace: p}
	req.GetBody = func() (io.ReadCloser, error) { return &upload{Reader: body.reader(), pace: p}, nil }
	req.ContentLength = body.size
	req.Header.Set("Content-Type", "application/octet-stream")
	if body.size > spoolMemory {
		// A server that does not want it says so before it is sent, where an answer after that may get lost.
		req.Header.Set("Expect", "100-continue")
	}
}
