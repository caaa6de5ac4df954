package cache

// For tests that, like a user, are outside of the package.
var NewTransport = newTransport

// CheckActionResult returns an error for what is not an action result of the store, and the blob that it names, as 64
// hexadecimal digits and a size, if any.
func CheckActionResult(b []byte) (hash string, size int64, err error) {
	a, err := parseActionResult(b)
	if err != nil || a.blob == nil {
		return "", 0, err
	}
	return Key(a.blob.sum).String(), a.blob.size, nil
}

// ForgeResult returns a result with the record of one and the blob, if any, of another.
func ForgeResult(record, blob []byte) []byte {
	r, _ := parseActionResult(record)
	b, _ := parseActionResult(blob)
	return actionResult{r.record, b.blob}.appendTo(nil)
}

const (
	InlineMax   = httpInlineMax
	SpoolMemory = spoolMemory
	PaceBytes   = paceBytes
)
