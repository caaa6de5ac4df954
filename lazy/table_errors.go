package lazy

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNoKey is in the error of reading a key of a [Table] to which nothing was assigned.
var ErrNoKey = errors.New("nothing was assigned to this key")

// KeyError is the error of a key of a [Table].
type KeyError[K comparable] struct {
	Key K
	Err error // usually an [*Error], which names the call that failed
}

// Error reads "lazy: key 7: get: Load#3 (app/main.go:12): no such file".
func (e *KeyError[K]) Error() string {
	return "lazy: key " + preview(e.Key) + ": " + strings.TrimPrefix(textOf(e.Err), "lazy: ")
}

// Unwrap returns the cause.
func (e *KeyError[K]) Unwrap() error { return e.Err }

// keyError names the key, unless err has named one.
func keyError[K comparable](key K, err error) error {
	var named *KeyError[K]
	if errors.As(err, &named) {
		return err
	}
	return &KeyError[K]{Key: key, Err: err}
}

// keyErrors are what went wrong under several keys, in their order.
type keyErrors []error

// Error counts the failures and tells the first.
func (e keyErrors) Error() string {
	if len(e) == 1 {
		return e[0].Error()
	}
	return fmt.Sprintf("lazy: %d keys of the table failed; the first: %v", len(e), e[0])
}

// Unwrap returns the errors.
func (e keyErrors) Unwrap() []error { return e }
