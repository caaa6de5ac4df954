package progress

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
)

// pty is a real terminal: what is written to tty comes out of its other end.
type pty struct {
	control, tty *os.File

	mu   sync.Mutex
	text bytes.Buffer  // Guarded by mu.
	over chan struct{} // closed when tty is, and all has been read
}

// newPTY opens a terminal, and skips the test where there is none to be had.
func newPTY(t *testing.T, columns, rows int) *pty {
	t.Helper()
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here:", err)
	}
	t.Cleanup(func() { _ = control.Close() })
	var number, unlock uint32
	ioctl(t, control, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
	ioctl(t, control, syscall.TIOCGPTN, unsafe.Pointer(&number))
	tty, err := os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here:", err)
	}
	p := &pty{control: control, tty: tty, over: make(chan struct{})}
	p.resize(t, columns, rows)
	go func() {
		defer close(p.over)
		b := make([]byte, 4096)
		for {
			n, err := control.Read(b)
			p.mu.Lock()
			p.text.Write(b[:n])
			p.mu.Unlock()
			if err != nil { // EIO when the other end is closed
				return
			}
		}
	}()
	return p
}

func (p *pty) resize(t *testing.T, columns, rows int) {
	t.Helper()
	size := [4]uint16{uint16(rows), uint16(columns)}
	ioctl(t, p.control, syscall.TIOCSWINSZ, unsafe.Pointer(&size))
}

func ioctl(t *testing.T, f *os.File, request uintptr, arg unsafe.Pointer) {
	t.Helper()
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(arg)); errno != 0 {
		t.Skip("no terminals here: ioctl:", errno)
	}
}

// read is what has come out by now.
func (p *pty) read() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// all closes the terminal and returns all that has come out.
func (p *pty) all(t *testing.T) string {
	t.Helper()
	require.NoError(t, p.tty.Close())
	<-p.over
	return p.read()
}

// until waits for text to come out.
func (p *pty) until(t *testing.T, text string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(p.read(), text) }, 30*time.Second, time.Millisecond, text)
}

// clearEnv takes out of the environment what New looks at.
func clearEnv(t *testing.T) {
	t.Helper()
	for _, name := range []string{"TERM", "CI", "NO_COLOR"} {
		t.Setenv(name, "")
	}
}

func TestAutoOnATerminal(t *testing.T) {
	for _, c := range []struct {
		env    string
		mode   Mode
		colour bool
	}{
		{"", TTY, true},
		{"TERM=xterm-256color", TTY, true},
		{"TERM=dumb", Plain, false},
		{"CI=true", Plain, false},
		{"CI=1", Plain, false},
		{"CI=false", TTY, true},
		{"NO_COLOR=1", TTY, false},
		{"NO_COLOR=0", TTY, false},
	} {
		t.Run(c.env, func(t *testing.T) {
			clearEnv(t)
			if name, value, ok := strings.Cut(c.env, "="); ok {
				t.Setenv(name, value)
			}
			tty := newPTY(t, 80, 24)
			p := New(tty.tty)
			require.Equal(t, c.mode, p.Mode())
			require.Equal(t, c.colour, p.colour)
			require.Equal(t, Plain, New(tty.tty, Plain).Mode())
			require.False(t, New(tty.tty, Plain).colour)
			require.Empty(t, tty.all(t))
		})
	}
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

// A real terminal, as wide as it is at each moment, with the escape sequences that it may be sent and no others.
func TestOnATerminal(t *testing.T) {
	for _, colour := range []bool{false, true} {
		t.Run(fmt.Sprint("colour=", colour), func(t *testing.T) {
			clearEnv(t)
			if !colour {
				t.Setenv("NO_COLOR", "1")
			}
			tty := newPTY(t, 60, 24)
			p := New(tty.tty)
			require.Equal(t, TTY, p.Mode())
			goOn := make(chan struct{})
			wait := lazy.Pure1(func(x int) int { <-goOn; return x }, lazy.Name("WaitForSomethingWithAVeryLongNameIndeed"))
			over := make(chan error)
			go func() {
				_, err := lazy.GetAll(context.Background(), wait.Each([]int{1, 2, 3}), lazy.In(session(p)))
				over <- err
			}()
			tty.until(t, "0/3")
			_, err := io.WriteString(p, "a log line\n")
			require.NoError(t, err)
			tty.until(t, "a log line\r\n")
			tty.resize(t, 30, 24)
			before := len(tty.read())
			require.Eventually(t, func() bool { return strings.Contains(tty.read()[before:], "0%") }, 30*time.Second, time.Millisecond)
			close(goOn)
			require.NoError(t, <-over)
			text := tty.all(t)
			require.Regexp(t, `✓ .*100%, 3 calls in `, text)
			for i, l := range strings.Split(text, "\n") {
				l = escapes.ReplaceAllString(l, "")
				require.NotContains(t, l, "\x1b")
				require.Less(t, width(strings.Trim(l, "\r")), 60, "line %d: %q", i, l)
			}
			for _, escape := range escapes.FindAllString(text, -1) {
				if strings.HasSuffix(escape, "m") {
					require.True(t, colour, "%q", escape)
				} else {
					require.Regexp(t, `^\x1b\[(K|J|\d+A)$`, escape)
				}
			}
			require.Equal(t, colour, strings.Contains(text, "\x1b[36m"))
		})
	}
}
