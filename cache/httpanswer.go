package cache

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

const (
	// drainMax is how much of an answer is read that nobody wants, in bytes, so that its connection can be used again.
	drainMax = 16 << 10
	// causeMax bounds what an error quotes, in bytes: some quote what a server has sent.
	causeMax = 300
)

// answer is what a request has come to. Its Read reads the body.
type answer struct {
	method, url string // the url has no user information
	pace        *pace
	response    *http.Response
	body        *download
}

// Read implements io.Reader. Its error is io.EOF, or says which request it is about.
func (a *answer) Read(b []byte) (int, error) {
	n, err := a.body.Read(b)
	if err != nil && err != io.EOF {
		err = a.broken(err)
	}
	return n, err
}

// close ends the request. It reads the rest of a body if that is short and does not take long.
func (a *answer) close() {
	a.body.left = min(a.body.left, a.pace.limit/10)
	// Neither error is of use: the answer was read, or is not wanted.
	_, _ = io.CopyN(io.Discard, a.body, drainMax)
	_ = a.response.Body.Close()
	a.pace.stop()
}

// fail returns an error about the server.
func (a *answer) fail(o outcome, err error) error {
	return &serverError{error: a.named(err), outcome: o}
}

// refuse is fail for what a server may answer to one method and not to others.
func (a *answer) refuse(o outcome, err error) error {
	return &serverError{error: a.named(err), outcome: o, putOnly: a.method == http.MethodPut}
}

func (a *answer) named(err error) error { return fmt.Errorf("cache: %s %s: %w", a.method, a.url, err) }

// broken returns the error of a request that has not come to its end.
func (a *answer) broken(err error) error {
	switch cause := a.pace.cause(); cause {
	case nil:
	case errSlow:
		return a.fail(failed, fmt.Errorf("%w: it let wait for %v", errSlow, a.pace.limit))
	default: // who asked does not wait any longer
		return a.named(cause)
	}
	var outer *url.Error
	if errors.As(err, &outer) { // it has a URL, maybe one that the server has redirected to
		err = outer.Err
	}
	if text := err.Error(); len(text) > causeMax {
		err = errors.New(text[:causeMax] + "…")
	}
	return a.fail(failed, err)
}

// check returns an error for an answer that is not what was asked for.
func (a *answer) check() error {
	code, put := a.response.StatusCode, a.method == http.MethodPut
	// The server's own words are left out: they may be anything.
	status := fmt.Errorf("%d %s", code, http.StatusText(code))
	switch code {
	case http.StatusOK:
		return nil
	case http.StatusNotFound, http.StatusGone:
		if !put {
			return ErrMiss
		}
	case http.StatusRequestEntityTooLarge:
		return a.fail(worked, fmt.Errorf("%w: %w", ErrTooLarge, status))
	case http.StatusInsufficientStorage:
		return a.fail(worked, status)
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return a.refuse(denied, status)
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return a.refuse(denied, status)
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return a.fail(failed, status)
	}
	switch {
	case put && code/100 == 2:
		return nil
	case code/100 == 4:
		return a.refuse(failed, status)
	}
	return a.fail(failed, status)
}
