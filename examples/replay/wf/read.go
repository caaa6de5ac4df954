package wf

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// schema is the version of the format that Read knows. Earlier ones have the times elsewhere.
const schema = "1.5"

// Read reads an instance, plain or compressed by gzip, whichever it finds. It reads r to its end, and keeps nothing of
// it. Tasks stay in the order of the file, but for those that stand before one of their inputs there.
//
// The error is r's, or says what is wrong with the file and names the task; of tasks that wait for each other, a
// *CycleError, it names all. Nothing is mended: an edge that only one of its ends tells of is an error, too.
func Read(r io.Reader) (*Instance, error) {
	b, err := readAll(r)
	if err != nil {
		return nil, err
	}
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, explain(err, b)
	}
	return f.instance()
}

// readAll reads all of r and decompresses what begins as gzip does.
func readAll(r io.Reader) ([]byte, error) {
	buffered := bufio.NewReader(r)
	magic, err := buffered.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return io.ReadAll(buffered)
	}
	z, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// explain says where in the file JSON's rules are broken, or what is of the wrong type.
func explain(err error, b []byte) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("line %d: %w", lineOf(b, syntax.Offset), err)
	}
	return errors.New(describe(err))
}

// describe says what is of the wrong type without telling of types of this package.
func describe(err error) string {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return err.Error()
	}
	want, ok := jsonTypes[wrong.Type.Kind()]
	if !ok {
		want = wrong.Type.String()
	}
	return fmt.Sprintf("%s is of type %s; want %s", cmp.Or(wrong.Field, "it"), wrong.Value, want)
}

// jsonTypes are JSON's names for what Read wants.
var jsonTypes = map[reflect.Kind]string{
	reflect.String: "string", reflect.Float64: "number", reflect.Slice: "array", reflect.Struct: "object",
}

// lineOf is the line, from 1, on which the first offset bytes end.
func lineOf(b []byte, offset int64) int {
	return 1 + bytes.Count(b[:min(offset, int64(len(b)))], []byte("\n"))
}
