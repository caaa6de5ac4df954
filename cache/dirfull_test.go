//go:build linux

package cache_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/dally-go/dally/cache"
	"github.com/stretchr/testify/require"
)

func TestDirOnAFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("a disk that can be filled: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(disk, syscall.MNT_DETACH)) })
	root := filepath.Join(disk, "store")
	s := openDir(t, root)
	put(t, s, 1, 1, 1000)
	put(t, s, 2, 1, 1<<20)
	fillDisk(t, disk)
	for n, length := range map[int]int{1: 50_000, 2: 1<<20 + 1, 3: 10_000, 4: 2 << 20} {
		err := s.Put(t.Context(), entryOf(n, 2, length), bytesCodec{})
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.Empty(t, files(t, root, "tmp"))
	}
	// What was there is there.
	requireValue(t, s, 1, 1, 1000)
	requireValue(t, s, 2, 1, 1<<20)
	requireMiss(t, s, 3)
	_, err := cache.OpenDir(filepath.Join(disk, "another"))
	require.ErrorIs(t, err, syscall.ENOSPC)

	require.NoError(t, os.Remove(filepath.Join(disk, "filler")))
	put(t, s, 3, 2, 10_000)
	requireValue(t, s, 3, 2, 10_000)
}

// fillDisk writes until there is no room for a block.
func fillDisk(t *testing.T, disk string) {
	t.Helper()
	f, err := os.Create(filepath.Join(disk, "filler"))
	require.NoError(t, err)
	for err == nil {
		_, err = f.Write(make([]byte, block))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, f.Close())
}

func init() { parts["small"] = putWithSmallFiles }

// putWithSmallFiles puts where no file may be longer than 100,000 bytes.
func putWithSmallFiles(t *testing.T, root string) {
	limit := syscall.Rlimit{Cur: 100_000, Max: 100_000}
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	s := openDir(t, root)
	put(t, s, 1, 1, 1000)
	require.ErrorIs(t, s.Put(t.Context(), entryOf(2, 1, 1<<20), bytesCodec{}), syscall.EFBIG)
	require.Empty(t, files(t, root, "tmp"))
	require.Empty(t, files(t, root, "cas"))
	requireValue(t, s, 1, 1, 1000)
	requireMiss(t, s, 2)
}

func TestDirWhereFilesMustBeSmall(t *testing.T) {
	requirePart(t, "small", t.TempDir(), nil)
}

// requirePart runs a process to its end.
func requirePart(t *testing.T, part, root string, change func(*exec.Cmd)) {
	t.Helper()
	cmd, _, out := startPart(t, part, root, change)
	require.NoError(t, cmd.Wait(), out)
	require.True(t, bytes.Contains(out.Bytes(), []byte("--- PASS: TestPart")), fmt.Sprint(out))
}

func TestDirThatCanOnlyBeRead(t *testing.T) {
	root := t.TempDir()
	s := openDir(t, root)
	put(t, s, 1, 1, 1000)
	put(t, s, 2, 1, 1<<20)
	for _, path := range files(t, root, "ac") {
		age(t, path, 2e9*3600) // Hits try to mark it as used.
	}
	t.Run("mount", func(t *testing.T) {
		if err := syscall.Mount(root, root, "", syscall.MS_BIND, ""); err != nil {
			t.Skipf("a folder that root cannot write to: %v", err)
		}
		t.Cleanup(func() { require.NoError(t, syscall.Unmount(root, syscall.MNT_DETACH)) })
		require.NoError(t, syscall.Mount("", root, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
		useReadOnly(t, root)
	})
	t.Run("permissions", func(t *testing.T) {
		if os.Getuid() == 0 {
			t.Skip("root may write everywhere")
		}
		for _, folder := range []string{"", "v1", "v1/ac", "v1/cas", "v1/tmp"} {
			path := filepath.Join(root, folder)
			require.NoError(t, os.Chmod(path, 0o555))
			t.Cleanup(func() { require.NoError(t, os.Chmod(path, 0o777)) })
		}
		useReadOnly(t, root)
	})
}

func useReadOnly(t *testing.T, root string) {
	s := openDir(t, root)
	requireValue(t, s, 1, 1, 1000)
	requireValue(t, s, 2, 1, 1<<20)
	for n, length := range map[int]int{1: 10, 3: 10, 4: 1 << 20} {
		require.Error(t, s.Put(t.Context(), entryOf(n, 2, length), bytesCodec{}))
	}
	requireValue(t, s, 1, 1, 1000)
	requireMiss(t, s, 3)
	_, err := cache.OpenDir(filepath.Join(root, "new"))
	require.Error(t, err)
}
