package cache

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// serverError is an error that the server is to blame for, or that it has answered with.
type serverError struct {
	error
	outcome outcome
	putOnly bool // what is got from the server may be better
}

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
			err = fmt.Errorf("%w; nothing is put there for %v", err, pause.Round(100*time.Millisecond))
		case pause > 0:
			err = fmt.Errorf("%w; the server is left alone for %v", err, pause.Round(100*time.Millisecond))
		}
	}()
	err = call()
	o = s.outcomeOf(err, b)
	return err
}

// outcomeOf returns what the error of a call is to a breaker.
func (s *httpStore) outcomeOf(err error, b *breaker) outcome {
	var of *serverError
	switch {
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
			return a.fail(worked, corrupt(fmt.Sprintf("%d bytes of %d", length, d.size)))
		}
		v, err = decodeVerified(a, codec, d.size, d.sum)
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

func (s *httpStore) put(ctx context.Context, path string, body *spool) error {
	a, err := s.send(ctx, http.MethodPut, path, body)
	if err == nil {
		a.close()
	}
	return err
}

// send sends a request and waits for the answer to begin. It returns only those that are good; they have to be closed.
func (s *httpStore) send(ctx context.Context, method, path string, body *spool) (*answer, error) {
	a := &answer{method: method, url: s.base + path}
	a.pace, ctx = newPace(ctx, s.timeout)
	req, err := http.NewRequestWithContext(ctx, method, a.url, nil)
	if err != nil {
		a.pace.stop()
		return nil, fmt.Errorf("cache: %w", err)
	}
	req.Header = s.header.Clone()
	req.Header.Set("Accept-Encoding", "identity")
	if body != nil {
		setBody(req, body, a.pace)
	}
	if a.response, err = s.client.Do(req); err != nil {
		a.pace.stop()
		return nil, a.broken(err)
	}
	a.body = newDownload(a.response.Body, a.pace)
	if err := a.check(); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func setBody(req *http.Request, body *spool, p *pace) {
	req.Body = &upload{Reader: body.reader(), pace: p}
	req.GetBody = func() (io.ReadCloser, error) { return &upload{Reader: body.reader(), pace: p}, nil }
	req.ContentLength = body.size
	req.Header.Set("Content-Type", "application/octet-stream")
	// It is not sent, being empty. It says that the request may be sent again when a connection that was idle turns out
	// to have been closed.
	req.Header["Idempotency-Key"] = nil
}
