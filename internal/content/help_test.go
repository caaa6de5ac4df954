package content

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// of returns the content of v as a T.
func of[T any](t testing.TB, v T, own ...Own) string {
	t.Helper()
	out, size, err := For[T](own...).Append(nil, &v)
	require.NoError(t, err)
	require.Equal(t, len(out)-1, int(out[0]))
	require.LessOrEqual(t, len(out), contentMax)
	require.GreaterOrEqual(t, size, int64(unsafe.Sizeof(v)))
	return string(out[1:])
}

// ofAny returns the content of what v holds, as a value of that type.
func ofAny(t testing.TB, r *Rules, v any) string {
	t.Helper()
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	out, _, err := r.Of(reflect.TypeOf(v)).Append(nil, p.UnsafePointer())
	require.NoError(t, err)
	return string(out[1:])
}

// refusedAs keys v, which must fail.
func refusedAs[T any](t testing.TB, v T, own ...Own) *UnkeyableError {
	t.Helper()
	k := For[T](own...)
	out, size, err := k.Append([]byte("before"), &v)
	require.Equal(t, "before", string(out))
	require.Zero(t, size)
	var u *UnkeyableError
	require.ErrorAs(t, err, &u)
	return u
}

func ptr[T any](v T) *T { return &v }
