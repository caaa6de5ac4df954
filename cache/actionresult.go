package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
)

// blobDigest names a blob of a content-addressed store: its SHA-256 and its length in bytes.
type blobDigest struct {
	sum  [sha256.Size]byte
	size int64
}

// actionResult is what a store on a server makes of the message ActionResult of the Remote Execution API, version 2.
// Servers of action caches read it: they refuse what is not one, and do not show it when a blob that it names is gone.
// So the record travels as the standard output of an action that has ended well, and a value that is not in the record
// as its only output file.
type actionResult struct {
	// record is not empty.
	record []byte
	// blob is nil if the record holds the value itself.
	blob *blobDigest
}

// Field numbers of the messages.
const (
	resultOutputFile = 2 // OutputFile, repeated
	resultExitCode   = 4 // int32
	resultStdout     = 5 // bytes

	filePath   = 1 // string
	fileDigest = 2 // Digest

	digestHash = 1 // string, hexadecimal
	digestSize = 2 // int64
)

// outputPath is the name of the output file. Servers want one that is relative and not empty.
const outputPath = "value"

var (
	// errActionResult is in every error about bytes that are not an action result of ours.
	errActionResult = errors.New("not an action result of this cache")
	// errNotMessage is in those about bytes that are no message at all, so that nobody can have put them as one.
	errNotMessage = fmt.Errorf("%w: no message", errActionResult)
)

// appendTo appends the message to b. Default values are left out, as the encoding has it: so the exit code, which is 0.
func (a actionResult) appendTo(b []byte) []byte {
	if a.blob != nil {
		digest := appendField(nil, digestHash, hex.EncodeToString(a.blob.sum[:]))
		digest = binary.AppendUvarint(append(digest, digestSize<<3|wireVarint), uint64(a.blob.size))
		file := appendField(nil, filePath, outputPath)
		file = appendField(file, fileDigest, digest)
		b = appendField(b, resultOutputFile, file)
	}
	return appendField(b, resultStdout, a.record)
}

func appendField[T string | []byte](b []byte, number byte, value T) []byte {
	b = append(b, number<<3|wireBytes)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

// parseActionResult reads what appendTo has written, also after a server has added fields to it, which servers do. It is
// strict: any other action result, though valid, is an error. The record is a part of b.
func parseActionResult(b []byte) (actionResult, error) {
	var a actionResult
	if len(b) == 0 {
		return a, errNotMessage
	}
	err := eachField(b, func(f wireField) error {
		switch f.number {
		case resultOutputFile:
			return a.setFile(f)
		case resultExitCode:
			if f.wire != wireVarint || f.varint != 0 {
				return fmt.Errorf("%w: an action that failed", errActionResult)
			}
		case resultStdout:
			return setOnce(&a.record, f)
		}
		return nil
	})
	if err == nil && len(a.record) == 0 {
		err = fmt.Errorf("%w: no record in it", errActionResult)
	}
	if err != nil {
		return actionResult{}, err
	}
	return a, nil
}

func (a *actionResult) setFile(f wireField) error {
	if f.wire != wireBytes || a.blob != nil {
		return fmt.Errorf("%w: more than one output file", errActionResult)
	}
	var path, digest []byte
	err := eachField(f.bytes, func(f wireField) error {
		switch f.number {
		case filePath:
			return setOnce(&path, f)
		case fileDigest:
			return setOnce(&digest, f)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if string(path) != outputPath {
		return fmt.Errorf("%w: its output file is %.20q", errActionResult, path)
	}
	a.blob, err = parseDigest(digest)
	return err
}

func parseDigest(b []byte) (*blobDigest, error) {
	var hash []byte
	d := new(blobDigest)
	err := eachField(b, func(f wireField) error {
		switch f.number {
		case digestHash:
			return setOnce(&hash, f)
		case digestSize:
			if f.wire != wireVarint || f.varint > math.MaxInt64 || d.size != 0 {
				return fmt.Errorf("%w: the size of its blob", errActionResult)
			}
			d.size = int64(f.varint)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(hash) != hex.EncodedLen(len(d.sum)) {
		return nil, fmt.Errorf("%w: a digest of %d digits", errActionResult, len(hash))
	}
	if _, err := hex.Decode(d.sum[:], hash); err != nil {
		return nil, fmt.Errorf("%w: digest: %w", errActionResult, err)
	}
	return d, nil
}

// setOnce sets a field of bytes that must not come twice and is not empty.
func setOnce(to *[]byte, f wireField) error {
	if f.wire != wireBytes || *to != nil || len(f.bytes) == 0 {
		return fmt.Errorf("%w: field %d", errActionResult, f.number)
	}
	*to = f.bytes
	return nil
}
