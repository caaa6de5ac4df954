package proc

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

var ctx = context.Background()

// The tests run real processes: this program again, with an argument "child=…" that says what to do.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if job, ok := strings.CutPrefix(os.Args[1], "child="); ok {
			jobs[job](os.Args[2:])
			os.Exit(0)
		}
	}
	check(os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))) // else each child waits for a second before it ends
	os.Exit(m.Run())
}

var self, _ = os.Executable()

// child records a call of a child.
func child(job string, args ...any) lazy.Data[Result] {
	return Command(self, childArgs(job, args...)...)
}

func childArgs(job string, args ...any) []any { return append([]any{"child=" + job}, args...) }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(99)
	}
}

var jobs map[string]func(args []string)

func init() {
	jobs = map[string]func([]string){
		"args": func(args []string) { fmt.Printf("%q", args) },
		"name": func([]string) { fmt.Print(os.Args[0]) },
		"cat":  func([]string) { _, err := io.Copy(os.Stdout, os.Stdin); check(err) },
		"env":  func(args []string) { fmt.Print(os.ExpandEnv(args[0])) },
		"environ": func([]string) {
			fmt.Print(strings.Join(os.Environ(), "\n"))
		},
		"dir": func([]string) { d, err := os.Getwd(); check(err); fmt.Print(d) },
		"say": func(args []string) { fmt.Print(args[0]); fmt.Fprint(os.Stderr, args[1]) },
		// exit CODE STDERR
		"exit": func(args []string) {
			if len(args) > 1 {
				fmt.Fprint(os.Stderr, args[1])
			}
			code, err := strconv.Atoi(args[0])
			check(err)
			os.Exit(code)
		},
		// spew BYTES [stderr]: writes so many bytes; lines of 10
		"spew": func(args []string) {
			n, err := strconv.Atoi(args[0])
			check(err)
			to := os.Stdout
			if len(args) > 1 {
				to = os.Stderr
			}
			line := strings.Repeat("123456789\n", 10_000)
			for ; n > 0; n -= len(line) {
				_, err := to.WriteString(line[:min(n, len(line))])
				check(err)
			}
		},
		// first: reads a line of stdin, and leaves the rest
		"first": func([]string) { line, err := bufio.NewReader(os.Stdin).ReadString('\n'); check(err); fmt.Print(line) },
		// write PATH TEXT [COUNT]: writes a file; adds a byte to COUNT
		"write": func(args []string) {
			check(os.WriteFile(args[0], []byte(args[1]), 0o666))
			if len(args) > 2 {
				count(args[2])
			}
		},
		// read PATH COUNT: prints a file; adds a byte to COUNT
		"read": func(args []string) {
			b, err := os.ReadFile(args[0])
			check(err)
			fmt.Printf("%s\n", b)
			count(args[1])
		},
		// fail COUNT: adds a byte to COUNT, and fails
		"fail": func(args []string) { count(args[0]); os.Exit(1) },
		// meet ADDRESS: connects, waits to be answered
		"meet": func(args []string) {
			c, err := net.Dial("tcp", args[0])
			check(err)
			_, err = fmt.Fprintln(c, os.Getpid())
			check(err)
			_, _ = io.ReadAll(c)
		},
		// stay ADDRESS stubborn: connects, and stays until it is killed
		"stay": func(args []string) {
			if len(args) > 1 && args[1] == "stubborn" {
				signal.Ignore(syscall.SIGTERM)
			}
			c, err := net.Dial("tcp", args[0])
			check(err)
			_, err = fmt.Fprintln(c, os.Getpid())
			check(err)
			for {
				time.Sleep(time.Hour)
			}
		},
		"sleep": func([]string) { time.Sleep(time.Hour) },
		// family ADDRESS [stubborn]: stays, and has one that stays as well
		"family": func(args []string) {
			grown := exec.Command(self, append([]string{"child=stay"}, args...)...)
			grown.Stdout, grown.Stderr = os.Stdout, os.Stderr
			check(grown.Start())
			jobs["stay"](args)
		},
		// orphan ADDRESS CODE: ends, and leaves one that stays and holds its output open
		"orphan": func(args []string) {
			left := exec.Command(self, "child=stay", args[0])
			left.Stdout, left.Stderr = os.Stdout, os.Stderr
			check(left.Start())
			fmt.Print("bye")
			jobs["exit"](args[1:])
		},
	}
}

func count(path string) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	check(err)
	_, err = f.WriteString("x")
	check(err)
}

// counted is how often count was called.
func counted(t *testing.T, path string) int {
	b, err := os.ReadFile(path)
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	return len(b)
}

// meeting is where children connect. A connection that ends is a process that has.
type meeting struct {
	t *testing.T
	net.Listener
}

func newMeeting(t *testing.T) meeting {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return meeting{t, l}
}

func (m meeting) address() string { return m.Addr().String() }

// await waits for n children.
func (m meeting) await(n int) []net.Conn {
	conns := make([]net.Conn, n)
	for i := range conns {
		require.NoError(m.t, m.Listener.(*net.TCPListener).SetDeadline(time.Now().Add(2*time.Minute)))
		c, err := m.Accept()
		require.NoError(m.t, err, "child %d of %d has not come", i+1, n)
		m.t.Cleanup(func() { c.Close() })
		_, err = bufio.NewReader(c).ReadString('\n')
		require.NoError(m.t, err)
		conns[i] = c
	}
	return conns
}

// gone waits until all children have ended.
func (m meeting) gone(conns []net.Conn) {
	for i, c := range conns {
		require.NoError(m.t, c.SetDeadline(time.Now().Add(2*time.Minute)))
		_, err := c.Read(make([]byte, 1))
		require.NotErrorIs(m.t, err, os.ErrDeadlineExceeded, "child %d of %d is still there", i+1, len(conns))
		require.Error(m.t, err)
	}
}

// checkLeaks makes t fail if goroutines, file descriptors or children are left behind.
func checkLeaks(t *testing.T) {
	leak.Check(t)
	fds := openFiles()
	t.Cleanup(func() {
		require.Eventually(t, func() bool {
			runtime.GC() // outputs that nobody can reach
			return openFiles() <= fds && len(ours()) == 0 && len(children()) == 0
		}, 10*time.Second, 10*time.Millisecond)
		require.LessOrEqual(t, openFiles(), fds, "open files")
		require.Empty(t, ours(), "goroutines")
		require.Empty(t, children(), "processes")
	})
}

// openFiles is how many file descriptors the process has open; 0 where one cannot tell.
func openFiles() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

// ours are the goroutines that run or were started by this package or os/exec.
func ours() []string {
	buf := make([]byte, 1<<20)
	var found []string
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "os/exec.") || strings.Contains(g, "dally/proc.(*spec).run") {
			found = append(found, g)
		}
	}
	return found
}

// children are the processes, also those that were not waited for, that this one has started; nil where one cannot
// tell.
func children() []string {
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	var found []string
	for _, path := range tasks {
		b, _ := os.ReadFile(path)
		found = append(found, strings.Fields(string(b))...)
	}
	return found
}
