package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The message as the compiler of protocol buffers would write it, put together by hand.
func TestActionResultBytes(t *testing.T) {
	sum := sha256.Sum256([]byte("blob"))
	a := actionResult{record: []byte("record"), blob: &blobDigest{sum, 300}}
	want := "\x12\x4e" + // output_files, 78 bytes
		"\x0a\x05value" + // path
		"\x12\x45" + // digest, 69 bytes
		"\x0a\x40" + hex.EncodeToString(sum[:]) + // hash
		"\x10\xac\x02" + // size_bytes
		"\x2a\x06record" // stdout_raw
	require.Equal(t, want, string(a.appendTo(nil)))
	require.Equal(t, "\x2a\x06record", string(actionResult{record: []byte("record")}.appendTo(nil)))
}

func TestActionResultRoundTrip(t *testing.T) {
	for _, a := range []actionResult{
		{record: []byte{0}},
		{record: bytes.Repeat([]byte("r"), 70_000)},
		{[]byte("r"), &blobDigest{sha256.Sum256(nil), 0}},
		{[]byte("r"), &blobDigest{sha256.Sum256([]byte("a")), 1}},
		{[]byte("r"), &blobDigest{sha256.Sum256([]byte("b")), math.MaxInt64}},
	} {
		got, err := parseActionResult(a.appendTo([]byte("before"))[len("before"):])
		require.NoError(t, err)
		require.Equal(t, a, got)
	}
}

// Servers add what they know of the action, and may write the fields in another order.
func TestActionResultSkipsWhatItDoesNotKnow(t *testing.T) {
	a := actionResult{[]byte("r"), &blobDigest{sha256.Sum256([]byte("a")), 1}}
	whole := a.appendTo(nil)
	added := "\x4a\x08\x0a\x06worker" + // execution_metadata
		"\x20\x00" + // exit_code 0
		"\xf9\x07\x01\x02\x03\x04\x05\x06\x07\x08" + // field 127, 8 bytes
		"\xfd\x07\x01\x02\x03\x04" // field 127, 4 bytes
	for _, b := range []string{string(whole) + added, added + string(whole)} {
		got, err := parseActionResult([]byte(b))
		require.NoError(t, err)
		require.Equal(t, a, got)
	}
}

func TestActionResultRefuses(t *testing.T) {
	sum := sha256.Sum256([]byte("a"))
	digest := "\x0a\x40" + hex.EncodeToString(sum[:]) + "\x10\x01"
	file := func(path, digest string) string {
		f := appendField(nil, filePath, path)
		return string(appendField(nil, resultOutputFile, appendField(f, fileDigest, []byte(digest))))
	}
	stdout := "\x2a\x01r"
	good := file(outputPath, digest)
	_, err := parseActionResult([]byte(good + stdout))
	require.NoError(t, err, "what the cases below differ from")

	for name, b := range map[string]string{
		"nothing":            "",
		"no record":          good,
		"empty record":       good + "\x2a\x00",
		"two records":        good + stdout + stdout,
		"record is a number": good + "\x28\x01",
		"two files":          good + good + stdout,
		"file is a number":   "\x10\x01" + stdout,
		"other path":         file("other", digest) + stdout,
		"no path":            file("", digest) + stdout,
		"no digest":          file(outputPath, "") + stdout,
		"short hash":         file(outputPath, "\x0a\x3f"+digest[2:65]) + stdout,
		"hash not hex":       file(outputPath, strings.Replace(digest, digest[2:3], "g", 1)) + stdout,
		"size negative":      file(outputPath, digest[:66]+"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") + stdout,
		"size twice":         file(outputPath, digest+"\x10\x01") + stdout,
		"exit code 1":        good + stdout + "\x20\x01",
		"exit code as bytes": good + stdout + "\x22\x00",
		"cut off":            (good + stdout)[:len(good)+2],
		"long varint":        good + stdout + "\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"field 0":            good + stdout + "\x00\x01",
		"field 1<<29":        good + stdout + "\x80\x80\x80\x80\x10\x01",
		"group":              good + stdout + "\x7b\x7c",
		"half a fixed32":     good + stdout + "\x7d\x01\x02",
		"HTML":               "<!DOCTYPE html><html><body>Sign in</body></html>",
		"JSON":               `{"stdoutRaw":"cg=="}`,
	} {
		_, err := parseActionResult([]byte(b))
		require.ErrorIs(t, err, errActionResult, name)
	}
}

func FuzzActionResult(f *testing.F) {
	a := actionResult{[]byte("record"), &blobDigest{sha256.Sum256([]byte("a")), 1 << 40}}
	whole := a.appendTo(nil)
	f.Add(whole)
	f.Add(actionResult{record: []byte("r")}.appendTo(nil))
	f.Add(append([]byte("\x4a\x08\x0a\x06worker\x20\x00"), whole...))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := parseActionResult(b)
		if err != nil {
			require.ErrorIs(t, err, errActionResult)
			require.Zero(t, a)
			return
		}
		again, err := parseActionResult(a.appendTo(nil))
		require.NoError(t, err)
		require.Equal(t, a, again)
	})
}
