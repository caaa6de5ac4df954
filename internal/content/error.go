package content

import (
	"fmt"
	"reflect"
	"strings"
)

// UnkeyableError says which part of a value cannot be part of a key, and why.
type UnkeyableError struct {
	// Path leads from the value to the part, such as ".Opts.Hook", "[3].X" or "[\"name\"]". It is empty if the part is
	// the value itself. If the type alone is at fault, "[]" stands for any element of a slice or array and any value of
	// a map, and "[key]" for any key of a map.
	Path string
	// Type is the type of the part.
	Type reflect.Type
	// Why says what is wrong with it, for a message.
	Why string
	// Err is the error of the key function, if it was one that failed, or else nil.
	Err error
}

// Error returns the path, the type and the reason as one line.
func (e *UnkeyableError) Error() string {
	part := e.Path
	if part == "" {
		part = "a value"
	}
	return fmt.Sprintf("content: %s of type %s cannot be part of a key: %s", part, e.Type, e.Why)
}

// Unwrap returns the error of the key function that failed, or nil.
func (e *UnkeyableError) Unwrap() error { return e.Err }

// pathMax is how long a path may get, in bytes, before its end is left out: that of a list with a refused last element
// would have a step for each.
const pathMax = 256

// at returns the error of a part as that of the value that the part belongs to. The error may be one that others hold, so
// it is not changed.
func at(u *UnkeyableError, step string) *UnkeyableError {
	outer := *u
	outer.Path = step + u.Path
	if len(outer.Path) > pathMax {
		outer.Path = strings.ToValidUTF8(outer.Path[:pathMax], "") + "…"
	}
	return &outer
}
