package kept

import "encoding/hex"

// Key names a result: the SHA-256 of what the function is and of the contents of its arguments.
type Key [32]byte

// String returns the key as 64 hexadecimal digits.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Content is what a value comes to in keys: a description of it that is the same in all processes, on all machines, and
// differs for values that differ. That of a small value is its encoding, that of a larger one the SHA-256 of it.
type Content string
