package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// A record is what stores that keep bytes write for an entry: its metadata, and its value or where that is. All numbers
// of fixed width are little-endian, lengths and counts are varints of the shortest form.
//
//	magic     8  recordMagic; its last byte is the version of the format
//	key      32
//	kind      1  kindInline or kindBlob
//	created  12  seconds since 1970 (8), nanoseconds (4)
//	cost      8  in nanoseconds
//	size      8  Meta.Size
//	length    8  of the encoded value, in bytes
//	sum      32  its SHA-256, in a record of kindBlob only
//	text         its length; then function, version, content, the number of inputs, the inputs, each after its length
//	value        in a record of kindInline only
//	check    16  the first bytes of the SHA-256 of all the above
//
// There is one record for each entry, so equal entries have equal records, and a record that is parsed and written
// again is the same.
const (
	recordMagic = "dallyac\x01"
	kindInline  = 1
	kindBlob    = 2

	fixedLen = len(recordMagic) + 32 + 1 + 12 + 8 + 8 + 8
	checkLen = 16

	// recordMax bounds what is parsed, and so should bound what is written and read, in bytes.
	recordMax = 16 << 20
)

// payload is the encoded value of an entry, or where it is.
type payload struct {
	// inline is the encoded value, unless blob is set.
	inline []byte
	// blob says that the value is kept elsewhere, under sum, its SHA-256. It has size bytes.
	blob bool
	sum  [sha256.Size]byte
	size int64
}

// appendRecord appends the record of an entry with the given metadata and value to dst, and returns it. Times lose their
// location. The record may be longer than recordMax, and must not be kept then.
func appendRecord(dst []byte, m *Meta, v payload) []byte {
	start := len(dst)
	dst = append(dst, recordMagic...)
	dst = append(dst, m.Key[:]...)
	kind, size := byte(kindInline), int64(len(v.inline))
	if v.blob {
		kind, size = kindBlob, v.size
	}
	dst = append(dst, kind)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(m.Created.Unix()))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(m.Created.Nanosecond()))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(m.Cost))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(m.Size))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(size))
	if v.blob {
		dst = append(dst, v.sum[:]...)
	}
	dst = appendText(dst, m)
	if !v.blob {
		dst = append(dst, v.inline...)
	}
	check := sha256.Sum256(dst[start:])
	return append(dst, check[:checkLen]...)
}

// appendText appends the strings of m, after the length of them all.
func appendText(dst []byte, m *Meta) []byte {
	length := stringLen(len(m.Function)) + stringLen(len(m.Version)) + stringLen(len(m.Content)) + uvarintLen(len(m.Inputs))
	for _, in := range m.Inputs {
		length += stringLen(len(in))
	}
	dst = binary.AppendUvarint(dst, uint64(length))
	dst = appendString(dst, m.Function)
	dst = appendString(dst, m.Version)
	dst = appendString(dst, string(m.Content))
	dst = binary.AppendUvarint(dst, uint64(len(m.Inputs)))
	for _, in := range m.Inputs {
		dst = appendString(dst, string(in))
	}
	return dst
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// stringLen returns how many bytes a string of n bytes takes with its length.
func stringLen(n int) int { return uvarintLen(n) + n }

func uvarintLen(n int) int {
	var buf [binary.MaxVarintLen64]byte
	return binary.PutUvarint(buf[:], uint64(n))
}

// parseRecord returns what appendRecord has made a record of. An inline value is a part of b. The error is ErrCorrupt,
// with what is wrong, unless b is a record, whole and unchanged, of an entry under key.
func parseRecord(key Key, b []byte) (*Meta, payload, error) {
	if what := checkRecord(key, b); what != "" {
		return nil, payload{}, corrupt(what)
	}
	// From here on only a record that was made wrong fails.
	kind := b[len(recordMagic)+len(key)]
	num := b[len(recordMagic)+len(key)+1 : fixedLen]
	rest := b[fixedLen : len(b)-checkLen]
	nanos, size := binary.LittleEndian.Uint32(num[8:]), binary.LittleEndian.Uint64(num[28:])
	if nanos >= 1e9 || size > math.MaxInt64 {
		return nil, payload{}, corrupt("number out of range")
	}
	m := &Meta{
		Key:     key,
		Created: time.Unix(int64(binary.LittleEndian.Uint64(num)), int64(nanos)).UTC(),
		Cost:    time.Duration(binary.LittleEndian.Uint64(num[12:])),
		Size:    int64(binary.LittleEndian.Uint64(num[20:])),
	}
	v := payload{blob: kind == kindBlob, size: int64(size)}
	if v.blob {
		if len(rest) < len(v.sum) {
			return nil, payload{}, corrupt("no room for the sum of the value")
		}
		rest = rest[copy(v.sum[:], rest):]
	}
	text, rest, ok := cutText(rest)
	if !ok || !parseText(m, text) {
		return nil, payload{}, corrupt("text out of bounds")
	}
	if v.blob && len(rest) != 0 || !v.blob && uint64(len(rest)) != size {
		return nil, payload{}, corrupt("length of the value")
	}
	if !v.blob {
		v.inline = rest
	}
	return m, v, nil
}

// checkRecord returns what keeps b from being a record under key, as far as can be told without its lengths; "" if
// nothing does.
func checkRecord(key Key, b []byte) string {
	switch {
	case len(b) == 0:
		return "empty record"
	case len(b) > recordMax:
		return "record too long"
	case len(b) < fixedLen+1+checkLen:
		return "record too short"
	case string(b[:len(recordMagic)]) != recordMagic:
		return "not a record of this format"
	}
	body := b[:len(b)-checkLen]
	if check := sha256.Sum256(body); !bytes.Equal(check[:checkLen], b[len(body):]) {
		return "checksum"
	}
	body = body[len(recordMagic):]
	if !bytes.Equal(body[:len(key)], key[:]) {
		return "record of another key"
	}
	if kind := body[len(key)]; kind != kindInline && kind != kindBlob {
		return "unknown kind of record"
	}
	return ""
}

func corrupt(what string) error { return fmt.Errorf("%w: %s", ErrCorrupt, what) }

// cutText splits b after the text at its start. All strings of a record are parts of this one.
func cutText(b []byte) (text string, rest []byte, ok bool) {
	n, used := binary.Uvarint(b)
	if used <= 0 || used != uvarintLen(int(n)) || n > uint64(len(b)-used) {
		return "", nil, false
	}
	end := used + int(n)
	return string(b[used:end]), b[end:], true
}

// parseText sets the strings of m, and reports whether they are all of text.
func parseText(m *Meta, text string) bool {
	var content string
	var count int
	ok := cutString(&text, &m.Function) && cutString(&text, &m.Version) && cutString(&text, &content) &&
		cutUvarint(&text, &count)
	// Each input takes a byte at least, which bounds what is allocated for them.
	if !ok || count > len(text) {
		return false
	}
	m.Content = Content(content)
	if count > 0 {
		m.Inputs = make([]Content, count)
	}
	for i := range m.Inputs {
		var in string
		if !cutString(&text, &in) {
			return false
		}
		m.Inputs[i] = Content(in)
	}
	return text == ""
}

// cutString takes a string after its length off the start of text.
func cutString(text, s *string) bool {
	var n int
	if !cutUvarint(text, &n) || n > len(*text) {
		return false
	}
	*s, *text = (*text)[:n], (*text)[n:]
	return true
}

// cutUvarint takes a number off the start of text. It is false for one above recordMax, or not in its shortest form.
func cutUvarint(text *string, n *int) bool {
	*n = 0
	for i, shift := 0, 0; i < len(*text) && shift < 28; i, shift = i+1, shift+7 {
		c := (*text)[i]
		*n |= int(c&0x7f) << shift
		if c < 0x80 {
			*text = (*text)[i+1:]
			return *n <= recordMax && (c != 0 || i == 0)
		}
	}
	return false
}

// recordHead is what the start of a record says, as far as it decides whether the entry stays.
type recordHead struct {
	created time.Time
	cost    time.Duration
	payload // without inline
}

// headLen is how much of a record parseHead needs at most, in bytes.
const headLen = fixedLen + sha256.Size

// parseHead returns what the start of a record says. Nothing is checked, so it may be wrong.
func parseHead(b []byte) (recordHead, bool) {
	if len(b) < fixedLen || string(b[:len(recordMagic)]) != recordMagic {
		return recordHead{}, false
	}
	num := b[len(recordMagic)+len(Key{})+1 : fixedLen]
	h := recordHead{
		created: time.Unix(int64(binary.LittleEndian.Uint64(num)), int64(binary.LittleEndian.Uint32(num[8:]))),
		cost:    time.Duration(binary.LittleEndian.Uint64(num[12:])),
	}
	h.size = int64(binary.LittleEndian.Uint64(num[28:]))
	h.blob = b[len(recordMagic)+len(Key{})] == kindBlob
	if h.blob {
		if copy(h.sum[:], b[fixedLen:]) < len(h.sum) {
			return recordHead{}, false
		}
	}
	return h, true
}
