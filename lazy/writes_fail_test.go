package lazy

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

func TestWriterThatFails(t *testing.T) {
	leak.Check(t)
	var mended atomic.Bool
	var runs atomic.Int32
	add := Write1(func(_ context.Context, v *View[string, int], n int) error {
		runs.Add(1)
		v.Set("n", v.At("n")+n)
		v.Set(fmt.Sprint(n), n)
		switch {
		case n == 2 && !mended.Load():
			return errTable
		case n == 3 && !mended.Load():
			panic("boom")
		}
		return nil
	}, Name("Add"))
	var table Table[string, int]
	table.Put("n", 0)
	for n := range 4 {
		add.Of(&table, n+1)
	}
	for range 2 {
		_, err := table.Get(bgTable, "n")
		require.ErrorIs(t, err, errTable)
		require.Regexp(t, `^lazy: key "n": get: Add#\d+ \(lazy/writes_fail_test.go:\d+\): bad$`, err.Error())
		_, err = table.Map(bgTable)
		var call *Error
		require.ErrorAs(t, err, &call)
		require.Contains(t, call.Call, "Add#")

		all, err := table.Map(bgTable, KeepGoing())
		require.ErrorIs(t, err, errTable)
		require.Equal(t, map[string]int{"n": 1, "1": 1}, all, "what comes before it, and nothing else")
		v, err := table.Get(bgTable, "n", KeepGoing())
		require.ErrorIs(t, err, errTable)
		require.Equal(t, 1, v)
	}
	mended.Store(true)
	require.Equal(t, 10, Must(table.Get(bgTable, "n")))
	require.Equal(t, []string{"n", "1", "2", "3", "4"}, table.Keys())
}

func TestWriterThatPanics(t *testing.T) {
	leak.Check(t)
	write := Write1(func(_ context.Context, v *View[int, int], i int) error { v.Set(i, 1); return nil }, Name("Write"))
	table := TableOf(make([]int, 3))
	write.Of(table, 3)
	_, err := table.Get(bgTable, 0)
	var panicked *PanicError
	require.ErrorAs(t, err, &panicked)
	require.ErrorContains(t, err, "index 3 is outside of the slice of 3")

	read := Write1(func(_ context.Context, v *View[int, int], i int) error { v.At(i); return nil }, Name("Read"))
	table = TableOf(make([]int, 3))
	read.Of(table, -1)
	require.ErrorContains(t, table.Wait(bgTable), "View.At: nothing was assigned to this key: index -1 is outside of the slice of 3")
}

// On the table as it was, the second call fails; in its place it does not. A serial program would never show it that.
func TestFailureOnAnOldTableIsNone(t *testing.T) {
	leak.Check(t)
	var fails atomic.Int32
	open := Write1(func(_ context.Context, v *View[string, bool], k string) error { v.Set(k, true); return nil })
	enter := Write1(func(_ context.Context, v *View[string, bool], k string) error {
		if !v.At(k) {
			fails.Add(1)
			return Permanent(errTable)
		}
		v.Set("entered", true)
		return nil
	})
	var table Table[string, bool]
	open.Of(&table, "door")
	enter.Of(&table, "door")
	require.True(t, Must(table.Get(bgTable, "entered")))
	require.Equal(t, int32(1), fails.Load())
}

// The same, where the read before has failed at an earlier call: the failure for good was none all the same.
func TestFailureForGoodOnAnOldTableIsNone(t *testing.T) {
	leak.Check(t)
	var closed atomic.Bool
	closed.Store(true)
	open := Write1(func(_ context.Context, v *View[string, bool], k string) error {
		if closed.Load() {
			return errTable
		}
		v.Set(k, true)
		return nil
	})
	errPermanent := errors.New("for good")
	enter := Write1(func(_ context.Context, v *View[string, bool], k string) error {
		if !v.At(k) {
			return Permanent(errPermanent)
		}
		v.Set("entered", true)
		return nil
	})
	var table Table[string, bool]
	open.Of(&table, "door")
	enter.Of(&table, "door")
	require.ErrorIs(t, table.Wait(bgTable), errTable)
	closed.Store(false)
	require.True(t, Must(table.Get(bgTable, "entered")))
}

func TestWriterHandleFails(t *testing.T) {
	leak.Check(t)
	add, runs := addTo()
	f := failFor(1, 2)
	var table Table[string, int]
	table.Set("x", f.Of(1))
	table.Set("y", f.Of(2))
	table.Set("z", f.Of(3))
	add.Of(&table, "z", 1)
	_, err := table.Get(bgTable, "z")
	var key *KeyError[string]
	require.ErrorAs(t, err, &key)
	require.Equal(t, "x", key.Key, "the key that has failed")
	require.ErrorIs(t, err, errTable)
	all, err := table.Map(bgTable, KeepGoing())
	require.ErrorContains(t, err, "2 keys of the table failed")
	require.Equal(t, map[string]int{"z": 3}, all)
	require.Zero(t, runs.Load())
	table.Put("x", 1) // behind the writer: it does not help
	require.Error(t, table.Wait(bgTable))
}

func TestWriterArgumentIsZero(t *testing.T) {
	add, _ := addTo()
	var table Table[string, int]
	add(&table, Const("a"), Data[int]{})
	err := table.Wait(bgTable)
	require.ErrorIs(t, err, ErrZeroData)
	require.ErrorContains(t, err, "argument 3 of Add, recorded at lazy/writes_fail_test.go:")
}

func TestWriterOptions(t *testing.T) {
	leak.Check(t)
	var tries atomic.Int32
	write := Write1(func(_ context.Context, v *View[string, int], k string) error {
		if tries.Add(1) < 3 {
			v.Set("wrong", 1)
			return errTable
		}
		v.Set(k, 1)
		return nil
	}, Retry(2), Blocking(1), Name("Write"))
	var table Table[string, int]
	write.Of(&table, "x")
	require.Equal(t, map[string]int{"x": 1}, Must(table.Map(bgTable)))
}

// A function that is abandoned goes on with its view, and disturbs nobody.
func TestWriterTimeout(t *testing.T) {
	leak.Check(t)
	synctest.Test(t, func(t *testing.T) {
		var over, slow atomic.Bool
		slow.Store(true)
		write := Write1(func(_ context.Context, v *View[int, int], i int) error {
			for k := range 10 {
				if i == 1 && slow.Load() {
					time.Sleep(time.Second)
				}
				v.Set(k, v.At(k)+1)
				v.At(i)
			}
			if i == 1 {
				over.Store(true)
			}
			return nil
		}, Timeout(2*time.Second))
		table := TableOf(make([]int, 10))
		write.Of(table, 0)
		write.Of(table, 1)
		got, err := Slice(bgTable, table, KeepGoing())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, got)
		slow.Store(false)
		got, err = Slice(bgTable, table)
		require.NoError(t, err)
		require.Equal(t, []int{2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, got)
		require.True(t, over.Load())
	})
}

func TestWriterCancelled(t *testing.T) {
	leak.Check(t)
	for range 20 {
		begun := make(chan struct{}, 8)
		var slow atomic.Bool
		slow.Store(true)
		write := Write1(func(ctx context.Context, v *View[int, int], i int) error {
			v.Set(0, v.At(0)*10+i)
			begun <- struct{}{}
			if slow.Load() {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		table := TableOf([]int{0})
		write.Of(table, 1)
		write.Of(table, 2)
		ctx, cancel := context.WithCancel(bgTable)
		go func() { <-begun; cancel() }()
		_, err := table.Get(ctx, 0)
		require.ErrorIs(t, err, context.Canceled)
		slow.Store(false)
		require.Equal(t, 12, Must(table.Get(bgTable, 0)))
	}
}
